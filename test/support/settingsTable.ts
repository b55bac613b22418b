import { HOST_SETTINGS, type Setting, SETTINGS } from '../../src/config/schema.ts';

export const BEGIN = '<!-- settings:begin -->';
export const END = '<!-- settings:end -->';

/** The README with its part on settings as the schema has them. @throws Error if the two markers are not there. */
export function withSettings(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the README lacks ${BEGIN} and, after it, ${END}`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${settingsTable()}\n\n${readme.slice(end)}`;
}

function settingsTable(): string {
  const rows = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => {
    const value = setting.default === undefined ? `e.g. ${code(setting.example)}` : code(setting.default);
    return `| ${code(name)} | ${value} | ${setting.help.replaceAll('|', '\\|')} |`;
  });
  return [
    '| Variable | Default | What it is for |',
    '| --- | --- | --- |',
    ...rows,
    '',
    `Read by the Functions host and the Azure SDKs, not by this app: ${HOST_SETTINGS.map(code).join(', ')}.`,
  ].join('\n');
}

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
