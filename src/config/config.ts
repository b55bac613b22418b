export { isLoopback } from './loopback.ts';
import { type Setting, SETTINGS, type SettingName, type SettingValue } from './schema.ts';

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
export type Config = {
  readonly [N in SettingName]: SettingValue<N> | Extract<(typeof SETTINGS)[N]['default'], undefined>;
};

/**
 * Reads and checks all settings at once.
 * @throws ConfigError with every fault found.
 */
export function readConfig(environment: Environment): Config {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const { default: fallback, parse }: Setting<unknown> = SETTINGS[name];
    const given = environment[name]?.trim();
    const text = given === undefined || given === '' ? fallback : given;
    if (text === undefined) continue;
    const parsed = parse.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else faults.push(fault(name, text, parsed.error.issues[0]?.message ?? 'is not valid'));
  }
  if (faults.length === 0) faults.push(...crossFaults(values as unknown as Config));
  if (faults.length > 0) throw new ConfigError(faults);
  return values as unknown as Config;
}

function fault(name: SettingName, text: string, why: string): string {
  return `${name}${shown(name, text)} ${why}; for example ${name}=${SETTINGS[name].example}`;
}

/**
 * The value, where it is plain text of one line that cannot be a secret: a key or a SAS is easily pasted into
 * the wrong variable, and what is said here ends in a log.
 */
function shown(name: SettingName, text: string): string {
  const setting: Setting<unknown> = SETTINGS[name];
  if (setting.hidden === true || text.length > 60 || /[^ -~]|[=@?;&#]/.test(text)) return '';
  return ` ${JSON.stringify(text)}`;
}

function crossFaults(config: Config): string[] {
  const faults: string[] = [];
  const last = Math.max(...config.REREAD_HOURS);
  if (last < config.SETTLE_HOURS) {
    faults.push(
      `REREAD_HOURS ends at ${last} hours, before SETTLE_HOURS=${config.SETTLE_HOURS}: no day would ever be settled; ` +
        `for example REREAD_HOURS=${[...config.REREAD_HOURS, config.SETTLE_HOURS].join(',')}`,
    );
  }
  if (last >= config.SOURCE_DAYS * 24) {
    faults.push(
      `SOURCE_DAYS=${config.SOURCE_DAYS} ends before the last of REREAD_HOURS, ${last} hours: it would never be read; ` +
        `for example SOURCE_DAYS=${SETTINGS.SOURCE_DAYS.example}`,
    );
  }
  if (config.LOCAL_CLOCK !== undefined && config.GRAPH_ENDPOINT === undefined) {
    faults.push(
      'LOCAL_CLOCK is only for simulated data: unset it, or set GRAPH_ENDPOINT as well; ' +
        `for example GRAPH_ENDPOINT=${SETTINGS.GRAPH_ENDPOINT.example}`,
    );
  }
  const uris = ['DATA_STORAGE__blobServiceUri', 'DATA_STORAGE__tableServiceUri'] as const;
  const missing = uris.filter((name) => config[name] === undefined);
  if (config.DATA_STORAGE === undefined && missing.length > 0) {
    faults.push(
      `${missing.join(' and ')} must be set (or DATA_STORAGE on a developer machine); ` +
        `for example ${missing.map((name) => `${name}=${SETTINGS[name].example}`).join(' ')}. ` +
        'Without Azure, start "pstn local --stay" and use the environment that it prints',
    );
  }
  if (
    config.ServiceBusConnection === undefined &&
    config.ServiceBusConnection__fullyQualifiedNamespace === undefined
  ) {
    faults.push(
      'ServiceBusConnection__fullyQualifiedNamespace must be set (or ServiceBusConnection on a developer machine); ' +
        `for example ServiceBusConnection__fullyQualifiedNamespace=${SETTINGS.ServiceBusConnection__fullyQualifiedNamespace.example}`,
    );
  }
  return faults;
}
