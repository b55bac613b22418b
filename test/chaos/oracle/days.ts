import type { Entity } from '../../../src/storage/tables.ts';
import { chainDifferences } from './chain.ts';
import { differs, mapDifferences, objectIn } from './differences.ts';
import type { Facts } from './facts.ts';
import { finalityDifferences, isSettledByLedger } from './finality.ts';
import { type Fold, foldCalls } from './fold.ts';
import { snapshotDifferences } from './inForce.ts';
import { dateOfWindow, windowsOfDate } from './hours.ts';
import { headDifferences, strangeKeys, totalsDifferences, versionDifferences } from './partition.ts';

export const DAY_HEAD = '!day';

/** The calls of a day that Graph gives, folded. */
export const foldOfDate = (date: string, { expected }: Facts): Fold =>
  foldCalls(windowsOfDate(date).flatMap((id) => expected.fitting.get(id)?.map(({ call }) => call) ?? []));

/** Totals, breakdowns, head, snapshot and restatements of every day. */
export function judgeDays(facts: Facts): string[] {
  const { dates, dailyTotals } = facts;
  const covered = new Set(dates);
  const others = [...dailyTotals.keys()].filter((date) => !covered.has(date));
  const heads = dates.flatMap((date) => dailyTotals.get(date)?.get(DAY_HEAD) ?? []);
  return [
    ...dates.flatMap((date) => judgeDate(date, facts)),
    ...others.map((date) => `day ${date}: totals of a day that nobody had to read`),
    ...versionDifferences('days', heads),
  ];
}

function judgeDate(date: string, facts: Facts): string[] {
  const what = `day ${date}`;
  const partition = facts.dailyTotals.get(date) ?? new Map<string, Entity>();
  const fold = foldOfDate(date, facts);
  const head = partition.get(DAY_HEAD);
  const totals = [
    ...totalsDifferences(what, partition.values(), fold),
    ...strangeKeys(what, partition.keys(), /^!(day|restated\|.+)$/),
  ];
  if (head === undefined) {
    if (hasBlobs(date, facts)) return [`${what}: there is no head`, ...totals];
    const isLate = isSettledByLedger(date, facts);
    return isLate ? [`${what}: still without a head, though the ledger says that it is settled`] : totals;
  }
  return [
    ...totals,
    ...headDifferences(`${what} head`, head),
    ...sourceDifferences(`${what} head`, date, head, fold, facts),
    ...snapshotDifferences(`${what} head`, head, facts),
    ...finalityDifferences(date, head, facts),
    ...chainDifferences(date, head, partition, facts),
  ];
}

const hasBlobs = (date: string, { raw, rejected }: Facts): boolean =>
  windowsOfDate(date).some((id) => raw.has(id) || (rejected.get(id)?.text ?? '') !== '');

/** The head names exactly the blobs that are there, and counts their rows. */
function sourceDifferences(
  what: string,
  date: string,
  { properties }: Entity,
  { rows }: Fold,
  { raw, expected }: Facts,
): string[] {
  const blobs = [...raw.values()].filter(({ windowId }) => dateOfWindow(windowId) === date);
  const rejected = windowsOfDate(date).reduce((sum, id) => sum + (expected.rejected.get(id)?.length ?? 0), 0);
  const vector = objectIn(properties['vector']);
  return [
    ...(vector === undefined ? [`${what}: vector is no JSON object`] : []),
    ...mapDifferences(
      `${what}: vector`,
      vector ?? {},
      Object.fromEntries(blobs.map(({ windowId, etag }) => [windowId, etag])),
    ),
    ...differs(`${what}: rows`, properties['rows'], rows),
    ...differs(`${what}: rejected`, properties['rejected'], rejected),
    ...differs(`${what}: frozen`, properties['frozen'], false),
  ];
}
