import { BREAKDOWN_DIMENSIONS, type BreakdownDimension, type BreakdownTotals } from './breakdown.ts';
import type { UserTotals } from './fold.ts';
import { addMeasures, type Measures, noMeasures } from './measures.ts';
import { entriesOf, pairOf, type Pairs } from './pairs.ts';
import type { DaySnapshot } from './snapshot.ts';

/** Changes whenever the same snapshots would give other totals: every month is then folded again. */
const MONTH_FOLD_VERSION = '1';

/** What months are folded by. The billing day is part of it: another one makes other months of the same days. */
export const monthFoldVersion = (billingDay: number): string =>
  `${MONTH_FOLD_VERSION},billingDay=${billingDay}`;

/** What a month needs of a day. */
export type DayOfMonth = Pick<DaySnapshot, 'date' | 'rows' | 'rejected' | 'totals' | 'breakdowns'>;

export interface FoldedMonth {
  totals: UserTotals[];
  breakdowns: BreakdownTotals[];
  /** Rows that the totals count. */
  rows: number;
  /** Rows of these days that did not fit and are not in the totals. */
  rejected: number;
}

type UserSums = Omit<UserTotals, 'userId' | 'currency'>;

/**
 * The totals of a month. Holds the sums and one day at a time. A user's names are those of the latest day that
 * has them: of its latest call.
 * @param days ascending. @throws RangeError if they are not.
 */
export async function foldMonth(
  days: AsyncIterable<DayOfMonth> | Iterable<DayOfMonth>,
): Promise<FoldedMonth> {
  const users: Pairs<UserSums> = new Map();
  const breakdowns = new Map<BreakdownDimension, Pairs<Measures>>(
    BREAKDOWN_DIMENSIONS.map((dimension) => [dimension, new Map()]),
  );
  let rows = 0;
  let rejected = 0;
  let before = '';
  for await (const day of days) {
    if (day.date <= before) throw new RangeError(`day ${day.date} of a month comes after ${before}`);
    before = day.date;
    rows += day.rows;
    rejected += day.rejected;
    for (const { userId, currency, ...one } of day.totals) {
      addUser(
        pairOf(users, userId, currency, () => nothing(one)),
        one,
      );
    }
    for (const { dimension, value, currency, ...measures } of day.breakdowns) {
      const ofDimension = breakdowns.get(dimension);
      if (ofDimension !== undefined) addMeasures(pairOf(ofDimension, value, currency, noMeasures), measures);
    }
  }
  return {
    totals: Array.from(entriesOf(users), ([userId, currency, sums]) => ({ userId, currency, ...sums })),
    breakdowns: [...breakdowns].flatMap(([dimension, pairs]) =>
      Array.from(entriesOf(pairs), ([value, currency, measures]) => ({
        dimension,
        value,
        currency,
        ...measures,
      })),
    ),
    rows,
    rejected,
  };
}

const nothing = ({ firstCallAt, lastCallAt }: UserSums): UserSums => ({
  userPrincipalName: null,
  userDisplayName: null,
  ...noMeasures(),
  firstCallAt,
  lastCallAt,
});

function addUser(sums: UserSums, later: UserSums): void {
  addMeasures(sums, later);
  sums.userPrincipalName = later.userPrincipalName ?? sums.userPrincipalName;
  sums.userDisplayName = later.userDisplayName ?? sums.userDisplayName;
  sums.lastCallAt = later.lastCallAt;
}
