import type { Measures } from './measures.ts';

/** Columns by which a day's calls are summed beside users. */
export const BREAKDOWN_DIMENSIONS = [
  'callType',
  'usageCountryCode',
  'destinationName',
  'licenseCapability',
  'inventoryType',
  'operator',
] as const;

export type BreakdownDimension = (typeof BREAKDOWN_DIMENSIONS)[number];

/** Sums of the calls of one day that have this value in this column, in one currency. */
export interface BreakdownTotals extends Measures {
  dimension: BreakdownDimension;
  /** Null for calls that have none. */
  value: string | null;
  currency: string | null;
}
