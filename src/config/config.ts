import { SETTINGS, type SettingName, type SettingValue } from './schema.ts';

/** Every fault of the configuration, one line each: the variable, what is wrong, a right value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings as the app uses them; undefined where a setting has no default and is not set. */
export type Config = { readonly [N in SettingName]: SettingValue<N> | DefaultOf<N> };
type DefaultOf<N extends SettingName> = N extends NameWithoutDefault ? undefined : never;
type NameWithoutDefault =
  | 'GRAPH_ENDPOINT'
  | 'DATA_STORAGE'
  | 'DATA_STORAGE__blobServiceUri'
  | 'DATA_STORAGE__tableServiceUri'
  | 'CURATED_STORAGE__blobServiceUri'
  | 'ServiceBusConnection'
  | 'ServiceBusConnection__fullyQualifiedNamespace'
  | 'ServiceBusConnection__credential'
  | 'ServiceBusConnection__clientId'
  | 'LOCAL_CLOCK';

/**
 * Reads and checks all settings at once.
 * @throws ConfigError with every fault found.
 */
export function readConfig(environment: Environment): Config {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const { default: fallback, example, parse } = SETTINGS[name];
    const given = environment[name]?.trim();
    const text = given === undefined || given === '' ? fallback : given;
    if (text === undefined) continue;
    const parsed = parse.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else faults.push(fault(name, text, parsed.error.issues[0]?.message ?? 'is not valid', example));
  }
  if (faults.length === 0) faults.push(...crossFaults(values as unknown as Config));
  if (faults.length > 0) throw new ConfigError(faults);
  return values as unknown as Config;
}

function fault(name: SettingName, text: string, why: string, example: string): string {
  // A connection string may hold a key: it is named, never shown.
  const shown = name === 'DATA_STORAGE' || name === 'ServiceBusConnection' ? '' : ` "${text}"`;
  return `${name}${shown} ${why}; for example ${name}=${example}`;
}

function crossFaults(config: Config): string[] {
  const faults: string[] = [];
  const last = Math.max(...config.REREAD_HOURS);
  if (last < config.SETTLE_HOURS) {
    faults.push(
      `REREAD_HOURS ends at ${last} hours, before SETTLE_HOURS=${config.SETTLE_HOURS}: no day would ever be settled; ` +
        `for example REREAD_HOURS=1,3,6,12,24,48,${config.SETTLE_HOURS}`,
    );
  }
  if (config.GRAPH_ENDPOINT !== undefined && !isLoopback(config.GRAPH_ENDPOINT)) {
    faults.push(
      `GRAPH_ENDPOINT "${config.GRAPH_ENDPOINT}" is not on this machine; only a loopback address is allowed, ` +
        `for example GRAPH_ENDPOINT=${SETTINGS.GRAPH_ENDPOINT.example}`,
    );
  }
  if (config.LOCAL_CLOCK !== undefined && config.GRAPH_ENDPOINT === undefined) {
    faults.push('LOCAL_CLOCK is only for simulated data: unset it, or set GRAPH_ENDPOINT as well');
  }
  if (
    config.DATA_STORAGE === undefined &&
    (config.DATA_STORAGE__blobServiceUri === undefined || config.DATA_STORAGE__tableServiceUri === undefined)
  ) {
    faults.push(
      'DATA_STORAGE__blobServiceUri and DATA_STORAGE__tableServiceUri are required (or DATA_STORAGE on a developer ' +
        `machine); for example DATA_STORAGE__blobServiceUri=${SETTINGS.DATA_STORAGE__blobServiceUri.example}. ` +
        'Without Azure, start "pstn local --stay" and use the environment that it prints',
    );
  }
  if (
    config.ServiceBusConnection === undefined &&
    config.ServiceBusConnection__fullyQualifiedNamespace === undefined
  ) {
    faults.push(
      'ServiceBusConnection__fullyQualifiedNamespace is required (or ServiceBusConnection on a developer machine); ' +
        `for example ServiceBusConnection__fullyQualifiedNamespace=${SETTINGS.ServiceBusConnection__fullyQualifiedNamespace.example}`,
    );
  }
  return faults;
}

/** True for http(s) origins whose host can only be this machine. */
export function isLoopback(address: string): boolean {
  const url = new URL(address);
  return (
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    (url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname)) &&
    url.username === '' &&
    url.password === ''
  );
}
