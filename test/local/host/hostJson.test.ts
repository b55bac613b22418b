import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { parseDuration } from '../../../src/local/host/duration.ts';
import { readHostJson } from '../../../src/local/host/hostJson.ts';
import { resolveSettings } from '../../../src/local/host/resolveSettings.ts';
import { appFolder, type AppFolder } from './appFolder.ts';

const folders: AppFolder[] = [];
afterEach(() => Promise.all(folders.splice(0).map((folder) => folder.remove())));

async function read(content: unknown) {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const folder = await appFolder({ 'host.json': text });
  folders.push(folder);
  return readHostJson(folder.root);
}

describe('readHostJson', () => {
  test("has the cloud's defaults", async () => {
    expect(await read({ version: '2.0', logging: { anything: true } })).toEqual({
      functionTimeoutMs: 1_800_000,
      routePrefix: 'api',
      serviceBus: { maxConcurrentCalls: 16 * availableParallelism(), maxAutoLockRenewalMs: 300_000 },
    });
  });

  test('follows what is set', async () => {
    expect(
      await read({
        version: '2.0',
        functionTimeout: '-1',
        extensions: {
          http: { routePrefix: '/v1/' },
          serviceBus: { maxConcurrentCalls: 3, maxAutoLockRenewalDuration: '00:10:00', prefetchCount: 5 },
        },
      }),
    ).toEqual({
      functionTimeoutMs: undefined,
      routePrefix: 'v1',
      serviceBus: { maxConcurrentCalls: 3, maxAutoLockRenewalMs: 600_000 },
    });
  });

  test.each([
    ['{', /host\.json is not JSON/],
    [{}, /version must be "2\.0"/],
    [{ version: '2.0', functionTimeout: '5 minutes' }, /functionTimeout must be a duration such as 00:05:00/],
    [
      { version: '2.0', extensions: { serviceBus: { autoCompleteMessages: false } } },
      /extensions\.serviceBus\.autoCompleteMessages must be true/,
    ],
  ])('refuses %j', async (content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  test('says what is missing in a folder that is no app', async () => {
    await expect(readHostJson(import.meta.dirname)).rejects.toThrow(/needs a host\.json/);
  });
});

test.each([
  ['00:05:00', 300_000],
  ['1.02:03:04.5', 93_784_500],
  ['00:30', 1_800_000],
  ['24:00:00', undefined],
  ['00:60:00', undefined],
  ['5', undefined],
])('the duration %s is %s ms', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

describe('resolveSettings', () => {
  const where = { function: 'tick', property: 'schedule' };

  test('puts settings in the place of their names', () => {
    expect(resolveSettings('a-%ONE%-%TWO%', where, { ONE: '1', TWO: '2' })).toBe('a-1-2');
    expect(resolveSettings('0 */5 * * * *', where, {})).toBe('0 */5 * * * *');
  });

  test('names the function and the setting that is not set', () => {
    expect(() => resolveSettings('%TICK%', where, {})).toThrow(
      'Function tick: its schedule is "%TICK%", but the setting TICK is not set',
    );
  });
});
