import { describe, expect, it } from 'vitest';
import {
  BadSnapshotError,
  type DaySnapshot,
  readSnapshot,
  snapshotName,
  writeSnapshot,
} from '../../src/totals/snapshot.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';

const AT = '2026-11-24T00:00:00.000Z';
const measures = {
  ...{ calls: 3, callsIn: 1, callsOut: 2, durationSeconds: 5_000_000_000 },
  ...{ chargeMicros: 2n ** 70n, connectionChargeMicros: -1n, callsUnpriced: 1 },
};
const snapshot: DaySnapshot = {
  ...{ date: '2026-11-23', generation: 7, writer: 'nonce', foldVersion: '2' },
  vector: { '2026-11-23T08Z': '0x8DE2B' },
  rows: 3,
  rejected: 2,
  repeated: { '2026-11-23T08Z': ['id-1'] },
  totals: [
    {
      ...{ userId: 'user\ud83d', currency: null, userPrincipalName: null, userDisplayName: 'A😀\n' },
      ...measures,
      firstCallAt: '2026-11-23T08:00:00.0000001Z',
      lastCallAt: '2026-11-23T08:59:59.9999999Z',
    },
  ],
  breakdowns: [{ dimension: 'operator', value: null, currency: 'USD', ...measures }],
};

const NAME = 'snapshots/v1/2026-11-23/7-nonce.json';

describe('a snapshot of a day', () => {
  it('is read as it was written, under a name that its run alone has', async () => {
    const control = memoryContainer('pstn-control');
    expect(await writeSnapshot(control, snapshot, AT)).toBe(NAME);
    expect(snapshotName(snapshot)).toBe(NAME);
    expect(await readSnapshot(control, NAME)).toEqual(snapshot);
    expect(control.blobs.get(NAME)?.metadata).toMatchObject({ created: AT });
  });

  it('has money as decimal text of micro-units', async () => {
    const control = memoryContainer('pstn-control');
    await writeSnapshot(control, snapshot, AT);
    expect(JSON.parse(control.text(NAME) ?? '')).toMatchObject({
      v: 1,
      totals: [{ chargeMicros: '1180591620717411303424', connectionChargeMicros: '-1' }],
    });
  });

  it('is never overwritten', async () => {
    const control = memoryContainer('pstn-control');
    await writeSnapshot(control, snapshot, AT);
    const etag = control.blobs.get(NAME)?.etag;
    expect(await writeSnapshot(control, { ...snapshot, rows: 4 }, AT)).toBe(NAME);
    expect(control.blobs.get(NAME)?.etag).toBe(etag);
  });

  it('that is not there is undefined', async () => {
    expect(await readSnapshot(memoryContainer('pstn-control'), NAME)).toBeUndefined();
  });

  it.each([
    ['cut', (text: string) => text.slice(0, -1)],
    ['no object', () => '[]'],
    ['of another version', (text: string) => text.replace('"v":1', '"v":2')],
    ['money as a number', (text: string) => text.replace('"-1"', '-1')],
    ['money with a fraction', (text: string) => text.replace('"-1"', '"-1.5"')],
    ['a count as text', (text: string) => text.replace('"calls":3', '"calls":"3"')],
    ['an unknown dimension', (text: string) => text.replace('operator', 'colour')],
    ['a vector of numbers', (text: string) => text.replace('"0x8DE2B"', '5')],
    ['without totals', (text: string) => text.replace('"totals"', '"total"')],
    ['repeated ids that are none', (text: string) => text.replace('["id-1"]', '[1]')],
  ])('that is %s is an error which names the blob, not what stands in it', async (_, damage) => {
    const control = memoryContainer('pstn-control');
    await writeSnapshot(control, snapshot, AT);
    await control.put(NAME, Buffer.from(damage(control.text(NAME) ?? '')));
    const failure = await readSnapshot(control, NAME).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadSnapshotError);
    expect((failure as Error).message).toMatch(new RegExp(`${NAME}: .*Delete this blob`));
    expect((failure as Error).message).not.toMatch(/user|😀/);
  });
});
