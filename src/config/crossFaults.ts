import type { Config } from './config.ts';
import { SETTINGS, type SettingName } from './schema.ts';

/**
 * Faults of settings that are right by themselves and do not fit together, or are missing.
 * @param broken settings that have a fault of their own: nothing more is said about them
 */
export function crossFaults(config: Config, broken: ReadonlySet<SettingName>): string[] {
  const faults: string[] = [];
  const fine = (...names: SettingName[]): boolean => names.every((name) => !broken.has(name));
  if (fine('REREAD_HOURS', 'SETTLE_HOURS')) faults.push(...settleFault(config));
  if (fine('REREAD_HOURS', 'SOURCE_DAYS')) faults.push(...sourceFault(config));
  if (fine('LOCAL_CLOCK', 'GRAPH_ENDPOINT')) faults.push(...clockFault(config));
  if (fine('DATA_STORAGE')) faults.push(...storageFault(config, broken));
  if (fine('ServiceBusConnection', NAMESPACE)) faults.push(...serviceBusFault(config));
  return faults;
}

const STORAGE_URIS = ['DATA_STORAGE__blobServiceUri', 'DATA_STORAGE__tableServiceUri'] as const;
const NAMESPACE = 'ServiceBusConnection__fullyQualifiedNamespace';

function settleFault({ REREAD_HOURS, SETTLE_HOURS }: Config): string[] {
  const last = Math.max(...REREAD_HOURS);
  if (last >= SETTLE_HOURS) return [];
  return [
    `REREAD_HOURS ends at ${last} hours, before SETTLE_HOURS=${SETTLE_HOURS}: no day would ever be settled; ` +
      `for example REREAD_HOURS=${[...REREAD_HOURS, SETTLE_HOURS].join(',')}`,
  ];
}

function sourceFault({ REREAD_HOURS, SOURCE_DAYS }: Config): string[] {
  const last = Math.max(...REREAD_HOURS);
  if (last < SOURCE_DAYS * 24) return [];
  return [
    `SOURCE_DAYS=${SOURCE_DAYS} ends before the last of REREAD_HOURS, ${last} hours: it would never be read; ` +
      `for example SOURCE_DAYS=${SETTINGS.SOURCE_DAYS.example}`,
  ];
}

function clockFault({ LOCAL_CLOCK, GRAPH_ENDPOINT }: Config): string[] {
  if (LOCAL_CLOCK === undefined || GRAPH_ENDPOINT !== undefined) return [];
  return [
    'LOCAL_CLOCK is only for simulated data: unset it, or set GRAPH_ENDPOINT as well; ' +
      `for example GRAPH_ENDPOINT=${SETTINGS.GRAPH_ENDPOINT.example}`,
  ];
}

function storageFault(config: Config, broken: ReadonlySet<SettingName>): string[] {
  const given = STORAGE_URIS.filter((name) => config[name] !== undefined);
  if (config.DATA_STORAGE !== undefined) return bothFault('DATA_STORAGE', given);
  const missing = STORAGE_URIS.filter((name) => config[name] === undefined && !broken.has(name));
  if (missing.length === 0) return [];
  return [
    `${missing.join(' and ')} must be set (or DATA_STORAGE on a developer machine); ` +
      `for example ${missing.map((name) => `${name}=${SETTINGS[name].example}`).join(' ')}. ` +
      'Without Azure, start "pstn local --stay" and use the environment that it prints',
  ];
}

function serviceBusFault(config: Config): string[] {
  const given = config[NAMESPACE] === undefined ? [] : [NAMESPACE];
  if (config.ServiceBusConnection !== undefined) return bothFault('ServiceBusConnection', given);
  if (given.length > 0) return [];
  return [
    `${NAMESPACE} must be set (or ServiceBusConnection on a developer machine); ` +
      `for example ${NAMESPACE}=${SETTINGS[NAMESPACE].example}`,
  ];
}

/** Which of two places is meant nobody can know, and one of them would silently stay empty. */
function bothFault(connectionString: SettingName, others: readonly string[]): string[] {
  if (others.length === 0) return [];
  return [
    `${connectionString} and ${others.join(' and ')} are set, and only one of the two ways can be meant: unset ` +
      `${connectionString} to use the identity, or ${others.join(' and ')} to use the connection string`,
  ];
}
