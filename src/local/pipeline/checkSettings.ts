import { ConfigError, type Environment, readConfig, settingOf } from '../../config/config.ts';
import { SETTINGS, type SettingName } from '../../config/schema.ts';
import type { GraphChoice } from './startPipeline.ts';

/** What `pstn local` sets itself, and the setting of Azure that it therefore cannot serve. */
const INSTEAD: readonly [SettingName, SettingName][] = [
  ['DATA_STORAGE', 'DATA_STORAGE__blobServiceUri'],
  ['DATA_STORAGE', 'DATA_STORAGE__tableServiceUri'],
  ['ServiceBusConnection', 'ServiceBusConnection__fullyQualifiedNamespace'],
];

/**
 * Checks all settings before anything is started or written, as they will stand once the missing parts run.
 * @throws ConfigError with every fault found.
 */
export function checkLocalSettings(environment: Environment, graph: GraphChoice): void {
  const faults = INSTEAD.filter(
    ([ours, azure]) =>
      settingOf(environment, azure) !== undefined && settingOf(environment, ours) === undefined,
  ).map(
    ([ours, azure]) =>
      `${azure} is set, and "pstn local" works with a connection string: unset ${azure}, or set ${ours}; ` +
      `for example ${ours}=${SETTINGS[ours].example}`,
  );
  if (faults.length > 0) throw new ConfigError(faults);
  readConfig({
    ...environment,
    DATA_STORAGE: settingOf(environment, 'DATA_STORAGE') ?? SETTINGS.DATA_STORAGE.example,
    ServiceBusConnection:
      settingOf(environment, 'ServiceBusConnection') ?? SETTINGS.ServiceBusConnection.example,
    GRAPH_ENDPOINT: endpointOf(graph),
    ...(graph.kind === 'cloud' && { GRAPH_CLOUD: graph.cloud }),
  });
}

function endpointOf(graph: GraphChoice): string | undefined {
  switch (graph.kind) {
    case 'cloud':
      return undefined;
    case 'loopback':
      return graph.url;
    case 'simulated':
      return SETTINGS.GRAPH_ENDPOINT.example;
  }
}
