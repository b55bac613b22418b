import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';
import { type Window, windowOfId, windowsOfDay } from '../../src/windows/grid.ts';
import type { Claim, Ledger, ReadOutcome } from '../../src/windows/ledger.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { type Step, steppedTable } from '../support/steps.ts';

const DATE = '2026-11-23';
const ten = windowOfId('2026-11-23T10Z');
const eleven = windowOfId('2026-11-23T11Z');
const AT = Date.parse('2026-11-25T08:00:00.123Z');
const noBlobs = () => Promise.resolve(0);

const setUp = () => {
  const table = memoryTable('windows');
  return { table, ledger: createTableLedger(table) };
};

const outcome = (claim: Claim, more: Partial<ReadOutcome> = {}): ReadOutcome => ({
  claim,
  changed: true,
  rows: 7,
  digest: 'd'.repeat(64),
  rejected: 1,
  notified: 'etag',
  isOld: false,
  ...more,
});

const recordRead = (ledger: Ledger, window: Window, found: ReadOutcome) =>
  ledger.recordReads([{ window, ...found }]);

describe('planning', () => {
  it('makes an entry of a window that nobody has read', async () => {
    const { ledger } = setUp();
    await ledger.markPlanned([ten], 'live', AT);
    expect(await ledger.readDay(DATE)).toEqual([
      {
        window: ten,
        etag: expect.any(String) as string,
        state: 'planned',
        plannedAt: '2026-11-25T08:00:00.123Z',
        lane: 'live',
        claim: 0,
        done: 0,
        attempts: 0,
        rows: 0,
        rejected: 0,
        reads: 0,
      },
    ]);
  });

  it('leaves what is known of a window as it is', async () => {
    const { ledger } = setUp();
    const claim = await ledger.claim([ten], AT, noBlobs);
    await recordRead(ledger, ten, outcome(claim));
    await ledger.markPlanned([ten], 'backfill', AT + 1000);
    expect(await ledger.readDay(DATE)).toMatchObject([
      { state: 'read', done: 1, rows: 7, plannedAt: '2026-11-25T08:00:01.123Z', lane: 'backfill' },
    ]);
  });

  it('takes windows of many days', async () => {
    const { ledger } = setUp();
    const days = ['2026-11-22', '2026-11-23', '2026-11-24'];
    await ledger.markPlanned(days.flatMap(windowsOfDay), 'backfill', AT);
    for (const date of days) {
      const entries = await ledger.readDay(date);
      expect(entries.map(({ window }) => window)).toEqual(windowsOfDay(date));
    }
  });
});

describe('claiming', () => {
  it('counts up through the whole day', async () => {
    const { ledger } = setUp();
    expect((await ledger.claim([ten], AT, noBlobs)).number).toBe(1);
    expect((await ledger.claim([eleven], AT, noBlobs)).number).toBe(2);
    expect((await ledger.claim(windowsOfDay(DATE), AT, noBlobs)).number).toBe(3);
    expect((await ledger.readDay(DATE)).map(({ claim }) => claim)).toEqual(Array<number>(24).fill(3));
    expect((await ledger.claim([windowOfId('2026-11-24T00Z')], AT, noBlobs)).number).toBe(1);
  });

  it('keeps the counter out of the entries', async () => {
    const { ledger, table } = setUp();
    await ledger.claim([ten], AT, noBlobs);
    expect(table.all().map(({ rowKey }) => rowKey)).toEqual(['!day', ten.id]);
    expect(await ledger.readDay(DATE)).toMatchObject([{ claim: 1, claimedAt: '2026-11-25T08:00:00.123Z' }]);
  });

  it('says whether another read of the window was under way', async () => {
    const { ledger } = setUp();
    const first = await ledger.claim([ten], AT, noBlobs);
    expect(first.alone.get(ten.id)).toBe(true);
    const second = await ledger.claim([ten, eleven], AT, noBlobs);
    expect([...second.alone]).toEqual([
      [ten.id, false],
      [eleven.id, true],
    ]);
    await recordRead(ledger, ten, outcome(first));
    expect((await ledger.claim([ten], AT, noBlobs)).alone.get(ten.id)).toBe(false);
    const fourth = await ledger.claim([ten], AT, noBlobs);
    await recordRead(ledger, ten, outcome(fourth));
    expect((await ledger.claim([ten], AT, noBlobs)).alone.get(ten.id)).toBe(true);
  });

  it('starts above what the blobs carry, and what the windows have seen, if the counter is gone', async () => {
    const { ledger, table } = setUp();
    expect((await ledger.claim([ten], AT, () => Promise.resolve(41))).number).toBe(42);
    await table.transact(DATE, [{ kind: 'delete', rowKey: '!day' }]);
    expect((await ledger.claim([ten], AT, () => Promise.resolve(5))).number).toBe(43);
  });

  it('asks for the blobs only if there is no counter', async () => {
    const { ledger } = setUp();
    await ledger.claim([ten], AT, noBlobs);
    const claim = await ledger.claim([ten], AT, () => Promise.reject(new Error('listed for nothing')));
    expect(claim.number).toBe(2);
  });

  it('is for one day', async () => {
    const { ledger } = setUp();
    const windows = [ten, windowOfId('2026-11-24T00Z')];
    await expect(ledger.claim(windows, AT, noBlobs)).rejects.toThrow('one day');
    await expect(ledger.claim([], AT, noBlobs)).rejects.toThrow('one day');
  });

  it('gives no number twice, and at most one is alone, however the calls interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 6 }), async (scheduler, workers) => {
        const table = memoryTable('windows');
        const step: Step = async (name, call) => {
          await scheduler.schedule(Promise.resolve(), name);
          return call();
        };
        const ledger = createTableLedger(steppedTable(table, step));
        const claims = Promise.all(Array.from({ length: workers }, () => ledger.claim([ten], AT, noBlobs)));
        const taken = await scheduler.waitFor(claims);
        const numbers = taken.map(({ number }) => number).sort((a, b) => a - b);
        expect(numbers).toEqual(Array.from({ length: workers }, (_, index) => index + 1));
        expect(taken.filter(({ alone }) => alone.get(ten.id)).map(({ number }) => number)).toEqual([1]);
      }),
    );
  });

  it('gives up with a reason when every try meets a conflict', async () => {
    const { table } = setUp();
    const transact = () => Promise.reject(new StorageError(412, 'UpdateConditionNotSatisfied', 'stale'));
    const ledger = createTableLedger({ ...table, transact });
    await expect(ledger.claim([ten], AT, noBlobs)).rejects.toThrow(/claiming windows of 2026-11-23: another/);
  });

  it('does not try a table that is not there again and again', async () => {
    const { table } = setUp();
    let tries = 0;
    const transact = () => {
      tries += 1;
      return Promise.reject(new StorageError(404, 'TableNotFound', 'no table windows'));
    };
    const ledger = createTableLedger({ ...table, transact });
    await expect(ledger.claim([ten], AT, noBlobs)).rejects.toThrow('no table windows');
    expect(tries).toBe(1);
  });
});

describe('recording a read', () => {
  it('keeps what was found and when it was claimed', async () => {
    const { ledger } = setUp();
    const claim = await ledger.claim([ten], AT, noBlobs);
    await recordRead(ledger, ten, outcome(claim));
    const at = '2026-11-25T08:00:00.123Z';
    expect(await ledger.readDay(DATE)).toMatchObject([
      {
        state: 'read',
        claim: 1,
        done: 1,
        rows: 7,
        digest: 'd'.repeat(64),
        rejected: 1,
        reads: 1,
        notified: 'etag',
        firstReadAt: at,
        lastReadAt: at,
        changedAt: at,
      },
    ]);
  });

  it('moves times and counts, but not what did not change', async () => {
    const { ledger } = setUp();
    await recordRead(ledger, ten, outcome(await ledger.claim([ten], AT, noBlobs)));
    const again = await ledger.claim([ten], AT + 60_000, noBlobs);
    await recordRead(ledger, ten, outcome(again, { changed: false }));
    expect(await ledger.readDay(DATE)).toMatchObject([
      {
        claim: 2,
        done: 2,
        reads: 2,
        firstReadAt: '2026-11-25T08:00:00.123Z',
        lastReadAt: '2026-11-25T08:01:00.123Z',
        changedAt: '2026-11-25T08:00:00.123Z',
      },
    ]);
  });

  it('takes nothing from a read that a newer one overtook: what that one announced is newer', async () => {
    const { ledger } = setUp();
    const older = await ledger.claim([ten], AT, noBlobs);
    const newer = await ledger.claim([ten], AT + 60_000, noBlobs);
    await recordRead(ledger, ten, outcome(newer, { rows: 9, notified: 'new' }));
    const [before] = await ledger.readDay(DATE);
    await recordRead(ledger, ten, outcome(older, { rows: 3, notified: 'old' }));
    const [after] = await ledger.readDay(DATE);
    expect(after).toEqual({ ...before, etag: after?.etag });
    expect(after).toMatchObject({ done: 2, rows: 9, reads: 1 });
  });

  it('forgets the announcement of a blob that is no longer there', async () => {
    const { ledger } = setUp();
    await recordRead(ledger, ten, outcome(await ledger.claim([ten], AT, noBlobs)));
    const claim = await ledger.claim([ten], AT, noBlobs);
    await recordRead(ledger, ten, outcome(claim, { rows: 0, notified: undefined }));
    expect((await ledger.readDay(DATE))[0]?.notified).toBeUndefined();
  });

  it('is tried again when another writer was faster', async () => {
    const { ledger, table } = setUp();
    const claim = await ledger.claim([ten], AT, noBlobs);
    let meddled = false;
    const transact: typeof table.transact = async (partition, operations) => {
      if (!meddled) {
        meddled = true;
        await ledger.markPlanned([ten], 'backfill', AT);
      }
      return table.transact(partition, operations);
    };
    await recordRead(createTableLedger({ ...table, transact }), ten, outcome(claim));
    expect(await ledger.readDay(DATE)).toMatchObject([{ done: 1, rows: 7, lane: 'backfill' }]);
  });

  it('keeps columns that this version does not know', async () => {
    const { ledger, table } = setUp();
    const claim = await ledger.claim([ten], AT, noBlobs);
    await table.transact(DATE, [{ kind: 'merge', rowKey: ten.id, properties: { later: 'kept' } }]);
    await recordRead(ledger, ten, outcome(claim));
    expect((await table.get(DATE, ten.id))?.properties['later']).toBe('kept');
  });
});

describe('taking a claim back', () => {
  const entryOf = async (ledger: Ledger) => (await ledger.readDay(DATE))[0];

  it('leaves a window as it was, and the next read alone; the number stays used', async () => {
    const { ledger } = setUp();
    await recordRead(ledger, ten, outcome(await ledger.claim([ten], AT, noBlobs)));
    const claim = await ledger.claim([ten], AT, noBlobs);
    await ledger.withdraw([ten], claim);
    expect(await entryOf(ledger)).toMatchObject({ state: 'read', claim: 1, done: 1, rows: 7 });
    const next = await ledger.claim([ten], AT, noBlobs);
    expect(next.number).toBe(3);
    expect(next.alone.get(ten.id)).toBe(true);
  });

  it('leaves a window that nobody has read as planned', async () => {
    const { ledger } = setUp();
    await ledger.withdraw([ten], await ledger.claim([ten], AT, noBlobs));
    expect(await entryOf(ledger)).toMatchObject({ state: 'planned', claim: 0, done: 0, reads: 0 });
  });

  it('changes nothing where another read was open when it was taken: that one is still to be fenced', async () => {
    const { ledger } = setUp();
    await ledger.claim([ten], AT, noBlobs);
    await ledger.withdraw([ten], await ledger.claim([ten], AT, noBlobs));
    expect(await entryOf(ledger)).toMatchObject({ claim: 2, done: 0 });
    expect((await ledger.claim([ten], AT, noBlobs)).alone.get(ten.id)).toBe(false);
  });

  it('changes nothing where another one was taken since', async () => {
    const { ledger } = setUp();
    const first = await ledger.claim([ten], AT, noBlobs);
    const second = await ledger.claim([ten], AT, noBlobs);
    await ledger.withdraw([ten], first);
    expect(await entryOf(ledger)).toMatchObject({ claim: 2, done: 0 });
    await recordRead(ledger, ten, outcome(second));
    await ledger.withdraw([ten], first);
    expect(await entryOf(ledger)).toMatchObject({ claim: 2, done: 2 });
  });

  it('is for windows of one day, each by what it knows of the others', async () => {
    const { ledger } = setUp();
    await ledger.claim([ten], AT, noBlobs);
    const claim = await ledger.claim([ten, eleven], AT, noBlobs);
    await ledger.withdraw([ten, eleven], claim);
    expect((await ledger.readDay(DATE)).map((entry) => [entry.claim, entry.done])).toEqual([
      [2, 0],
      [0, 0],
    ]);
    await ledger.withdraw([], claim);
    await expect(ledger.withdraw([ten, windowOfId('2026-11-24T00Z')], claim)).rejects.toThrow('one day');
  });
});

describe('recording what a job read in windows of one day', () => {
  const twelve = windowOfId('2026-11-23T12Z');
  const windows = [ten, eleven, twelve];

  /** The same table, and the names of its calls. */
  const counted = (
    table: Table,
    before: (transaction: number) => Promise<void> = () => Promise.resolve(),
  ) => {
    const steps: string[] = [];
    const step: Step = async (name, call) => {
      steps.push(name);
      if (name === `transact ${DATE}`) await before(steps.filter((other) => other === name).length);
      return call();
    };
    return { steps, ledger: createTableLedger(steppedTable(table, step)) };
  };
  const readsOf = (claim: Claim) =>
    windows.map((window, index) => ({
      window,
      ...outcome(claim, { rows: index, notified: `etag of ${window.id}` }),
    }));
  const recorded = windows.map(({ id }, index) => ({
    state: 'read',
    done: 1,
    reads: 1,
    rows: index,
    notified: `etag of ${id}`,
  }));

  it.each([
    ['that were planned', true],
    ['that have no entry', false],
  ])('is one transaction over all of them, %s', async (_, isPlanned) => {
    const { ledger, table } = setUp();
    const claim: Claim = isPlanned
      ? await ledger.claim(windows, AT, noBlobs)
      : { number: 1, atMs: AT, alone: new Map() };
    const all = counted(table);
    await all.ledger.recordReads(readsOf(claim));
    expect(all.steps).toEqual([`query ${DATE}`, `transact ${DATE}`]);
    expect(await ledger.readDay(DATE)).toMatchObject(recorded);
  });

  it('asks the table for nothing if there are none, and for one entry if there is one', async () => {
    const { ledger, table } = setUp();
    const claim = await ledger.claim(windows, AT, noBlobs);
    const all = counted(table);
    await all.ledger.recordReads([]);
    expect(all.steps).toEqual([]);
    await all.ledger.recordReads(readsOf(claim).slice(0, 1));
    expect(all.steps).toEqual([`get ${DATE} ${ten.id}`, `transact ${DATE}`]);
  });

  it('takes a whole day', async () => {
    const { ledger, table } = setUp();
    const day = windowsOfDay(DATE);
    const claim = await ledger.claim(day, AT, noBlobs);
    const all = counted(table);
    await all.ledger.recordReads(day.map((window) => ({ window, ...outcome(claim, { rows: window.hour }) })));
    expect(all.steps).toHaveLength(2);
    expect((await ledger.readDay(DATE)).map(({ rows }) => rows)).toEqual(day.map(({ hour }) => hour));
  });

  it('leaves alone only the window that a newer read has ended', async () => {
    const { ledger } = setUp();
    const older = await ledger.claim(windows, AT, noBlobs);
    const newer = await ledger.claim([eleven], AT + 60_000, noBlobs);
    await recordRead(ledger, eleven, outcome(newer, { rows: 9, notified: 'new' }));
    const [, before] = await ledger.readDay(DATE);
    await ledger.recordReads(readsOf(older));
    const entries = await ledger.readDay(DATE);
    expect(entries).toMatchObject([recorded[0], { done: 2, rows: 9, notified: 'new' }, recorded[2]]);
    expect(entries[1]).toEqual({ ...before, etag: entries[1]?.etag });
  });

  it('leaves open only the window that a newer read has claimed', async () => {
    const { ledger } = setUp();
    const older = await ledger.claim(windows, AT, noBlobs);
    await ledger.claim([eleven], AT + 60_000, noBlobs);
    await ledger.recordReads(readsOf(older));
    expect(await ledger.readDay(DATE)).toMatchObject([{ claim: 1 }, { claim: 2 }, { claim: 1 }]);
    expect(await ledger.readDay(DATE)).toMatchObject(recorded);
    const next = await ledger.claim(windows, AT, noBlobs);
    expect(windows.map(({ id }) => next.alone.get(id))).toEqual([true, false, true]);
  });

  it('is tried again as a whole, from what is stored then, when one window has changed meanwhile', async () => {
    const { ledger, table } = setUp();
    const older = await ledger.claim(windows, AT, noBlobs);
    const newer = await ledger.claim([twelve], AT + 60_000, noBlobs);
    const meddled = counted(table, async (transaction) => {
      if (transaction > 2) return;
      // Nothing of the try before may be left.
      expect((await ledger.readDay(DATE)).map(({ reads }) => reads).slice(0, 2)).toEqual([0, 0]);
      if (transaction === 1) await recordRead(ledger, twelve, outcome(newer, { rows: 9, notified: 'new' }));
      else await ledger.recordFailure([eleven], 'of another', false);
    });
    await meddled.ledger.recordReads(readsOf(older));
    const one = [`query ${DATE}`, `transact ${DATE}`];
    expect(meddled.steps).toEqual([...one, ...one, ...one]);
    expect(await ledger.readDay(DATE)).toMatchObject([
      recorded[0],
      { ...recorded[1], attempts: 0 },
      { done: 2, reads: 1, rows: 9, notified: 'new' },
    ]);
  });

  it('is tried again when another has made the entry of one', async () => {
    const { ledger, table } = setUp();
    const meddled = counted(table, async (transaction) => {
      if (transaction === 1) await ledger.markPlanned([eleven], 'backfill', AT);
    });
    await meddled.ledger.recordReads(readsOf({ number: 1, atMs: AT, alone: new Map() }));
    expect(meddled.steps).toHaveLength(4);
    const entries = await ledger.readDay(DATE);
    expect(entries).toMatchObject(recorded);
    expect(entries.map(({ lane }) => lane)).toEqual([undefined, 'backfill', undefined]);
  });

  it('leaves every window as it was if the table refuses', async () => {
    const { ledger, table } = setUp();
    const claim = await ledger.claim(windows, AT, noBlobs);
    const before = await ledger.readDay(DATE);
    const busy = counted(table, () => Promise.reject(new StorageError(503, 'ServerBusy', 'busy')));
    await expect(busy.ledger.recordReads(readsOf(claim))).rejects.toThrow('busy');
    expect(busy.steps).toHaveLength(2);
    expect(await ledger.readDay(DATE)).toEqual(before);
  });
});

describe('recording a read that is not believed', () => {
  const shrunk = (claim: Claim, isWitness = true) => ({ claim, isWitness, notified: 'etag' });

  it('ends the read and leaves what the window holds', async () => {
    const { ledger } = setUp();
    await recordRead(ledger, ten, outcome(await ledger.claim([ten], AT, noBlobs)));
    const [before] = await ledger.readDay(DATE);
    await ledger.recordFailure([ten], 'once', false);
    await ledger.recordShrunk(ten, shrunk(await ledger.claim([ten], AT + 60_000, noBlobs)));
    const at = '2026-11-25T08:01:00.123Z';
    const [after] = await ledger.readDay(DATE);
    expect(after).toEqual({
      ...before,
      etag: after?.etag,
      state: 'shrunk',
      claim: 2,
      done: 2,
      claimedAt: at,
      shrunkAt: at,
      shrunkClaim: 2,
    });
  });

  it('keeps the first one to be compared with, unless another takes its place', async () => {
    const { ledger } = setUp();
    await ledger.recordShrunk(ten, shrunk(await ledger.claim([ten], AT, noBlobs)));
    await ledger.recordShrunk(ten, shrunk(await ledger.claim([ten], AT + 1, noBlobs), false));
    expect(await ledger.readDay(DATE)).toMatchObject([{ shrunkClaim: 1, done: 2 }]);
    await ledger.recordShrunk(ten, shrunk(await ledger.claim([ten], AT + 2, noBlobs)));
    expect(await ledger.readDay(DATE)).toMatchObject([{ shrunkClaim: 3, done: 3 }]);
  });

  it('is nothing once a newer read has ended', async () => {
    const { ledger } = setUp();
    const older = await ledger.claim([ten], AT, noBlobs);
    await recordRead(ledger, ten, outcome(await ledger.claim([ten], AT, noBlobs)));
    const before = await ledger.readDay(DATE);
    await ledger.recordShrunk(ten, shrunk(older));
    expect(await ledger.readDay(DATE)).toMatchObject([{ ...before[0], etag: expect.any(String) as string }]);
  });

  it('does not hide an older one that ends afterwards and is believed', async () => {
    const { ledger } = setUp();
    const [first, older] = [await ledger.claim([ten], AT, noBlobs), await ledger.claim([ten], AT, noBlobs)];
    await ledger.recordShrunk(ten, shrunk(await ledger.claim([ten], AT, noBlobs)));
    await recordRead(ledger, ten, outcome(older, { rows: 8, notified: 'older' }));
    const expected = { state: 'shrunk', shrunkClaim: 3, done: 3, rows: 8, notified: 'older', reads: 1 };
    expect(await ledger.readDay(DATE)).toMatchObject([expected]);
    await recordRead(ledger, ten, outcome(first, { rows: 1, notified: 'first' }));
    expect(await ledger.readDay(DATE)).toMatchObject([expected]);
    const newest = await ledger.claim([ten], AT, noBlobs);
    await recordRead(ledger, ten, outcome(newest, { rows: 9 }));
    const [entry] = await ledger.readDay(DATE);
    expect(entry).toMatchObject({ state: 'read', done: 4, rows: 9, reads: 2 });
    expect(entry).not.toHaveProperty('shrunkClaim');
  });

  it('fences nothing: if another read was under way, the next one is not alone until one is believed', async () => {
    const { ledger } = setUp();
    const isAlone = async (claim: Promise<Claim>) => (await claim).alone.get(ten.id);
    await ledger.claim([ten], AT, noBlobs);
    await ledger.recordShrunk(ten, shrunk(await ledger.claim([ten], AT, noBlobs)));
    const third = await ledger.claim([ten], AT, noBlobs);
    expect(third.alone.get(ten.id)).toBe(false);
    await ledger.recordShrunk(ten, shrunk(third));
    const fourth = await ledger.claim([ten], AT, noBlobs);
    expect(fourth.alone.get(ten.id)).toBe(false);
    await recordRead(ledger, ten, outcome(fourth));
    expect(await isAlone(ledger.claim([ten], AT, noBlobs))).toBe(true);
  });

  it('by a read that was alone leaves the next one alone', async () => {
    const { ledger } = setUp();
    await ledger.recordShrunk(ten, shrunk(await ledger.claim([ten], AT, noBlobs)));
    expect((await ledger.claim([ten], AT, noBlobs)).alone.get(ten.id)).toBe(true);
  });
});

describe('restoring', () => {
  const found = { claim: 5, rows: 7, digest: 'd'.repeat(64), rejected: 2 };

  it('makes entries of windows that the blobs tell of, to be verified', async () => {
    const { ledger } = setUp();
    await ledger.markPlanned([eleven], 'live', AT);
    const windows = [ten, eleven].map((window) => ({ window, ...found }));
    expect(await ledger.restore(DATE, windows)).toEqual([ten, eleven]);
    const restored = { state: 'read', claim: 5, done: 5, rows: 7, rejected: 2, reads: 1, unverified: true };
    expect(await ledger.readDay(DATE)).toMatchObject([restored, { ...restored, lane: 'live' }]);
    expect((await ledger.claim([ten], AT, noBlobs)).number).toBe(6);
  });

  it('leaves windows alone that were read, or are being read', async () => {
    const { ledger } = setUp();
    await recordRead(ledger, ten, outcome(await ledger.claim([ten], AT, noBlobs)));
    await ledger.claim([eleven], AT, noBlobs);
    const before = await ledger.readDay(DATE);
    const windows = [ten, eleven].map((window) => ({ window, ...found }));
    expect(await ledger.restore(DATE, windows)).toEqual([]);
    expect(await ledger.readDay(DATE)).toEqual(before);
  });
});

describe('recording a failure', () => {
  it('counts attempts and keeps the last reason, on every day of the job', async () => {
    const { ledger } = setUp();
    const midnight = windowOfId('2026-11-24T00Z');
    await ledger.recordFailure([ten, midnight], 'first', false);
    await ledger.recordFailure([ten], 'second '.repeat(1_000), false);
    expect(await ledger.readDay(DATE)).toMatchObject([{ state: 'planned', attempts: 2 }]);
    expect((await ledger.readDay(DATE))[0]?.lastError).toHaveLength(2_000);
    expect(await ledger.readDay('2026-11-24')).toMatchObject([{ attempts: 1, lastError: 'first' }]);
  });

  it.each([
    { before: 'never read', state: 'planned' },
    { before: 'read', state: 'read' },
    { before: 'shrunk', state: 'shrunk' },
  ])('of a window that is tried again after it failed leaves it what it was: $before', async (given) => {
    const { ledger } = setUp();
    const { before, state } = given;
    if (before !== 'never read') {
      await recordRead(ledger, ten, outcome(await ledger.claim([ten], AT, noBlobs)));
    }
    if (before === 'shrunk') {
      const claim = await ledger.claim([ten], AT, noBlobs);
      await ledger.recordShrunk(ten, { claim, isWitness: true, notified: undefined });
    }
    await ledger.recordFailure([ten], 'given up', true);
    expect(await ledger.readDay(DATE)).toMatchObject([{ state: 'failed' }]);
    await ledger.recordFailure([ten], 'again', false);
    expect(await ledger.readDay(DATE)).toMatchObject([{ state, attempts: 2, lastError: 'again' }]);
  });

  it.each([false, true])(
    'says nothing of a window that another job has read meanwhile (final: %s)',
    async (final) => {
      const { ledger } = setUp();
      await recordRead(ledger, ten, outcome(await ledger.claim([ten], AT, noBlobs)));
      const before = await ledger.readDay(DATE);
      await ledger.recordFailure([ten, eleven], 'no answer', final, { readSinceMs: AT });
      expect(await ledger.readDay(DATE)).toMatchObject([
        { ...before[0], etag: expect.any(String) as string },
        { window: eleven, attempts: 1, lastError: 'no answer' },
      ]);
      await ledger.recordFailure([ten], 'no answer', final, { readSinceMs: AT + 1 });
      expect(await ledger.readDay(DATE)).toMatchObject([{ attempts: 1, lastError: 'no answer' }, {}]);
    },
  );

  it('says nothing of a window whose claim was taken for lost and has ended meanwhile', async () => {
    const { ledger } = setUp();
    const claim = await ledger.claim([ten], AT, noBlobs);
    await recordRead(ledger, ten, outcome(claim));
    await ledger.recordFailure([ten], 'never finished', true, { endedClaim: claim.number });
    expect(await ledger.readDay(DATE)).toMatchObject([{ state: 'read', attempts: 0 }]);
    const next = await ledger.claim([ten], AT, noBlobs);
    await ledger.recordFailure([ten], 'never finished', true, { endedClaim: next.number });
    expect(await ledger.readDay(DATE)).toMatchObject([{ state: 'failed', attempts: 1 }]);
  });

  it('ends in the state failed, which an accepted read clears', async () => {
    const { ledger } = setUp();
    const claim = await ledger.claim([ten], AT, noBlobs);
    await ledger.recordFailure([ten], 'Graph answers 403', true);
    expect(await ledger.readDay(DATE)).toMatchObject([{ state: 'failed', lastError: 'Graph answers 403' }]);
    await recordRead(ledger, ten, outcome(claim));
    const [entry] = await ledger.readDay(DATE);
    expect(entry).toMatchObject({ state: 'read', attempts: 0 });
    expect(entry).not.toHaveProperty('lastError');
  });
});
