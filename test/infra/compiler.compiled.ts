import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  ENTRY_FILES,
  findBicep,
  PARAMETER_SETS,
  restoreBicep,
  runBicep,
  snapshot,
  unformatted,
} from '../../scripts/bicep.mjs';
import { readConfig } from '../../src/config/config.ts';
import { SETTINGS } from '../../src/config/schema.ts';
import { evaluateText } from './support/armExpression.ts';
import { appSettings, only, parseSnapshot, SETS, SITE } from './support/snapshot.ts';

const infra = fileURLToPath(new URL('../../infra/', import.meta.url));

describe("Microsoft's compiler", () => {
  let bicep: string;
  const copies: string[] = [];

  beforeAll(() => {
    bicep = findBicep() ?? restoreBicep();
    process.stdout.write(`${runBicep(bicep, ['--version']).stdout.trim()}: ${bicep}\n`);
  });
  afterEach(() => {
    for (const copy of copies.splice(0)) rmSync(copy, { recursive: true, force: true });
  });

  /** A copy of infra/ with one file changed. */
  function changed(file: string, from: string | RegExp, to: string): string {
    const copy = mkdtempSync(join(tmpdir(), 'infra-'));
    copies.push(copy);
    cpSync(infra, copy, { recursive: true });
    changeIn(copy, file, from, to);
    return copy;
  }

  function changeIn(copy: string, file: string, from: string | RegExp, to: string): void {
    const before = readFileSync(join(copy, file), 'utf8');
    const after = before.replace(from, to);
    expect(after, file).not.toBe(before);
    writeFileSync(join(copy, file), after);
  }

  it('lints without a warning', () => {
    expect(runBicep(bicep, ['lint', 'main.bicep', '--no-restore'])).toMatchObject({ ok: true, said: '' });
  });

  it.each(ENTRY_FILES)('builds %s without a warning', (file) => {
    expect(compile(bicep, file)).toMatchObject({ ok: true, said: '' });
  });

  it('finds every source formatted', () => {
    expect(unformatted(bicep)).toEqual([]);
  });

  it.each(PARAMETER_SETS)('would deploy exactly the snapshot of %s', (set) => {
    expect(snapshot(bicep, set, 'validate')).toMatchObject({ ok: true });
  });

  it('makes a snapshot of each parameter set that the policies are tested on', () => {
    expect([...PARAMETER_SETS].sort()).toEqual([...SETS].sort());
  });

  it.each([
    [
      'a property that does not exist',
      'modules/serviceBus.bicep',
      'disableLocalAuth: true',
      'disableLocalAuths: true',
    ],
    ['a value that is none', 'modules/storageAccount.bicep', "accessTier: 'Hot'", "accessTier: 'Lukewarm'"],
    ['a type that does not fit', 'modules/functionApp.bicep', 'httpsOnly: true', "httpsOnly: 'yes'"],
    ['a resource of an unknown version', 'modules/keyVault.bicep', 'vaults@2024-11-01', 'vaults@2013-01-01'],
    [
      'a parameter that nobody uses',
      'modules/workbook.bicep',
      'param tags',
      'param unused string\nparam tags',
    ],
    [
      'a secret among the outputs',
      'main.bicep',
      'output functionAppName string = functionApp.outputs.name',
      'output functionAppName string = string(alertWebhooks)',
    ],
    [
      'a setting that the app does not have',
      'params/hierarchical-namespace.bicepparam',
      'BILLING_DAY: 15',
      'BILING_DAY: 15',
    ],
    [
      'a number that the app does not take',
      'params/hierarchical-namespace.bicepparam',
      'BILLING_DAY: 15',
      'BILLING_DAY: 31',
    ],
  ])('does not take %s', (_, file, from, to) => {
    const copy = changed(file, from, to);
    const args = file.endsWith('param')
      ? ['build-params', file, '--stdout', '--no-restore']
      : ['build', 'main.bicep', '--stdout', '--no-restore'];
    const { ok, said } = runBicep(bicep, args, copy);
    // What the linter finds is an error by bicepconfig.json; a type that does not fit is a warning, whatever that says.
    expect(said).toMatch(/ : (Error|Warning) /);
    expect(ok).toBe(false);
  });

  it.each([
    [
      'sign-in without an app registration',
      /^param reportClientId = .*$/m,
      "param reportClientId = ''",
      'reportClientId',
    ],
    ['sign-in without a group', /^param reportGroupId = .*$/m, "param reportGroupId = ''", 'reportGroupId'],
    [
      'references without a vault',
      /^param busRights = .*$/m,
      "param keyVaultReferences = { BILLING_DAY: 'day' }",
      'keyVaultReferences needs keyVault',
    ],
  ])('does not take %s', (_, from, to, why) => {
    const copy = changed('params/hierarchical-namespace.bicepparam', from, to);
    const { ok, said } = snapshot(bicep, 'hierarchical-namespace', 'overwrite', copy);
    expect(said).toContain(why);
    expect(ok).toBe(false);
  });

  it('gives the command line what the app got, but for the identity and what is in the vault', () => {
    // The output is made a part of a resource, where it stands value by value as the settings do.
    const copy = changed(
      'modules/functionApp.bicep',
      "tags: union(tags, { 'azd-service-name'",
      "tags: union(operatorSettings, { 'azd-service-name'",
    );
    changeIn(
      copy,
      'params/hierarchical-namespace.bicepparam',
      /$/,
      "param keyVault = true\nparam keyVaultReferences = { SWEEP_DAYS: 'sweep' }\n",
    );
    expect(snapshot(bicep, 'hierarchical-namespace', 'overwrite', copy)).toMatchObject({ ok: true });
    const made = readFileSync(join(copy, 'params/hierarchical-namespace.snapshot.json'), 'utf8');
    const resources = parseSnapshot(made);
    const given = Object.fromEntries(
      Object.entries(only(resources, SITE).tags ?? {}).filter(([name]) => name !== 'azd-service-name'),
    );
    const got = appSettings(resources);
    for (const [name, value] of Object.entries(given)) expect(value, name).toBe(got.get(name));
    const kept = [...got.keys()].filter((name) => name in SETTINGS && !(name in given));
    expect(kept.sort()).toEqual(
      ['ServiceBusConnection__clientId', 'ServiceBusConnection__credential', 'SWEEP_DAYS'].sort(),
    );
    expect(Object.keys(given).filter((name) => !(name in SETTINGS))).toEqual([]);
    const environment = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, evaluateText(value)]),
    );
    expect(readConfig(environment)).toMatchObject({ BILLING_DAY: 15, RAW_RETENTION_DAYS: 400 });
  });

  it('sees a snapshot that is not that of the sources', () => {
    const copy = changed('modules/serviceBus.bicep', 'maxDeliveryCount: 10', 'maxDeliveryCount: 11');
    expect(snapshot(bicep, 'default', 'validate', copy)).toMatchObject({ ok: false });
  });
});
