import { describe, expect, it } from 'vitest';
import { packBackfill } from '../../src/windows/backfill.ts';
import { type BackfillProgress, waitForBackfill, watchBackfill } from '../../src/windows/backfillProgress.ts';
import { planBackfill } from '../../src/windows/backfillRange.ts';
import type { DayHead } from '../../src/windows/dayHeads.ts';
import type { LedgerEntry } from '../../src/windows/ledger.ts';
import { entryOf, memoryLedger, ms } from './memoryLedger.ts';

const nowMs = ms('2026-11-24T06:00:00Z');

/** Two windows on each side of a midnight. */
async function world(before: LedgerEntry[] = [], awaitConfirmation = false) {
  const ledger = memoryLedger();
  ledger.set(...before);
  const heads = new Map<string, DayHead>();
  const looks: string[] = [];
  const range = planBackfill({ fromMs: ms('2026-11-22T23:00Z'), toMs: ms('2026-11-23T01:00Z'), nowMs });
  const backfill = await packBackfill(ledger, range, { nowMs, settleHours: 72 });
  const services = {
    ledger: {
      readDay: (date: string) => {
        looks.push(date);
        return ledger.readDay(date);
      },
    },
    readDayHead: (date: string) => Promise.resolve(heads.get(date)),
  };
  const look = watchBackfill(services, backfill, { awaitConfirmation, settleHours: 72 });
  return { ledger, heads, look, looks };
}
const head = (vector: Record<string, string>, values: Partial<DayHead> = {}): DayHead => ({
  etag: 'h',
  complete: true,
  state: 'provisional',
  open: false,
  vector,
  rejected: 0,
  ...values,
});
const done = (id: string, values: Partial<LedgerEntry> = {}) =>
  entryOf(id, { state: 'read', claim: 1, done: 1, ...values });
const [FIRST, SECOND] = ['2026-11-22T23Z', '2026-11-23T00Z'];

describe('the progress of a backfill', () => {
  it('begins with nothing done', async () => {
    const { look } = await world();
    expect(await look()).toEqual({
      windows: 2,
      windowsDone: 0,
      rows: 0,
      rejected: 0,
      days: 2,
      daysDone: 0,
      failed: [],
      retrying: [],
      shrunk: [],
      unfolded: [],
      finished: false,
    });
  });

  it('counts windows and rows as they are read, and days as they are folded', async () => {
    const { look, ledger, heads } = await world();
    ledger.set(done(FIRST, { rows: 5, rejected: 1, notified: 'A' }));
    expect(await look()).toMatchObject({ windowsDone: 1, rows: 5, rejected: 1, daysDone: 0 });
    heads.set('2026-11-22', head({ [FIRST]: 'A' }));
    expect(await look()).toMatchObject({ daysDone: 1, finished: false });
    ledger.set(done(SECOND, { rows: 7, notified: 'B' }));
    expect(await look()).toMatchObject({ windowsDone: 2, rows: 12, unfolded: [{ date: '2026-11-23' }] });
    heads.set('2026-11-23', head({ [SECOND]: 'B' }));
    expect(await look()).toMatchObject({ daysDone: 2, unfolded: [], finished: true });
  });

  it('takes no read for its own that was there before', async () => {
    const { look, ledger } = await world([done(FIRST), entryOf(SECOND, { claim: 4, done: 3 })]);
    expect(await look()).toMatchObject({ windowsDone: 0 });
    ledger.set(done(FIRST, { claim: 2, done: 1 }), done(SECOND, { claim: 4, done: 4 }));
    expect(await look()).toMatchObject({ windowsDone: 0 });
    ledger.set(done(FIRST, { claim: 2, done: 2 }), done(SECOND, { claim: 5, done: 5 }));
    expect(await look()).toMatchObject({ windowsDone: 2 });
  });

  it('needs no totals for a day without rows', async () => {
    const { look, ledger } = await world();
    ledger.set(done(FIRST), done(SECOND));
    expect(await look()).toMatchObject({ daysDone: 2, finished: true });
  });

  it.each([
    { what: 'are of an older blob', stored: head({ [FIRST]: 'A0' }) },
    { what: 'are being replaced', stored: head({ [FIRST]: 'A' }, { complete: false }) },
    { what: 'do not know the window', stored: head({}) },
  ])('does not take a day for folded whose totals $what', async ({ stored }) => {
    const { look, ledger, heads } = await world();
    ledger.set(done(FIRST, { notified: 'A' }), done(SECOND));
    heads.set('2026-11-22', stored);
    expect(await look()).toMatchObject({ finished: false, unfolded: [{ date: '2026-11-22' }] });
  });

  it('tells why a fold failed', async () => {
    const { look, ledger, heads } = await world();
    ledger.set(done(FIRST, { notified: 'A' }), done(SECOND));
    heads.set('2026-11-22', head({}, { lastError: 'the blob is cut' }));
    expect((await look()).unfolded).toEqual([{ date: '2026-11-22', reason: 'the blob is cut' }]);
  });

  it('lists windows that failed, and ends with them', async () => {
    const { look, ledger } = await world();
    ledger.set(
      done(SECOND),
      entryOf(FIRST, { state: 'failed', claim: 1, attempts: 1, lastError: 'status 403' }),
    );
    expect(await look()).toMatchObject({
      windowsDone: 1,
      failed: [{ window: FIRST, reason: 'status 403' }],
      finished: true,
    });
  });

  it('does not count a failure from before, nor one that a later read made good', async () => {
    const before = entryOf(FIRST, { state: 'failed', claim: 3, attempts: 10, lastError: 'status 403' });
    const { look, ledger } = await world([before]);
    ledger.set(done(SECOND));
    expect(await look()).toMatchObject({ failed: [], finished: false });
    ledger.set({ ...before, claim: 4, attempts: 11 });
    expect(await look()).toMatchObject({ failed: [{ window: FIRST }], finished: true });
  });

  it('counts a window as read whose next read failed', async () => {
    const { look, ledger } = await world();
    ledger.set(done(FIRST, { state: 'failed', claim: 2, attempts: 1 }), done(SECOND));
    expect(await look()).toMatchObject({ windowsDone: 2, failed: [], finished: true });
  });

  it('ends with a window whose read lost rows, and lists it', async () => {
    const { look, ledger } = await world();
    ledger.set(done(FIRST, { state: 'shrunk' }), done(SECOND));
    expect(await look()).toMatchObject({ windowsDone: 2, shrunk: [FIRST], finished: true });
  });

  it('waits for the confirming read where it comes at once', async () => {
    const { look, ledger } = await world([], true);
    ledger.set(done(FIRST, { state: 'shrunk' }), done(SECOND));
    expect(await look()).toMatchObject({ windowsDone: 1, shrunk: [FIRST], finished: false });
    ledger.set(done(FIRST, { claim: 2, done: 2 }));
    expect(await look()).toMatchObject({ windowsDone: 2, shrunk: [], finished: true });
  });

  it('does not look again at days that are finished', async () => {
    const { look, looks, ledger } = await world();
    ledger.set(done(FIRST));
    await look();
    looks.length = 0;
    expect(await look()).toMatchObject({ windowsDone: 1, daysDone: 1 });
    expect(looks).toEqual(['2026-11-23']);
  });
});

describe('a window that could not be read and is tried again', () => {
  it('is told with its reason until it is read, and only if it failed since', async () => {
    const before = entryOf(SECOND, { attempts: 3, lastError: 'long ago' });
    const { look, ledger } = await world([before]);
    expect(await look()).toMatchObject({ retrying: [] });
    ledger.set(entryOf(FIRST, { claim: 1, attempts: 1, lastError: 'status 503' }));
    expect(await look()).toMatchObject({ retrying: [{ window: FIRST, reason: 'status 503' }], failed: [] });
    ledger.set(done(FIRST));
    expect(await look()).toMatchObject({ windowsDone: 1, retrying: [] });
  });
});

describe('waiting for a backfill', () => {
  it('looks until it is finished, and tells each time', async () => {
    const { look, ledger } = await world();
    const told: BackfillProgress[] = [];
    const waits: number[] = [];
    const wait = async (ms: number) => {
      await Promise.resolve();
      waits.push(ms);
      ledger.set(done(waits.length === 1 ? FIRST : SECOND));
    };
    const onProgress = (progress: BackfillProgress) => void told.push(progress);
    const last = await waitForBackfill(look, wait, { pollMs: 250, onProgress });
    expect(told.map((progress) => progress.windowsDone)).toEqual([0, 1, 2]);
    expect(last).toBe(told.at(-1));
    expect(waits).toEqual([250, 250]);
  });

  it('ends when the wait is given up', async () => {
    const { look } = await world();
    const wait = () => Promise.reject(new Error('stopped'));
    await expect(waitForBackfill(look, wait, { pollMs: 250 })).rejects.toThrow('stopped');
  });
});
