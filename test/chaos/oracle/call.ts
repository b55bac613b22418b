import { micros, textOrNull, ticksOf } from '../../support/expectedDay.ts';

/** Columns by which a day is summed beside users. */
export const DIMENSIONS = [
  'callType',
  'usageCountryCode',
  'destinationName',
  'licenseCapability',
  'inventoryType',
  'operator',
] as const;

/** What the totals need of one row that fits. */
export interface Call {
  /** Null if it has none, or an empty one. */
  id: string | null;
  /** The row as it is landed: two calls with one line are equal in every column. */
  line: string;
  /** Milliseconds since the epoch, and units of 100 ns after them. */
  startMs: number;
  startTicks: number;
  startDateTime: string;
  /** In lower case. */
  userId: string | null;
  userPrincipalName: string | null;
  userDisplayName: string | null;
  currency: string | null;
  direction: string | undefined;
  seconds: number;
  chargeMicros: bigint | null;
  connectionMicros: bigint | null;
  /** In the order of {@link DIMENSIONS}. */
  values: readonly (string | null)[];
  /** Unlike those of any other user and currency; of any other dimension, value and currency. */
  userKey: string;
  valueKeys: readonly string[];
}

/** @param row as Graph gives it, or as it was landed: the columns have one name and one value in both. */
export function callOf(row: Readonly<Record<string, unknown>>, line: string): Call {
  const text = (name: string): string | null => textOrNull(row[name]) ?? null;
  const money = (name: string): bigint | null => {
    const value = row[name];
    return typeof value === 'number' ? micros(value) : null;
  };
  const { id, callType, duration } = row;
  const ticks = ticksOf(row['startDateTime']) ?? 0n;
  const userId = text('userId')?.toLowerCase() ?? null;
  const currency = text('currency');
  const values = DIMENSIONS.map(text);
  return {
    id: typeof id === 'string' && id !== '' ? id : null,
    line,
    startMs: Number(ticks / 10_000n),
    startTicks: Number(ticks % 10_000n),
    startDateTime: String(row['startDateTime']),
    userId,
    userPrincipalName: text('userPrincipalName'),
    userDisplayName: text('userDisplayName'),
    currency,
    direction: typeof callType === 'string' ? callType.split('_')[1] : undefined,
    seconds: typeof duration === 'number' ? duration : 0,
    chargeMicros: money('charge'),
    connectionMicros: money('connectionCharge'),
    values,
    userKey: keyOf(userId, currency),
    valueKeys: values.map((value, at) => `${DIMENSIONS[at] ?? ''} ${keyOf(value, currency)}`),
  };
}

/** Null is no text, and no text ends in another. */
const keyOf = (a: string | null, b: string | null): string =>
  `${a?.length ?? 'none'}:${a ?? ''}${b?.length ?? 'none'}:${b ?? ''}`;
