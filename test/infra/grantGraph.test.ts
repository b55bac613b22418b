import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/grantGraph.mjs', import.meta.url));
const PRINCIPAL = '7d0a5d3e-98f5-4b63-9c5e-2f5b7cf3a001';
const CALL_RECORDS = '45bbb07e-7321-4fd7-a8f6-3ff27e6a81c8';
const PSTN_CALLS = 'a2611786-80b3-417e-adaa-707d4261a5f0';

/** An Azure CLI in front of a directory that lives in a file. */
const FAKE_AZ = `
import { readFileSync, writeFileSync, appendFileSync } from 'node:fs';
const folder = process.env.FAKE_AZ;
const state = JSON.parse(readFileSync(folder + '/state.json', 'utf8'));
const args = process.argv.slice(2);
appendFileSync(folder + '/calls.jsonl', JSON.stringify(args) + '\\n');
const option = (name) => args[args.indexOf(name) + 1];
const answer = (value) => { console.log(JSON.stringify(value)); process.exit(0); };
const fail = (text) => { console.error(text); process.exit(1); };
if (args[0] === 'cloud') answer({ endpoints: { microsoftGraphResourceId: state.origin + '/' } });
const url = option('--url');
if (!url.startsWith(state.origin + '/v1.0/')) fail('ERROR: another origin: ' + url);
const path = url.slice((state.origin + '/v1.0/').length);
if (path.startsWith('servicePrincipals(appId=')) answer({ id: 'graph', appRoles: [
  { id: '${CALL_RECORDS}', value: 'CallRecords.Read.All', allowedMemberTypes: ['Application'] },
  { id: '${PSTN_CALLS}', value: 'CallRecord-PstnCalls.Read.All', allowedMemberTypes: ['Application'] },
] });
if (state.unknownFor > 0) {
  writeFileSync(folder + '/state.json', JSON.stringify({ ...state, unknownFor: state.unknownFor - 1 }));
  fail("ERROR: Not Found({\\"error\\":{\\"code\\":\\"Request_ResourceNotFound\\",\\"message\\":\\"Resource '${PRINCIPAL}' does not exist\\"}})");
}
if (path.includes('?$select=id,displayName')) answer({ id: '${PRINCIPAL}', displayName: 'id-pstn' });
if (option('--method') === 'get') {
  const second = path.endsWith('skip=1');
  const page = second ? state.assignments.slice(1) : state.assignments.slice(0, 1);
  answer(second || state.assignments.length < 2 ? { value: page } : { value: page, '@odata.nextLink': url + '?skip=1' });
}
if (state.denied) fail('ERROR: Forbidden({"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}})');
state.assignments.push(JSON.parse(option('--body')));
writeFileSync(folder + '/state.json', JSON.stringify(state));
if (state.loseAnswer) fail('ERROR: Bad Request({"error":{"message":"Permission being assigned already exists on the object"}})');
answer({ id: 'assignment' });
`;

interface Directory {
  origin: string;
  unknownFor: number;
  denied: boolean;
  loseAnswer: boolean;
  assignments: { principalId: string; resourceId: string; appRoleId: string }[];
}

describe('the grant of the permission on Microsoft Graph', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fake-az-'));
    writeFileSync(join(folder, 'az.mjs'), FAKE_AZ);
    writeFileSync(
      join(folder, 'az'),
      `#!/bin/sh\nexec "${process.execPath}" "${join(folder, 'az.mjs')}" "$@"\n`,
    );
    chmodSync(join(folder, 'az'), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const directory = (changes: Partial<Directory> = {}): void =>
    writeFileSync(
      join(folder, 'state.json'),
      JSON.stringify({
        origin: 'https://graph.microsoft.com',
        unknownFor: 0,
        denied: false,
        loseAnswer: false,
        assignments: [{ principalId: PRINCIPAL, resourceId: 'something else', appRoleId: CALL_RECORDS }],
        ...changes,
      }),
    );
  const granted = (): string[] =>
    z
      .object({ assignments: z.array(z.object({ resourceId: z.string(), appRoleId: z.string() })) })
      .parse(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')))
      .assignments.filter(({ resourceId }) => resourceId === 'graph')
      .map(({ appRoleId }) => appRoleId);
  const calls = (): string[][] =>
    readFileSync(join(folder, 'calls.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => z.array(z.string()).parse(JSON.parse(line)));
  const posts = (): number => calls().filter((call) => call.includes('post')).length;

  function run(...more: string[]): Promise<{ code: number; out: string; error: string }> {
    return new Promise((resolve) => {
      const path = [folder, dirname(process.execPath), '/bin', '/usr/bin'].join(delimiter);
      execFile(
        process.execPath,
        [SCRIPT, ...more],
        { env: { PATH: path, FAKE_AZ: folder } },
        (failure, out, error) =>
          resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, out, error }),
      );
    });
  }

  it('is made once, and says which role it was', async () => {
    directory();
    const first = await run(PRINCIPAL);
    expect(first).toMatchObject({ code: 0, error: '' });
    expect(first.out).toBe(
      `CallRecords.Read.All (${CALL_RECORDS}) of Microsoft Graph is granted to id-pstn (${PRINCIPAL}).\n`,
    );
    const second = await run(PRINCIPAL);
    expect(second.out).toContain('was granted before to id-pstn');
    expect(granted()).toEqual([CALL_RECORDS]);
    expect(posts()).toBe(1);
  });

  it('can be the narrower permission', async () => {
    directory();
    expect((await run(PRINCIPAL, '--permission', 'CallRecord-PstnCalls.Read.All')).code).toBe(0);
    expect(granted()).toEqual([PSTN_CALLS]);
  });

  it('waits until the directory knows the identity', async () => {
    directory({ unknownFor: 3 });
    const { code, error } = await run(PRINCIPAL, '--pause-seconds', '0');
    expect(code).toBe(0);
    expect(error.trim().split('\n')).toHaveLength(3);
    expect(granted()).toEqual([CALL_RECORDS]);
  });

  it('gives up with a reason when the directory never learns of it', async () => {
    directory({ unknownFor: 100 });
    const { code, error } = await run(PRINCIPAL, '--pause-seconds', '0', '--tries', '4');
    expect(code).toBe(1);
    expect(error).toContain('appPrincipalId');
    expect(granted()).toEqual([]);
  });

  it('says who may do it to somebody who may not, at once', async () => {
    directory({ denied: true });
    const { code, error } = await run(PRINCIPAL, '--pause-seconds', '0');
    expect(code).toBe(1);
    expect(error).toContain('Privileged Role Administrator');
    expect(posts()).toBe(1);
  });

  it('is fine when the assignment was made although the answer says it exists', async () => {
    directory({ loseAnswer: true });
    expect((await run(PRINCIPAL, '--pause-seconds', '0')).code).toBe(0);
    expect(granted()).toEqual([CALL_RECORDS]);
  });

  it('goes to the Graph of the cloud that the CLI is signed in to', async () => {
    directory({ origin: 'https://graph.microsoft.us' });
    expect((await run(PRINCIPAL)).code).toBe(0);
    const urls = calls().flatMap((call) => call.filter((text) => text.startsWith('https://')));
    expect(urls.length).toBeGreaterThan(3);
    for (const url of urls) expect(url).toMatch(/^https:\/\/graph\.microsoft\.us\/v1\.0\//);
  });

  it.each([
    [[]],
    [['not-a-guid']],
    [[PRINCIPAL, '--permission', 'User.Read.All']],
    [[PRINCIPAL, '--tries', '0']],
  ])('is refused for %j before anything is asked', async (more) => {
    directory();
    const { code, error } = await run(...more);
    expect(code).toBe(2);
    expect(error).toContain('usage:');
    expect(() => calls()).toThrow();
  });

  it('offers the same permissions as the template beside it', async () => {
    const template = readFileSync(new URL('../../infra/graph/main.bicep', import.meta.url), 'utf8');
    const { PERMISSIONS } = await import('../../scripts/grantGraph.mjs');
    const [, allowed = ''] = /@allowed\(\[([^\]]*)\]\)/.exec(template) ?? [];
    expect(allowed.split(',').map((one) => one.trim().replaceAll("'", ''))).toEqual(PERMISSIONS);
  });
});
