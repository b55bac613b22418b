import type { Entity } from '../../../src/storage/tables.ts';
import { DAY_HEAD } from './days.ts';
import { differs, mapDifferences, objectIn } from './differences.ts';
import type { Facts } from './facts.ts';
import { foldCalls } from './fold.ts';
import { datesOfMonth, monthOfDate, windowsOfDate } from './hours.ts';
import { headDifferences, strangeKeys, totalsDifferences, versionDifferences } from './partition.ts';

const MONTH_HEAD = '!month';

/** The totals of every billing month are those of the calls of its days, and its head names their snapshots. */
export function judgeMonths(facts: Facts): string[] {
  const { dailyTotals, monthlyTotals, final } = facts;
  const folded = [...dailyTotals].flatMap(([date, partition]) => {
    const head = partition.get(DAY_HEAD);
    return typeof head?.properties['snapshot'] === 'string' ? [date] : [];
  });
  const months = new Set(folded.map((date) => monthOfDate(date, final.billingDay)));
  // A month of another billing day keeps an empty partition.
  for (const month of monthlyTotals.keys()) months.add(month);
  const heads = [...monthlyTotals.values()].flatMap((partition) => partition.get(MONTH_HEAD) ?? []);
  return [
    ...[...months].sort().flatMap((month) => monthDifferences(month, facts)),
    ...versionDifferences('months', heads),
  ];
}

function monthDifferences(month: string, { dailyTotals, monthlyTotals, expected, final }: Facts): string[] {
  const what = `month ${month}`;
  const partition = monthlyTotals.get(month) ?? new Map<string, Entity>();
  const days = datesOfMonth(month, final.billingDay).map((date) => ({
    date,
    head: dailyTotals.get(date)?.get(DAY_HEAD)?.properties,
  }));
  const folded = days.filter(({ head }) => head?.['snapshot'] !== undefined);
  const windows = folded.flatMap(({ date }) => windowsOfDate(date));
  const calls = windows.flatMap((id) => expected.fitting.get(id)?.map(({ call }) => call) ?? []);
  const fold = foldCalls(calls);
  const totals = [
    ...totalsDifferences(what, partition.values(), fold),
    ...strangeKeys(what, partition.keys(), /^!month$/),
  ];
  const head = partition.get(MONTH_HEAD);
  if (head === undefined) return [`${what}: there is no head`, ...totals];

  const { properties } = head;
  const states = days.map((day) =>
    day.head?.['snapshot'] === undefined ? 'provisional' : day.head['state'],
  );
  const state = ['provisional', 'restated'].find((one) => states.includes(one)) ?? 'settled';
  const rejected = windows.reduce((sum, id) => sum + (expected.rejected.get(id)?.length ?? 0), 0);
  return [
    ...totals,
    ...headDifferences(`${what} head`, head),
    ...mapDifferences(
      `${what} head: vector`,
      objectIn(properties['vector']) ?? {},
      Object.fromEntries(folded.map(({ date, head: day }) => [date, day?.['snapshot']])),
    ),
    ...differs(`${what} head: state`, properties['state'], state),
    ...differs(`${what} head: rows`, properties['rows'], fold.rows),
    ...differs(`${what} head: rejected`, properties['rejected'], rejected),
  ];
}
