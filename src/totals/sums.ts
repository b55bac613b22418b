import { compareInstants, type Instant } from '../graph/instant.ts';
import type { BreakdownDimension, BreakdownTotals } from './breakdown.ts';
import { BREAKDOWN_DIMENSIONS } from './breakdown.ts';
import type { CallRow } from './callRow.ts';
import type { UserTotals } from './fold.ts';
import { addCall, addMeasures, type Measures, noMeasures } from './measures.ts';
import { entriesOf, pairOf, type Pairs } from './pairs.ts';

/** A text of one call, and the call's place in time. */
export interface Dated {
  text: string;
  start: Instant;
  id: string | null;
}

export interface UserSums extends Measures {
  userPrincipalName: Dated | undefined;
  userDisplayName: Dated | undefined;
  first: Dated;
  last: Dated;
}

/**
 * Sums of any set of calls: of a window, of a day. They keep what a sum of two sums needs, so that the sums of
 * a day's windows make those of the day, in any order.
 */
export interface Sums {
  /** By user and currency. */
  users: Pairs<UserSums>;
  /** By value and currency. */
  breakdowns: Readonly<Record<BreakdownDimension, Pairs<Measures>>>;
}

export const noSums = (): Sums => ({
  users: new Map(),
  breakdowns: Object.fromEntries(
    BREAKDOWN_DIMENSIONS.map((dimension) => [dimension, new Map()]),
  ) as Sums['breakdowns'],
});

export function addRow({ users, breakdowns }: Sums, row: CallRow): void {
  const moment: Dated = { text: row.startDateTime, start: row.start, id: null };
  const user = pairOf(users, userOf(row), row.currency, () => noCalls(moment));
  addCall(user, row);
  const named = (text: string | null): Dated | undefined =>
    text === null ? undefined : { text, start: row.start, id: row.id };
  addTexts(user, {
    first: moment,
    last: moment,
    userPrincipalName: named(row.userPrincipalName),
    userDisplayName: named(row.userDisplayName),
  });
  for (const dimension of BREAKDOWN_DIMENSIONS) {
    addCall(pairOf(breakdowns[dimension], row.dimensions[dimension], row.currency, noMeasures), row);
  }
}

/** Ids of users differ in case between calls of one user. */
export const userOf = (row: CallRow): string | null => row.userId?.toLowerCase() ?? null;

export type KeyedUserSums = UserSums & { userId: string | null; currency: string | null };

/** Adds what is known of one user in one currency. */
export function addUser({ users }: Sums, theirs: KeyedUserSums): void {
  const user = pairOf(users, theirs.userId, theirs.currency, () => noCalls(theirs.first));
  addMeasures(user, theirs);
  addTexts(user, theirs);
}

const noCalls = (moment: Dated): UserSums => ({
  ...noMeasures(),
  userPrincipalName: undefined,
  userDisplayName: undefined,
  first: moment,
  last: moment,
});

function addTexts(sums: UserSums, other: Omit<UserSums, keyof Measures>): void {
  if (compareDated(other.first, sums.first) < 0) sums.first = other.first;
  if (compareDated(other.last, sums.last) > 0) sums.last = other.last;
  sums.userPrincipalName = later(sums.userPrincipalName, other.userPrincipalName);
  sums.userDisplayName = later(sums.userDisplayName, other.userDisplayName);
}

function later(a: Dated | undefined, b: Dated | undefined): Dated | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareDated(b, a) > 0 ? b : a;
}

/** By start, then id (none before all), then text: a total order, so that the order of rows decides nothing. */
const compareDated = (a: Dated, b: Dated): number =>
  compareInstants(a.start, b.start) || compareText(a.id ?? '', b.id ?? '') || compareText(a.text, b.text);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function toTotals({ users }: Sums): UserTotals[] {
  const totals: UserTotals[] = [];
  for (const [userId, currency, sums] of entriesOf(users)) {
    const { first, last, userPrincipalName, userDisplayName, ...measures } = sums;
    totals.push({
      userId,
      currency,
      userPrincipalName: userPrincipalName?.text ?? null,
      userDisplayName: userDisplayName?.text ?? null,
      ...measures,
      firstCallAt: first.text,
      lastCallAt: last.text,
    });
  }
  return totals;
}

export function toBreakdowns({ breakdowns }: Sums): BreakdownTotals[] {
  return BREAKDOWN_DIMENSIONS.flatMap((dimension) =>
    Array.from(entriesOf(breakdowns[dimension]), ([value, currency, measures]) => ({
      dimension,
      value,
      currency,
      ...measures,
    })),
  );
}
