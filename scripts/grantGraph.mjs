// Gives the app's identity its one permission on Microsoft Graph, by the Azure CLI as who you are signed in.
//
//     node scripts/grantGraph.mjs <object id of the identity> [--permission CallRecord-PstnCalls.Read.All]
//                                 [--tries 30] [--pause-seconds 10]
//
// Needs Privileged Role Administrator or Global Administrator. Run it as often as you like: what is granted stays
// granted. Exit codes: 0 granted, now or before; 1 failed; 2 wrong usage.
import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Both let the app read the log of PSTN calls; the first is what the documentation of the log names. */
export const PERMISSIONS = ['CallRecords.Read.All', 'CallRecord-PstnCalls.Read.All'];

/** Microsoft Graph itself, the same in every tenant and cloud. */
const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What the Azure CLI answered instead of a result. */
class AzError extends Error {
  name = 'AzError';
}

/** Runs the Azure CLI. @returns what it printed, parsed. @throws AzError with what it said. */
export function azureCli(azArguments) {
  const { status, stdout, stderr, error } = spawnSync('az', [...azArguments, '--output', 'json'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) {
    throw new AzError(`The Azure CLI (az) cannot be run: ${error.message}. Install it, then: az login`);
  }
  if (status !== 0) throw new AzError(stderr.trim() || `az ended with ${status}`);
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}

/**
 * Grants the permission unless it is granted already.
 * @param az runs the Azure CLI
 * @param wait resolves when it is time for another try
 * @returns `granted` or `was granted`, and the role
 */
export async function grant({ principalId, permission, tries, az, wait, say }) {
  const origin = az(['cloud', 'show']).endpoints.microsoftGraphResourceId.replace(/\/$/, '');
  const get = (path) => az(['rest', '--method', 'get', '--url', `${origin}/v1.0/${path}`]);

  const graph = get(`servicePrincipals(appId='${GRAPH_APP_ID}')?$select=id,appRoles`);
  const role = graph.appRoles.find(
    ({ value, allowedMemberTypes }) => value === permission && allowedMemberTypes.includes('Application'),
  );
  if (role === undefined) throw new Error(`Microsoft Graph of this cloud has no permission ${permission}`);

  // An identity is known to Azure before the directory has copied it everywhere.
  const { displayName } = await replicated(() =>
    get(`servicePrincipals/${principalId}?$select=id,displayName`),
  );
  const assignments = `servicePrincipals/${principalId}/appRoleAssignments`;
  const isGranted = () =>
    pages(az, get, assignments).some(
      ({ appRoleId, resourceId }) => appRoleId === role.id && resourceId === graph.id,
    );
  const about = { permission, roleId: role.id, displayName, principalId };
  if (isGranted()) return { ...about, outcome: 'was granted' };

  const body = JSON.stringify({ principalId, resourceId: graph.id, appRoleId: role.id });
  await replicated(() => {
    try {
      az(
        ['rest', '--method', 'post', '--url', `${origin}/v1.0/${assignments}`].concat([
          '--headers',
          'Content-Type=application/json',
          '--body',
          body,
        ]),
      );
    } catch (error) {
      // Somebody else was faster, or an answer was lost.
      if (!/already exists/i.test(error.message)) throw error;
    }
  });
  await replicated(() => {
    if (!isGranted()) throw new AzError('Not Found: the assignment does not show yet');
  });
  return { ...about, outcome: 'granted' };

  async function replicated(attempt) {
    for (let left = tries; ; left -= 1) {
      try {
        return attempt();
      } catch (error) {
        if (!(error instanceof AzError) || left <= 1 || !isNotThereYet(error))
          throw explained(error, principalId);
        say(`The directory does not know the identity yet; ${left - 1} more tries`);
        await wait();
      }
    }
  }
}

const isNotThereYet = ({ message }) =>
  /Request_ResourceNotFound|Not Found|does not exist|not a valid reference|"code": ?"404"/i.test(message) &&
  !/Authorization_RequestDenied/i.test(message);

/** All pages of a collection. */
function pages(az, get, path) {
  const all = [];
  let page = get(path);
  for (;;) {
    all.push(...page.value);
    const next = page['@odata.nextLink'];
    if (next === undefined) return all;
    page = az(['rest', '--method', 'get', '--url', next]);
  }
}

function explained(error, principalId) {
  if (/Authorization_RequestDenied|Insufficient privileges|Forbidden/i.test(error.message)) {
    return new Error(
      `${error.message}\nYou may not grant this. Ask a Privileged Role Administrator or Global Administrator to run:\n` +
        `  node scripts/grantGraph.mjs ${principalId}`,
    );
  }
  if (isNotThereYet(error)) {
    return new Error(
      `${error.message}\nThe directory does not know ${principalId}. Is it the output appPrincipalId of this ` +
        'deployment, and is "az account show" the same tenant?',
    );
  }
  return error;
}

async function main(commandLine) {
  const { values, positionals } = parseArgs({
    args: commandLine,
    allowPositionals: true,
    options: {
      permission: { type: 'string', default: PERMISSIONS[0] },
      tries: { type: 'string', default: '30' },
      'pause-seconds': { type: 'string', default: '10' },
    },
  });
  const [principalId = '', ...rest] = positionals;
  const { permission } = values;
  const tries = Number(values.tries);
  const pauseMs = Number(values['pause-seconds']) * 1000;
  if (
    !GUID.test(principalId) ||
    rest.length > 0 ||
    !PERMISSIONS.includes(permission) ||
    !(tries >= 1) ||
    !(pauseMs >= 0)
  ) {
    console.error(
      'usage: node scripts/grantGraph.mjs <object id of the identity> [--permission <permission>]\n' +
        `       permissions: ${PERMISSIONS.join(', ')}\n` +
        '       The object id is the output appPrincipalId of the deployment: azd env get-value appPrincipalId',
    );
    return 2;
  }
  try {
    const { outcome, roleId, displayName } = await grant({
      ...{ principalId, permission, tries, az: azureCli },
      wait: () => pause(pauseMs),
      say: (line) => console.error(line),
    });
    console.log(
      `${permission} (${roleId}) of Microsoft Graph ${outcome === 'granted' ? 'is granted' : 'was granted before'}` +
        ` to ${displayName} (${principalId}).`,
    );
    return 0;
  } catch (error) {
    console.error(error.message);
    return 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
