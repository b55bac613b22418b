import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { HOST_SETTINGS, type Setting, type SettingName, SETTINGS } from '../../src/config/schema.ts';
import { evaluateText } from './support/armExpression.ts';
import { testPolicies } from './support/policy.ts';
import { appSettings, readSnapshot, type Resource, SETS, setSetting } from './support/snapshot.ts';

/** Settings that no deployment may have, with the reason. */
const LOCAL_ONLY: Readonly<Partial<Record<SettingName, string>>> = {
  DATA_STORAGE: 'a connection string; the identity and two endpoints take its place',
  ServiceBusConnection: 'a connection string; the identity and the name of the namespace take its place',
  GRAPH_ENDPOINT: 'a simulator on loopback',
  LOCAL_CLOCK: 'the clock of simulated data',
};

/** Settings that are deployed only in some cases. */
const SOMETIMES: Readonly<Partial<Record<SettingName, string>>> = {
  CURATED_STORAGE__blobServiceUri: 'with a hierarchical namespace',
};

/** Settings of the platform, beside those that the schema lists. */
const PLATFORM: readonly RegExp[] = [
  // Functions that are not to start.
  /^AzureWebJobs\.(report|status|usage)\.Disabled$/,
  // Sign-in without a client secret.
  /^OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID$/,
  // All traces are kept: a failure must never be the one that was sampled away.
  /^OTEL_TRACES_SAMPLER(_ARG)?$/,
  // No telemetry about the telemetry.
  /^APPLICATION_INSIGHTS_NO_STATSBEAT$/,
];

/** What Flex Consumption refuses or ignores. */
const FORBIDDEN =
  /^(FUNCTIONS_WORKER_RUNTIME(_VERSION)?|FUNCTIONS_EXTENSION_VERSION|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT.*|WEBSITE_NODE_DEFAULT_VERSION|WEBSITE_VNET_ROUTE_ALL|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_TIME_ZONE|TZ|AzureWebJobsDashboard)$/;

const names = Object.keys(SETTINGS) as SettingName[];
const isOurs = (name: string): name is SettingName => name in SETTINGS;
const isHosts = (name: string): boolean => HOST_SETTINGS.some((one) => one === name);

/** The settings as the app finds them in its environment. */
const environmentOf = (resources: readonly Resource[]): Record<string, string> =>
  Object.fromEntries([...appSettings(resources)].map(([name, value]) => [name, evaluateText(value)]));

const REQUIRED = [
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'DATA_STORAGE__blobServiceUri',
  'DATA_STORAGE__tableServiceUri',
  'ServiceBusConnection__fullyQualifiedNamespace',
  'ServiceBusConnection__credential',
  'ServiceBusConnection__clientId',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'AZURE_CLIENT_ID',
] as const;

const remove = (resources: readonly Resource[], gone: string): void => {
  const settings = resources.find(({ type }) => type === 'Microsoft.Web/sites')?.properties['siteConfig'];
  const kept = [...appSettings(resources)].filter(([name]) => name !== gone);
  Object.assign(settings ?? {}, { appSettings: kept.map(([name, value]) => ({ name, value })) });
};

testPolicies(
  'settings of identities: there is',
  REQUIRED.map((name) => ({
    name,
    faults: (resources) => {
      const value = environmentOf(resources)[name] ?? '';
      const right = name.endsWith('__credential')
        ? value === 'managedidentity'
        : name.endsWith('__clientId') || name === 'AZURE_CLIENT_ID'
          ? /^[0-9a-f-]{36}$/.test(value)
          : name === 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
            ? /^ClientId=[0-9a-f-]{36};Authorization=AAD$/.test(value)
            : value !== '';
      return right ? [] : [`${name}=${value}`];
    },
    breaks: {
      'not set': (resources) => remove(resources, name),
      empty: (resources) => setSetting(resources, name, ''),
    },
  })),
);

testPolicies(
  'settings of the app: there is',
  names
    .filter((name) => !(name in LOCAL_ONLY) && !(name in SOMETIMES) && SETTINGS[name].default !== undefined)
    .map((name) => ({
      name: `${name}, with the schema's default unless a parameter says otherwise`,
      faults: (resources, set) => {
        const setting: Setting<unknown> = SETTINGS[name];
        const value = environmentOf(resources)[name];
        const chosen = set === 'hierarchical-namespace' ? CHOSEN[name] : undefined;
        return value === (chosen ?? setting.default) ? [] : [`${name}=${value ?? ''}`];
      },
      breaks: {
        'not set': (resources) => remove(resources, name),
        'another value': (resources) => setSetting(resources, name, 'x'),
      },
    })),
);

/** What the parameter file of the hierarchical namespace chooses. */
const CHOSEN: Readonly<Partial<Record<SettingName, string>>> = {
  BILLING_DAY: '15',
  RAW_RETENTION_DAYS: '400',
};

testPolicies('settings', [
  {
    name: 'have no name that neither the schema nor the platform knows',
    faults: (resources) =>
      [...appSettings(resources).keys()].filter(
        (name) => !isOurs(name) && !isHosts(name) && !PLATFORM.some((pattern) => pattern.test(name)),
      ),
    breaks: { 'a misspelt one': (resources) => setSetting(resources, 'BILING_DAY', '1') },
  },
  {
    name: 'have every name of the schema that is not for a developer machine',
    faults: (resources) =>
      names.filter(
        (name) => !(name in LOCAL_ONLY) && !(name in SOMETIMES) && !appSettings(resources).has(name),
      ),
    breaks: { 'one forgotten': (resources) => remove(resources, 'SWEEP_DAYS') },
  },
  {
    name: 'have none that is for a developer machine only',
    faults: (resources) => Object.keys(LOCAL_ONLY).filter((name) => appSettings(resources).has(name)),
    breaks: {
      'a simulator': (resources) => setSetting(resources, 'GRAPH_ENDPOINT', 'http://127.0.0.1:1'),
      'a clock': (resources) => setSetting(resources, 'LOCAL_CLOCK', 'offset:0'),
    },
  },
  {
    name: 'have none that Flex Consumption forbids',
    faults: (resources) => [...appSettings(resources).keys()].filter((name) => FORBIDDEN.test(name)),
    breaks: Object.fromEntries(
      [
        'FUNCTIONS_WORKER_RUNTIME',
        'FUNCTIONS_EXTENSION_VERSION',
        'WEBSITE_RUN_FROM_PACKAGE',
        'WEBSITE_CONTENTSHARE',
        'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
        'SCM_DO_BUILD_DURING_DEPLOYMENT',
        'ENABLE_ORYX_BUILD',
        'WEBSITE_TIME_ZONE',
        'TZ',
      ].map((name) => [name, (resources: Resource[]) => setSetting(resources, name, '1')]),
    ),
  },
  {
    name: 'keep every trace, so that no failure is sampled away',
    faults: (resources) => {
      const settings = appSettings(resources);
      const all =
        settings.get('OTEL_TRACES_SAMPLER') === 'microsoft.fixed_percentage' &&
        settings.get('OTEL_TRACES_SAMPLER_ARG') === '1.0';
      return all ? [] : ['OTEL_TRACES_SAMPLER'];
    },
    breaks: {
      'a tenth': (resources) => setSetting(resources, 'OTEL_TRACES_SAMPLER_ARG', '0.1'),
      'what comes first': (resources) =>
        setSetting(resources, 'OTEL_TRACES_SAMPLER', 'microsoft.rate_limited'),
    },
  },
  {
    name: 'are what the app starts with',
    faults: (resources) => {
      try {
        readConfig(environmentOf(resources));
        return [];
      } catch (error) {
        return [String(error)];
      }
    },
    breaks: {
      'a day that no month has': (resources) => setSetting(resources, 'BILLING_DAY', '31'),
      'no storage': (resources) => remove(resources, 'DATA_STORAGE__tableServiceUri'),
      'the wrong endpoint': (resources) =>
        setSetting(resources, 'DATA_STORAGE__blobServiceUri', 'https://a.table.core.windows.net'),
    },
  },
  {
    name: 'send people away from report, status and usage unless somebody said who may look',
    sets: ['default', 'private-network'],
    faults: (resources) =>
      ['report', 'status', 'usage'].filter(
        (name) => appSettings(resources).get(`AzureWebJobs.${name}.Disabled`) !== 'true',
      ),
    breaks: { 'one that starts': (resources) => remove(resources, 'AzureWebJobs.report.Disabled') },
  },
  {
    name: 'name the account with the hierarchical namespace',
    sets: ['hierarchical-namespace'],
    faults: (resources) =>
      /^https:\/\/pstncalls[a-z0-9]+\.blob\.core\.windows\.net$/.test(
        environmentOf(resources)['CURATED_STORAGE__blobServiceUri'] ?? '',
      )
        ? []
        : ['CURATED_STORAGE__blobServiceUri'],
    breaks: { 'not set': (resources) => remove(resources, 'CURATED_STORAGE__blobServiceUri') },
  },
]);

describe('the settings that may be chosen', () => {
  const source = readFileSync(new URL('../../infra/settings.bicep', import.meta.url), 'utf8');
  const [types = '', defaults = ''] = source.split('var defaultSettings');

  it('are the same in the type, in the defaults and in the schema', () => {
    const inTypes = [...types.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name]) => name);
    const inDefaults = [...defaults.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name]) => name);
    const inSchema = names.filter((name) => SETTINGS[name].default !== undefined && !(name in LOCAL_ONLY));
    expect(inTypes).toEqual(inDefaults);
    expect([...inDefaults].sort()).toEqual([...inSchema].sort());
  });

  it('take the same numbers as the app', () => {
    const ranges = [...types.matchAll(/@minValue\((\d+)\)\s+@maxValue\((\d+)\)\s+([A-Z_]+): int/g)];
    expect(ranges.length).toBe([...types.matchAll(/: int\?/g)].length);
    for (const [, min = '', max = '', name = ''] of ranges) {
      expect(isOurs(name), name).toBe(true);
      const { parse } = SETTINGS[name as SettingName];
      for (const right of [min, max]) expect(parse.safeParse(right).success, `${name}=${right}`).toBe(true);
      for (const wrong of [`${Number(min) - 1}`, `${Number(max) + 1}`])
        expect(parse.safeParse(wrong).success, `${name}=${wrong}`).toBe(false);
    }
  });

  it('take the same words as the app', () => {
    const choices = [...types.matchAll(/([A-Z_]+): \(([^)]*)\)\?/g)];
    expect(choices.map(([, name]) => name)).toEqual(['GRAPH_CLOUD', 'GRAPH_API_VERSION']);
    for (const [, name = '', words = ''] of choices) {
      for (const [, word = ''] of words.matchAll(/'([^']+)'/g))
        expect(SETTINGS[name as SettingName].parse.safeParse(word).success, `${name}=${word}`).toBe(true);
    }
  });

  it('are read by the app in every parameter set', () => {
    for (const set of SETS) {
      const config = readConfig(environmentOf(readSnapshot(set)));
      expect(config.DATA_STORAGE__blobServiceUri, set).toMatch(/^https:\/\/pstndata[a-z0-9]{13}\.blob\./);
      expect(config.ServiceBusConnection__fullyQualifiedNamespace, set).toMatch(
        /\.servicebus\.windows\.net$/,
      );
    }
  });
});
