import { describe, expect, it } from 'vitest';
import { restoreLedger } from '../../src/landing/restoreLedger.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { callAt, jobOf, landingWorld, replan } from '../support/landingWorld.ts';
import { memoryTable } from '../support/memoryTables.ts';

const job = jobOf('2026-11-23T22:00:00Z', '2026-11-24T02:00:00Z');
const DATES = ['2026-11-22', '2026-11-23', '2026-11-24'];
const rows = [
  callAt('a', '2026-11-23T22:15:00Z'),
  callAt('b', '2026-11-23T22:16:00Z'),
  callAt('m', '2026-11-23T22:17:00Z', { charge: 'x' }),
  callAt('n', '2026-11-24T01:17:00Z', { charge: 'x' }),
];

async function lost() {
  const world = landingWorld(rows);
  await world.land(job);
  await world.land(replan(world, job));
  const table = memoryTable('windows');
  const ledger = createTableLedger(table);
  return { world, table, ledger, restore: () => restoreLedger(DATES, { raw: world.raw, ledger }) };
}

describe('a ledger that was lost', () => {
  it('is filled from the blobs: what they hold is known, when it was read is not', async () => {
    const { world, ledger, restore } = await lost();
    expect((await restore()).map(({ id }) => id)).toEqual(['2026-11-23T22Z', '2026-11-24T01Z']);
    const known = await world.deps().ledger.readDay('2026-11-23');
    const [entry] = await ledger.readDay('2026-11-23');
    expect(entry).toMatchObject({
      state: 'read',
      unverified: true,
      claim: 1,
      done: 1,
      reads: 1,
      rows: 2,
      rejected: 1,
      digest: known[0]?.digest,
    });
    expect(entry).not.toHaveProperty('lastReadAt');
    expect(await ledger.readDay('2026-11-24')).toMatchObject([{ rows: 0, rejected: 1, unverified: true }]);
    expect(await ledger.readDay('2026-11-22')).toEqual([]);
  });

  it('is filled once', async () => {
    const { restore, table } = await lost();
    await restore();
    const before = table.all();
    expect(await restore()).toEqual([]);
    expect(table.all()).toEqual(before);
  });

  it('keeps what it knows, and what is being read', async () => {
    const { ledger, restore } = await lost();
    const [window] = await restore();
    if (window === undefined) throw new Error('nothing was restored');
    const claim = await ledger.claim([window], 0, () => Promise.resolve(0));
    expect(claim.number).toBe(2);
    expect(claim.alone.get(window.id)).toBe(true);
    expect(await restore()).toEqual([]);
  });

  it('lets the next read verify it', async () => {
    const { world, ledger, restore } = await lost();
    await restore();
    expect(await world.land(replan(world, job), { ledger })).toMatchObject({ unchanged: 4 });
    const [entry] = await ledger.readDay('2026-11-23');
    expect(entry).not.toHaveProperty('unverified');
    expect(entry).toMatchObject({ claim: 2, reads: 2 });
  });
});
