import { armGuid, evaluateText } from './support/armExpression.ts';
import { testPolicies } from './support/policy.ts';
import { assignmentOf } from './support/roles.ts';
import { NAMESPACE, ofType, type Resource, ROLE, SITE, STORAGE } from './support/snapshot.ts';

const VAULT = 'Microsoft.KeyVault/vaults';
const ENDPOINT = 'Microsoft.Network/privateEndpoints';

/** What a name may be, by type. Other types have no narrow rule. */
const NAMES: Readonly<Record<string, RegExp>> = {
  [STORAGE]: /^[a-z0-9]{3,24}$/,
  [`${STORAGE}/blobServices/containers`]: /^[^/]+\/default\/(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
  [`${STORAGE}/tableServices/tables`]: /^[^/]+\/default\/[A-Za-z][A-Za-z0-9]{2,62}$/,
  [NAMESPACE]: /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9](?<!-sb|-mgmt)$/,
  [VAULT]: /^[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]$/,
  // The host shortens names to 32 characters where it tells apps apart.
  [SITE]: /^[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]$/,
  'Microsoft.Web/serverfarms': /^[A-Za-z0-9-]{1,60}$/,
  'Microsoft.OperationalInsights/workspaces': /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/,
  'Microsoft.ManagedIdentity/userAssignedIdentities': /^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$/,
  'Microsoft.Network/privateEndpoints': /^[A-Za-z0-9][A-Za-z0-9._-]{0,78}\w$/,
};

testPolicies('names', [
  {
    name: 'have the length and the characters that each service allows',
    faults: (resources) =>
      resources.filter(({ type, name }) => NAMES[type]?.test(name) === false).map(({ name }) => name),
    breaks: Object.fromEntries(
      Object.keys(NAMES)
        .filter((type) => ![VAULT, ENDPOINT].includes(type))
        .map((type) => [
          `of ${type}`,
          (resources: Resource[]) => {
            const [first] = ofType(resources, type);
            if (first !== undefined) first.name = `${first.name}_${'x'.repeat(200)}`;
          },
        ]),
    ),
  },
  {
    name: 'of role assignments hold scope, principal and role, so that a second deployment finds them again',
    faults: (resources) =>
      ofType(resources, ROLE)
        .filter((role) => {
          const { roleId, principalId, scope } = assignmentOf(role);
          return evaluateText(role.name) !== armGuid(scope, principalId, roleId);
        })
        .map(({ name }) => name),
    breaks: {
      'without the principal': (resources) => {
        const [role] = ofType(resources, ROLE);
        if (role !== undefined) role.name = "[guid('/subscriptions/x', 'y')]";
      },
    },
  },
  {
    name: 'are all different',
    faults: (resources) => {
      const ids = resources.map(({ id }) => id.toLowerCase());
      return ids.filter((id, index) => ids.indexOf(id) !== index);
    },
    breaks: {
      'one twice': (resources) => {
        const [first] = resources;
        if (first !== undefined) resources.push(first);
      },
    },
  },
]);
