import { parseInstant, type Instant } from '../../../src/graph/instant.ts';
import type { Tenant } from '../../../src/local/graph/tenant.ts';
import type { WireRow, WireValue } from '../../../src/local/graph/wire.ts';

export const instant = (text: string): Instant => {
  const read = parseInstant(text);
  if (read === undefined) throw new Error(`no instant: ${text}`);
  return read;
};

/** After every row of 2026 has been published and stopped to change. */
export const LATER = Date.parse('2027-02-01T00:00:00Z');

/** All rows of a range, both bounds included. */
export const rowsOf = (tenant: Tenant, from: string, to: string, nowMs = LATER): WireRow[] =>
  tenant.rows({ from: instant(from), to: instant(to), nowMs, skip: 0, limit: Number.MAX_SAFE_INTEGER });

/** All rows of a UTC day. */
export const rowsOfDay = (tenant: Tenant, date: string, nowMs = LATER): WireRow[] =>
  rowsOf(tenant, `${date}T00:00:00Z`, `${date}T23:59:59.9999999Z`, nowMs);

export const literalOf = (value: WireValue | undefined): string | null =>
  typeof value === 'object' && value !== null && 'literal' in value ? value.literal : null;

export const textOf = (value: WireValue | undefined): string => {
  if (typeof value !== 'string') throw new Error(`no text: ${JSON.stringify(value)}`);
  return value;
};
