import * as z from 'zod';
import { serviceBusConnectionString, storageConnectionString } from './connectionStrings.ts';
import {
  ascendingHours,
  hostName,
  localClock,
  loopbackOrigin,
  ncrontab,
  serviceUri,
  wholeNumber,
} from './values.ts';

/** One setting: how its text is read, what it is for, what a right value looks like. */
export interface Setting<T, D extends string | undefined = string | undefined> {
  /** Text used when the variable is not set or empty; undefined if there is none. */
  default: D;
  /** A right value, shown in errors and in the README. */
  example: string;
  /** One sentence for the README's table. */
  help: string;
  /** True where a secret belongs or is easily pasted: the value stands in no error. */
  hidden?: true;
  parse: z.ZodType<T, string>;
}

const setting = <T, D extends string | undefined>(of: Setting<T, D>): Setting<T, D> => of;

/** Settings of this app, by the name of the environment variable. */
export const SETTINGS = {
  GRAPH_CLOUD: setting({
    default: 'global',
    example: 'usgov',
    help: 'The cloud the tenant lives in: `global` (also GCC), `usgov` (GCC High) or `dod`. China has no PSTN call log.',
    parse: z
      .string()
      .refine(
        (text) => text !== 'china',
        'is not possible: Microsoft Graph in China (21Vianet) has no getPstnCalls, so there is nothing to export',
      )
      .pipe(z.enum(['global', 'usgov', 'dod'], 'must be global, usgov or dod')),
  }),
  GRAPH_API_VERSION: setting({
    default: 'v1.0',
    example: 'beta',
    help: '`v1.0`, or `beta` for the columns that only beta has; Microsoft may change beta at any time.',
    parse: z.enum(['v1.0', 'beta'], 'must be v1.0 or beta'),
  }),
  GRAPH_ENDPOINT: setting({
    default: undefined,
    example: 'http://127.0.0.1:8080',
    help: 'Takes the place of Graph: a simulator on this machine. Loopback addresses only; no real token is ever sent there.',
    parse: loopbackOrigin,
  }),
  GRAPH_REQUESTS_PER_MINUTE: setting({
    default: '50',
    example: '50',
    help: "Graph's limit for one call log in any 60 seconds.",
    parse: wholeNumber(1, 100_000),
  }),
  GRAPH_APP_REQUESTS_PER_MINUTE: setting({
    default: '200',
    example: '200',
    help: "Graph's limit for all call logs of this app and tenant in any 60 seconds.",
    parse: wholeNumber(1, 100_000),
  }),
  GRAPH_BUDGET_MARGIN_MS: setting({
    default: '2500',
    example: '2500',
    help: 'How far clocks, network and sending may delay a request: requests are spaced so that the limit holds all the same.',
    parse: wholeNumber(0, 60_000),
  }),
  PLAN_SCHEDULE: setting({
    default: '0 */15 * * * *',
    example: '0 */15 * * * *',
    help: 'When windows are planned: NCRONTAB with six fields, UTC.',
    parse: ncrontab,
  }),
  REREAD_HOURS: setting({
    default: '1,3,6,12,24,48,72',
    example: '1,3,6,12,24,48,72',
    help: 'Hours after the end of a window at which it is read again, because rows come late.',
    parse: ascendingHours,
  }),
  SWEEP_DAYS: setting({
    default: '7',
    example: '7',
    help: 'Older windows are read again each so many days.',
    parse: wholeNumber(1, 88),
  }),
  SETTLE_HOURS: setting({
    default: '72',
    example: '72',
    help: 'Hours after the end of a window from which a read of it is final; a day of such windows is settled.',
    parse: wholeNumber(1, 24 * 80),
  }),
  SHRINK_CONFIRM_MINUTES: setting({
    default: '60',
    example: '60',
    help: 'A read that lost rows is believed when a second one, this much later, agrees.',
    parse: wholeNumber(0, 24 * 60),
  }),
  SOURCE_DAYS: setting({
    default: '88',
    example: '88',
    help: 'How many days back Graph is trusted to answer; older windows are read only by command.',
    parse: wholeNumber(1, 365),
  }),
  INITIAL_BACKFILL_DAYS: setting({
    default: '85',
    example: '30',
    help: 'How many days before the first start are read; 0 begins with the day of the first start.',
    parse: wholeNumber(0, 365),
  }),
  RAW_RETENTION_DAYS: setting({
    default: '0',
    example: '400',
    help: 'Days after which raw blobs expire; 0 keeps them for ever.',
    parse: wholeNumber(0, 36_500),
  }),
  BILLING_DAY: setting({
    default: '1',
    example: '15',
    help: 'Day of the month on which a billing month begins, UTC.',
    parse: wholeNumber(1, 28),
  }),
  DATA_STORAGE: setting({
    default: undefined,
    example: 'UseDevelopmentStorage=true',
    help: 'Connection string of the data storage; only on a developer machine. In Azure the two URIs below take its place.',
    hidden: true,
    parse: storageConnectionString,
  }),
  DATA_STORAGE__blobServiceUri: setting({
    default: undefined,
    example: 'https://pstndata.blob.core.windows.net',
    help: 'Blob endpoint of the data storage, reached with an identity.',
    parse: serviceUri('blob'),
  }),
  DATA_STORAGE__tableServiceUri: setting({
    default: undefined,
    example: 'https://pstndata.table.core.windows.net',
    help: 'Table endpoint of the data storage, reached with an identity.',
    parse: serviceUri('table'),
  }),
  CURATED_STORAGE__blobServiceUri: setting({
    default: undefined,
    example: 'https://pstncalls.blob.core.windows.net',
    help: 'Blob endpoint of the account that holds `pstn-calls`, if it is not the data storage.',
    parse: serviceUri('blob'),
  }),
  ServiceBusConnection: setting({
    default: undefined,
    example:
      'Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=all;SharedAccessKey=...;UseDevelopmentEmulator=true;',
    help: 'Connection string of Service Bus; only on a developer machine. In Azure the namespace below takes its place.',
    hidden: true,
    parse: serviceBusConnectionString,
  }),
  ServiceBusConnection__fullyQualifiedNamespace: setting({
    default: undefined,
    example: 'pstn-bus.servicebus.windows.net',
    help: 'Host name of the Service Bus namespace, reached with an identity.',
    parse: hostName,
  }),
  ServiceBusConnection__credential: setting({
    default: undefined,
    example: 'managedidentity',
    help: 'As Azure Functions has it: `managedidentity`, together with `ServiceBusConnection__clientId`.',
    parse: z.enum(['managedidentity'], 'must be managedidentity'),
  }),
  ServiceBusConnection__clientId: setting({
    default: undefined,
    example: '5ea9b0c6-4f6e-4a55-8b0c-5b1d0a7a3f11',
    help: 'Client id of the user-assigned identity that the queue triggers use.',
    hidden: true,
    parse: z.guid('must be a GUID'),
  }),
  LOCAL_CLOCK: setting({
    default: undefined,
    example: 'frozen:2026-11-24T06:00:00.000Z',
    help: 'Set by `pstn local`: the clock of simulated data, `frozen:<instant>` or `offset:<milliseconds>`. Only together with `GRAPH_ENDPOINT`.',
    parse: localClock,
  }),
} as const;

/** Settings that the Functions host and the SDKs read; this app does not. */
export const HOST_SETTINGS = [
  'AzureWebJobsStorage',
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'AZURE_CLIENT_ID',
  'AZURE_TENANT_ID',
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PATH',
] as const;

export type SettingName = keyof typeof SETTINGS;
export type SettingValue<N extends SettingName> = z.output<(typeof SETTINGS)[N]['parse']>;
