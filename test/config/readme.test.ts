import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/schema.ts';
import { BEGIN, END, withSettings } from '../support/settingsTable.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));

it('the README lists the settings as the schema has them (to write it anew: vitest run test/config/readme.test.ts -u)', async () => {
  const readme = await readFile(README, 'utf8');
  const options = await resolveConfig(README);
  const expected = await format(withSettings(readme), { ...options, filepath: README });
  await expect(expected).toMatchFileSnapshot(README);
});

it('the list of settings names every variable once', () => {
  const written = withSettings(`${BEGIN}\nstale text\n${END}\nrest`);
  for (const name of Object.keys(SETTINGS)) expect(written.split(`| \`${name}\` |`)).toHaveLength(2);
  expect(written).not.toContain('stale text');
  expect(written.endsWith(`${END}\nrest`)).toBe(true);
});

it('a README without the markers is said to lack them', () => {
  expect(() => withSettings('# A project')).toThrow('settings:begin');
});
