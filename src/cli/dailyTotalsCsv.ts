import { stringify } from 'csv-stringify/sync';
import type { UserTotals } from '../totals/fold.ts';
import { formatMicros } from '../totals/money.ts';

const COLUMNS = [
  'date',
  'state',
  'userId',
  'userPrincipalName',
  'userDisplayName',
  'currency',
  'calls',
  'callsIn',
  'callsOut',
  'durationSeconds',
  'charge',
  'connectionCharge',
  'callsUnpriced',
  'firstCallAt',
  'lastCallAt',
] as const;

export interface DayOfTotals {
  /** UTC date. */
  date: string;
  state: string;
  totals: readonly UserTotals[];
}

/**
 * RFC 4180 with a header line, money exact with 6 places, instants UTC. Text that a spreadsheet would run as a
 * formula is made harmless by an apostrophe.
 */
export function dailyTotalsCsv(days: readonly DayOfTotals[]): string {
  const rows = days.flatMap(({ date, state, totals }) =>
    totals.map((one) => ({
      ...one,
      date,
      state,
      charge: formatMicros(one.chargeMicros),
      connectionCharge: formatMicros(one.connectionChargeMicros),
    })),
  );
  return stringify(rows, {
    header: true,
    columns: [...COLUMNS],
    record_delimiter: 'windows',
    escape_formulas: true,
    cast: {
      // A credit begins with a minus sign and is still a number.
      string: (value, { column }) =>
        column === 'charge' || column === 'connectionCharge' ? { value, escape_formulas: false } : value,
    },
  });
}
