export { isLoopback } from './loopback.ts';
import { crossFaults } from './crossFaults.ts';
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
  const broken = new Set<SettingName>();
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const { default: fallback, parse }: Setting<unknown> = SETTINGS[name];
    const text = settingOf(environment, name) ?? fallback;
    if (text === undefined) continue;
    const parsed = parse.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else {
      broken.add(name);
      faults.push(fault(name, text, parsed.error.issues[0]?.message ?? 'is not valid'));
    }
  }
  const config = values as unknown as Config;
  faults.push(...crossFaults(config, broken));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** The text of a setting, without blanks at its ends; undefined if it is not set, empty or blank. */
export function settingOf(environment: Environment, name: SettingName): string | undefined {
  const text = environment[name]?.trim();
  return text === '' ? undefined : text;
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
