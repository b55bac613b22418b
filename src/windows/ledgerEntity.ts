import type { Entity, EntityProperties } from '../storage/tables.ts';
import { windowOfId } from './grid.ts';
import type { LedgerEntry, WindowState } from './ledger.ts';

/** Columns of a window that nobody has read: every window has the same ones. */
export const NEVER_READ = {
  state: 'planned',
  claim: 0,
  done: 0,
  attempts: 0,
  rows: 0,
  rejected: 0,
  reads: 0,
} as const satisfies EntityProperties;

const OPTIONAL_TEXTS = [
  'plannedAt',
  'claimedAt',
  'notified',
  'digest',
  'firstReadAt',
  'lastReadAt',
  'changedAt',
  'lastError',
  'shrunkAt',
] as const satisfies readonly (keyof LedgerEntry)[];

const STATES: readonly WindowState[] = ['planned', 'read', 'shrunk', 'failed'];

/** A row of the `windows` table as what is known of its window. Missing columns are those of a window never read. */
export function toEntry({ rowKey, etag, properties }: Entity): LedgerEntry {
  const entry: LedgerEntry = {
    window: windowOfId(rowKey),
    etag,
    state: STATES.find((state) => state === properties['state']) ?? NEVER_READ.state,
    claim: countIn(properties, 'claim'),
    done: countIn(properties, 'done'),
    attempts: countIn(properties, 'attempts'),
    rows: countIn(properties, 'rows'),
    rejected: countIn(properties, 'rejected'),
    reads: countIn(properties, 'reads'),
  };
  for (const name of OPTIONAL_TEXTS) {
    const value = properties[name];
    if (typeof value === 'string') entry[name] = value;
  }
  const { lane, shrunkClaim, unverified } = properties;
  if (lane === 'live' || lane === 'backfill') entry.lane = lane;
  if (typeof shrunkClaim === 'number') entry.shrunkClaim = shrunkClaim;
  if (unverified === true) entry.unverified = true;
  return entry;
}

/** A count of an entity; 0 if it has none. */
export function countIn(properties: EntityProperties | undefined, name: string): number {
  const value = properties?.[name];
  return typeof value === 'number' ? value : 0;
}
