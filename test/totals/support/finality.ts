import { expect } from 'vitest';
import { readSnapshot } from '../../../src/totals/snapshot.ts';
import { readDayHead, readRestatements } from '../../../src/totals/totalsReader.ts';
import { windowsOfDay } from '../../../src/windows/grid.ts';
import { DATE, type DayWorld } from './dayWorld.ts';
import { countedLines, expectedDay } from './oracle.ts';
import type { TestBlob } from './calls.ts';

/** Late enough after every window of the day, by the worlds' 72 hours. */
export const SETTLING = '2026-11-27T00:00:00.000Z';

/** Every window has been read at that time, those without calls as well. */
export function settle(world: DayWorld, lastReadAt = SETTLING): void {
  for (const window of windowsOfDay(DATE)) {
    const known = world.ledger.get(window.hour);
    const entry = known ?? {
      ...({ window, etag: '', state: 'read', claim: 1, done: 1, attempts: 0, rows: 0 } as const),
      ...({ rejected: 0, reads: 1, lane: 'live' } as const),
    };
    world.ledger.set(window.hour, { ...entry, lastReadAt });
  }
}

export async function emptyTable({ dailyTotals }: DayWorld): Promise<void> {
  const keys = dailyTotals.all().map(({ rowKey }) => rowKey);
  for (let at = 0; at < keys.length; at += 100) {
    const operations = keys.slice(at, at + 100).map((rowKey) => ({ kind: 'delete' as const, rowKey }));
    await dailyTotals.transact(DATE, operations);
  }
}

/** What the blobs that a snapshot names come to: sums by currency, and the rows themselves. */
async function contentOf(world: DayWorld, name: string | undefined) {
  const snapshot = await readSnapshot(world.control, name ?? 'none');
  if (snapshot === undefined) throw new Error(`no snapshot ${name ?? ''}`);
  const blobs = Object.values(snapshot.vector).map((etag): TestBlob => {
    const blob = world.history.get(etag);
    if (blob === undefined) throw new Error('a snapshot names a blob that never was');
    return blob;
  });
  return { sums: sumsOf(blobs), lines: countedLines(DATE, blobs) };
}

const money = (micros: bigint): string => {
  const digits = String(micros < 0n ? -micros : micros).padStart(7, '0');
  return `${micros < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
};

/** Sums by currency as restatements give them. */
export function sumsOf(blobs: readonly TestBlob[]) {
  const { totals } = expectedDay(DATE, blobs);
  return [...new Set(totals.map(({ currency }) => currency))]
    .map((currency) => {
      const of = totals.filter((one) => one.currency === currency);
      const sum = (value: (one: (typeof of)[number]) => string | number) =>
        of.reduce((all, one) => all + BigInt(value(one)), 0n);
      return {
        currency,
        calls: Number(sum(({ calls }) => calls)),
        callsUnpriced: Number(sum(({ callsUnpriced }) => callsUnpriced)),
        durationSeconds: Number(sum(({ durationSeconds }) => durationSeconds)),
        charge: money(sum(({ chargeMicros }) => chargeMicros)),
        connectionCharge: money(sum(({ connectionChargeMicros }) => connectionChargeMicros)),
      };
    })
    .sort(byCurrency);
}

const byCurrency = (a: { currency: string | null }, b: { currency: string | null }): number =>
  JSON.stringify(a.currency) < JSON.stringify(b.currency) ? -1 : 1;

const parse = (text: string) => (JSON.parse(text) as ReturnType<typeof sumsOf>).sort(byCurrency);

/**
 * The restatements of a day are a chain from the totals with which it was settled to those of now: each begins
 * where the one before it ended, each moves a row, none is missing.
 * @returns how many there are.
 */
export async function expectChain(world: DayWorld): Promise<number> {
  const head = await readDayHead(world.dailyTotals, DATE);
  const restatements = await readRestatements(world.dailyTotals, DATE);
  expect(restatements.map(({ n }) => n)).toEqual(restatements.map((_, at) => at + 1));
  expect(head?.restatements ?? 0).toBe(restatements.length);
  if (head === undefined || head.state === 'provisional') {
    expect(restatements).toEqual([]);
    expect(head).not.toHaveProperty('settledSnapshot');
    return 0;
  }
  expect(head.state).toBe(restatements.length > 0 ? 'restated' : 'settled');
  let last = await contentOf(world, head.settledSnapshot);
  for (const { from, to, before, after, record } of restatements) {
    const [begin, end] = [await contentOf(world, from), await contentOf(world, to)];
    expect(begin.lines).toEqual(last.lines);
    expect(end.lines).not.toEqual(begin.lines);
    expect(parse(before)).toEqual(begin.sums);
    expect(parse(after)).toEqual(end.sums);
    expect(world.control.blobs.has(record)).toBe(true);
    last = end;
  }
  expect((await contentOf(world, head.snapshot)).lines).toEqual(last.lines);
  return restatements.length;
}
