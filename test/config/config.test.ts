import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, type Environment, isLoopback, readConfig } from '../../src/config/config.ts';
import { HOST_SETTINGS, SETTINGS, type SettingName } from '../../src/config/schema.ts';

const NAMES = Object.keys(SETTINGS) as SettingName[];

/** As in Azure: everything else has a default. */
const AZURE: Environment = {
  DATA_STORAGE__blobServiceUri: 'https://pstndata.blob.core.windows.net',
  DATA_STORAGE__tableServiceUri: 'https://pstndata.table.core.windows.net',
  ServiceBusConnection__fullyQualifiedNamespace: 'pstn-bus.servicebus.windows.net',
};

/** As on a developer machine. */
const LOCAL: Environment = {
  DATA_STORAGE: 'UseDevelopmentStorage=true',
  ServiceBusConnection:
    'Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=all;SharedAccessKey=k;UseDevelopmentEmulator=true;',
};

/** A right environment in which this setting has its place: one of the two ways to name storage and queues. */
const around = (name: SettingName): Environment => ({
  ...(name === 'DATA_STORAGE' || name === 'ServiceBusConnection' ? LOCAL : AZURE),
  GRAPH_ENDPOINT: 'http://127.0.0.1:1',
});

function faultsOf(environment: Environment): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults;
  }
  return [];
}

describe('readConfig', () => {
  it('takes the defaults for everything but the places of storage and queues', () => {
    expect(readConfig(AZURE)).toEqual({
      ...AZURE,
      GRAPH_CLOUD: 'global',
      GRAPH_API_VERSION: 'v1.0',
      GRAPH_REQUESTS_PER_MINUTE: 50,
      GRAPH_APP_REQUESTS_PER_MINUTE: 200,
      GRAPH_BUDGET_MARGIN_MS: 2500,
      PLAN_SCHEDULE: '0 */15 * * * *',
      REREAD_HOURS: [1, 3, 6, 12, 24, 48, 72],
      SWEEP_DAYS: 7,
      SETTLE_HOURS: 72,
      SHRINK_CONFIRM_MINUTES: 60,
      SOURCE_DAYS: 88,
      INITIAL_BACKFILL_DAYS: 85,
      RAW_RETENTION_DAYS: 0,
      BILLING_DAY: 1,
    });
  });

  it('is content with connection strings in place of endpoints', () => {
    expect(readConfig(LOCAL)).toMatchObject(LOCAL);
  });

  it.each(NAMES)('accepts its own example of %s', (name) => {
    const { example } = SETTINGS[name];
    expect(faultsOf({ ...around(name), [name]: example })).toEqual([]);
  });

  it('allows plain http for storage on this machine, with the path that an emulator has', () => {
    const DATA_STORAGE__blobServiceUri = 'http://127.0.0.1:10000/devstoreaccount1';
    expect(readConfig({ ...AZURE, DATA_STORAGE__blobServiceUri })).toMatchObject({
      DATA_STORAGE__blobServiceUri,
    });
  });

  it('takes an empty or blank variable for one that is not set, and cuts blanks at both ends', () => {
    expect(readConfig({ ...AZURE, SETTLE_HOURS: '', SWEEP_DAYS: '  ', BILLING_DAY: ' 15\n' })).toMatchObject({
      SETTLE_HOURS: 72,
      SWEEP_DAYS: 7,
      BILLING_DAY: 15,
    });
  });

  it('keeps settings of the host apart from those of the app', () => {
    expect(NAMES.filter((name) => (HOST_SETTINGS as readonly string[]).includes(name))).toEqual([]);
  });
});

describe('a fault of the configuration', () => {
  const broken: readonly [SettingName, string, RegExp][] = [
    ['GRAPH_CLOUD', 'europe', /must be global, usgov or dod/],
    ['GRAPH_CLOUD', 'china', /no getPstnCalls/],
    ['GRAPH_API_VERSION', 'v2.0', /must be v1\.0 or beta/],
    ['GRAPH_ENDPOINT', 'localhost', /must be an absolute URL/],
    ['GRAPH_ENDPOINT', 'https://graph.microsoft.com', /not on this machine/],
    ['GRAPH_ENDPOINT', 'http://127.0.0.1:8080/v1.0', /no path/],
    ['GRAPH_ENDPOINT', 'http://127.0.0.1:8080?x=1', /no query/],
    ['GRAPH_ENDPOINT', 'http://someone@127.0.0.1:8080', /no user name/],
    ['GRAPH_REQUESTS_PER_MINUTE', '0', /must be at least 1/],
    ['GRAPH_REQUESTS_PER_MINUTE', '50/min', /must be a whole number/],
    ['GRAPH_REQUESTS_PER_MINUTE', '9'.repeat(400), /must be at most 100000/],
    ['GRAPH_APP_REQUESTS_PER_MINUTE', '-5', /must be a whole number/],
    ['GRAPH_BUDGET_MARGIN_MS', '60001', /must be at most 60000/],
    ['PLAN_SCHEDULE', '*/15 * * * *', /six fields/],
    ['PLAN_SCHEDULE', '00:15:00', /six fields/],
    ['PLAN_SCHEDULE', '0 60 * * * *', /six fields/],
    ['PLAN_SCHEDULE', '0 */0 * * * *', /six fields/],
    ['PLAN_SCHEDULE', '0 0 * * * MON#2', /six fields/],
    ['PLAN_SCHEDULE', '0 0 6-5 * * *', /six fields/],
    ['PLAN_SCHEDULE', '0 0 0 31 2 *', /six fields/],
    ['REREAD_HOURS', `1,${'9'.repeat(400)}`, /between 1 and 1920/],
    ['REREAD_HOURS', '1,,3', /whole hours, separated by commas/],
    ['REREAD_HOURS', '1,3,3,72', /must ascend/],
    ['REREAD_HOURS', '0,72', /between 1 and 1920/],
    ['SWEEP_DAYS', '0', /must be at least 1/],
    ['SETTLE_HOURS', '1.5', /must be a whole number/],
    ['SHRINK_CONFIRM_MINUTES', '1441', /must be at most 1440/],
    ['SOURCE_DAYS', '366', /must be at most 365/],
    ['INITIAL_BACKFILL_DAYS', '1e3', /must be a whole number/],
    ['RAW_RETENTION_DAYS', 'forever', /must be a whole number/],
    ['BILLING_DAY', '29', /must be at most 28/],
    ['DATA_STORAGE', 'pstndata', /must be a connection string/],
    ['DATA_STORAGE', 'AccountName=pstndata', /neither AccountKey nor SharedAccessSignature/],
    ['DATA_STORAGE__blobServiceUri', 'pstndata', /must be an absolute URL/],
    ['DATA_STORAGE__blobServiceUri', 'http://pstndata.blob.core.windows.net', /https/],
    ['DATA_STORAGE__blobServiceUri', 'https://x.table.core.windows.net', /blob endpoint, not that of table/],
    ['DATA_STORAGE__blobServiceUri', 'https://x.dfs.core.windows.net', /blob endpoint, not that of dfs/],
    ['DATA_STORAGE__blobServiceUri', 'https://x.blob.core.windows.net/pstn-raw', /no path/],
    ['DATA_STORAGE__tableServiceUri', 'ftp://pstndata', /https/],
    ['DATA_STORAGE__tableServiceUri', 'https://x.blob.core.windows.net', /table endpoint, not that of blob/],
    ['DATA_STORAGE__tableServiceUri', 'https://someone@x.table.core.windows.net', /no user name/],
    ['CURATED_STORAGE__blobServiceUri', 'https://x.blob.core.windows.net/?sv=2024&sig=abc', /SAS/],
    ['ServiceBusConnection', 'sb://pstn-bus.servicebus.windows.net', /must be a connection string/],
    ['ServiceBusConnection', 'Endpoint=sb://x.servicebus.windows.net', /SharedAccessKeyName/],
    ['ServiceBusConnection__fullyQualifiedNamespace', 'sb://x.servicebus.windows.net', /full host name/],
    ['ServiceBusConnection__fullyQualifiedNamespace', 'pstn-bus', /full host name/],
    ['ServiceBusConnection__fullyQualifiedNamespace', 'a b.servicebus.windows.net', /full host name/],
    ['ServiceBusConnection__fullyQualifiedNamespace', 'x.servicebus.windows.net:5671', /full host name/],
    ['ServiceBusConnection__credential', 'key', /must be managedidentity/],
    ['ServiceBusConnection__clientId', 'pstn-identity', /must be a GUID/],
    ['LOCAL_CLOCK', '2026-11-24T06:00:00.000Z', /frozen:<instant> or offset:<milliseconds>/],
    ['LOCAL_CLOCK', 'frozen:2026-02-30T06:00:00.000Z', /instant/],
    ['LOCAL_CLOCK', 'frozen:yesterday', /instant/],
  ];

  it('is tried for every setting', () => {
    expect(new Set(broken.map(([name]) => name))).toEqual(new Set(NAMES));
  });

  it.each(broken)('of %s (%s) is one line: the name, the fault, an example', (name, text, why) => {
    const faults = faultsOf({ ...around(name), [name]: text });
    expect(faults).toHaveLength(1);
    const [line = ''] = faults;
    expect(line).toMatch(new RegExp(`^${name}\\b`));
    expect(line).toMatch(why);
    expect(line.endsWith(`for example ${name}=${SETTINGS[name].example}`)).toBe(true);
    expect(line).not.toContain('\n');
  });

  it('does not hide the others: all of them are named at once', () => {
    const faults = faultsOf({ ...AZURE, SWEEP_DAYS: 'x', BILLING_DAY: '31', GRAPH_CLOUD: 'mars' });
    expect(faults.map((line) => line.split(' ')[0])).toEqual(['GRAPH_CLOUD', 'SWEEP_DAYS', 'BILLING_DAY']);
    expect(new ConfigError(faults).message.split('\n')).toEqual(faults);
  });

  it('stays one line whatever the value holds', () => {
    const awkward = fc.constantFrom('\n', '\r', '\u2028', '\u0085', '\0', '"', '\\', 'x', '1', ' ', ':', '/');
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.string({ unit: awkward }), (name, text) => {
        for (const line of faultsOf({ ...around(name), [name]: text }))
          expect(line).not.toMatch(/[\r\n\u0085\u2028\u2029]/);
      }),
    );
  });
});

describe('a secret', () => {
  const secrets = [
    'Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=c2VjcmV0',
    'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=c2VjcmV0==;EndpointSuffix=core.windows.net',
    'https://x.blob.core.windows.net/?sv=2024-01-01&sig=c2VjcmV0',
    'https://user:c2VjcmV0@x.blob.core.windows.net',
    'http://user:c2VjcmV0@127.0.0.1:8080',
    `c2VjcmV0${'A'.repeat(80)}`,
  ];

  it.each(NAMES)('in %s, where it may not belong, stands in no fault', (name) => {
    for (const secret of secrets) {
      const faults = faultsOf({ ...around(name), [name]: secret });
      expect(faults.join('\n')).not.toContain('c2VjcmV0');
    }
  });

  it.each(['DATA_STORAGE', 'ServiceBusConnection', 'ServiceBusConnection__clientId'] as const)(
    'in %s is not shown however short it is',
    (name) => {
      const faults = faultsOf({ ...around(name), [name]: 'hunter2' });
      expect(faults).toHaveLength(1);
      expect(faults[0]).not.toContain('hunter2');
    },
  );

  it('is all that is kept back: other values are shown, as it helps to see them', () => {
    expect(faultsOf({ ...AZURE, BILLING_DAY: '31' })[0]).toMatch(/^BILLING_DAY "31" must be at most 28;/);
  });
});

describe('settings that do not fit together', () => {
  it('are re-reads that end before a day can settle, with an example that is right itself', () => {
    const environment = { ...AZURE, REREAD_HOURS: '1,3,6', SETTLE_HOURS: '24' };
    const [line = '', ...more] = faultsOf(environment);
    expect(more).toEqual([]);
    expect(line).toMatch(/^REREAD_HOURS ends at 6 hours, before SETTLE_HOURS=24/);
    const example = /for example REREAD_HOURS=(\S+)$/.exec(line)?.[1];
    expect(example).toBe('1,3,6,24');
    expect(faultsOf({ ...environment, REREAD_HOURS: example })).toEqual([]);
  });

  it('are re-reads of windows that Graph is no longer trusted to have', () => {
    expect(faultsOf({ ...AZURE, SOURCE_DAYS: '3' })[0]).toMatch(/^SOURCE_DAYS=3 ends before .*72 hours/);
    expect(faultsOf({ ...AZURE, SOURCE_DAYS: '4' })).toEqual([]);
  });

  it('are a clock of simulated data without simulated data', () => {
    const LOCAL_CLOCK = 'offset:-86400000';
    expect(faultsOf({ ...AZURE, LOCAL_CLOCK })[0]).toMatch(/^LOCAL_CLOCK .*GRAPH_ENDPOINT=/);
    expect(faultsOf({ ...AZURE, LOCAL_CLOCK, GRAPH_ENDPOINT: 'http://localhost:1' })).toEqual([]);
  });

  it('are missing ones: storage and queues are asked for by name, and the way without Azure is told', () => {
    const [storage = '', queues = '', ...more] = faultsOf({});
    expect(more).toEqual([]);
    expect(storage).toMatch(/^DATA_STORAGE__blobServiceUri and DATA_STORAGE__tableServiceUri must be set/);
    expect(storage).toContain('pstn local --stay');
    expect(queues).toMatch(/^ServiceBusConnection__fullyQualifiedNamespace must be set/);
  });

  it('are told beside the faults of single settings, not after them', () => {
    const faults = faultsOf({ SWEEP_DAYS: 'x', SETTLE_HOURS: '90' });
    expect(faults.map((line) => line.split(' ')[0])).toEqual([
      'SWEEP_DAYS',
      'REREAD_HOURS',
      'DATA_STORAGE__blobServiceUri',
      'ServiceBusConnection__fullyQualifiedNamespace',
    ]);
    expect(faultsOf({ DATA_STORAGE: 'x', ServiceBusConnection: 'y' })).toHaveLength(2);
  });

  it('are two ways to the same service: nobody could know which is meant', () => {
    const [storage = '', queues = '', ...more] = faultsOf({ ...AZURE, ...LOCAL });
    expect(more).toEqual([]);
    expect(storage).toMatch(
      /^DATA_STORAGE and DATA_STORAGE__blobServiceUri and DATA_STORAGE__tableServiceUri are set.*unset/,
    );
    expect(queues).toMatch(
      /^ServiceBusConnection and ServiceBusConnection__fullyQualifiedNamespace are set.*unset/,
    );
  });

  it('name only the endpoint that is missing', () => {
    const faults = faultsOf({ ...AZURE, DATA_STORAGE__tableServiceUri: undefined });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^DATA_STORAGE__tableServiceUri must be set .*=https:\/\/pstndata\.table\./);
    expect(faults[0]).not.toContain('DATA_STORAGE__blobServiceUri');
  });
});

describe('GRAPH_ENDPOINT', () => {
  it.each([
    ['http://127.0.0.1', 'http://127.0.0.1'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['HTTP://LOCALHOST:8080', 'http://localhost:8080'],
    ['http://[::1]:80', 'http://[::1]'],
    ['https://[0:0:0:0:0:0:0:1]:8443', 'https://[::1]:8443'],
    ['http://127.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.255.255.254', 'http://127.255.255.254'],
  ])('may be %s', (given, origin) => {
    expect(readConfig({ ...AZURE, GRAPH_ENDPOINT: given }).GRAPH_ENDPOINT).toBe(origin);
  });

  it.each([
    'http://127.0.0.1.evil.com',
    'http://127.0.0.1.nip.io:8080',
    'http://localhost.evil.com',
    'http://evil.com/127.0.0.1',
    'http://evil.com#127.0.0.1',
    'http://evil.com?http://127.0.0.1',
    'http://evil.com\\@127.0.0.1',
    'http://127.0.0.1@evil.com',
    'http://user@127.0.0.1',
    'http://user:password@127.0.0.1',
    'http://128.0.0.1',
    'http://0.0.0.0',
    'http://10.0.0.1',
    'http://[::2]',
    'http://[fe80::1]',
    'ftp://127.0.0.1',
    'file://localhost/etc/hosts',
    'javascript:127.0.0.1',
    'http://',
    '//127.0.0.1',
  ])('may not be %s', (given) => {
    expect(isLoopback(given)).toBe(false);
    const faults = faultsOf({ ...AZURE, GRAPH_ENDPOINT: given });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^GRAPH_ENDPOINT/);
  });

  it('is never an address whose host is a name of the network', () => {
    fc.assert(fc.property(fc.webUrl(), (address) => !isLoopback(address)));
  });
});
