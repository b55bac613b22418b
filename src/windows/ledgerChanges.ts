import type { EntityProperties } from '../storage/tables.ts';
import type { ReadOutcome, ShrunkOutcome, Unless, WindowState } from './ledger.ts';
import { countIn, NEVER_READ } from './ledgerEntity.ts';

/** A reason is for a person; the log has the rest. */
const MAX_REASON_UNITS = 2_000;

export const instantOf = (atMs: number): string => new Date(atMs).toISOString();

/** What a read leaves behind that is the newest of all. */
const NOTHING_DOUBTED = {
  state: 'read',
  attempts: 0,
  lastError: undefined,
  accepted: undefined,
  shrunkAt: undefined,
  shrunkClaim: undefined,
  unfenced: undefined,
} as const;

/** Largest claim of a read that was believed: a column of its own only while larger ones were not. */
const acceptedIn = (properties: EntityProperties): number =>
  countIn(properties, properties['accepted'] === undefined ? 'done' : 'accepted');

/** A read that ended and is believed. */
export function afterRead(
  properties: EntityProperties,
  { claim: read, ...outcome }: ReadOutcome,
): EntityProperties {
  const done = countIn(properties, 'done');
  // A newer read has told of a newer blob: what this one told of may be gone.
  if (read.number < acceptedIn(properties)) return properties;
  const at = instantOf(read.atMs);
  const reads = countIn(properties, 'reads');
  // Newer ones may have ended that are not believed; what they say of the window stands.
  const stands = read.number < done ? { accepted: read.number } : NOTHING_DOUBTED;
  return {
    ...NEVER_READ,
    ...properties,
    ...stands,
    // The claim of this read may be in a table that was lost since.
    claim: Math.max(read.number, countIn(properties, 'claim')),
    done: Math.max(read.number, done),
    notified: outcome.notified,
    unverified: isUnverified(properties, outcome) || undefined,
    rows: outcome.rows,
    digest: outcome.digest,
    rejected: outcome.rejected,
    reads: reads + 1,
    firstReadAt: properties['firstReadAt'] ?? at,
    lastReadAt: at,
    changedAt: outcome.changed ? at : properties['changedAt'],
  };
}

/** An old window that was never found to have rows: Graph may have had some. */
const isUnverified = (properties: EntityProperties, { isOld, rows }: Pick<ReadOutcome, 'isOld' | 'rows'>) =>
  isOld && rows === 0 && (countIn(properties, 'reads') === 0 || properties['unverified'] === true);

/** A read that ended and is not believed. */
export function afterShrunk(
  properties: EntityProperties,
  { claim: read, isWitness, notified }: ShrunkOutcome,
  alone: boolean,
): EntityProperties {
  if (read.number < countIn(properties, 'done')) return properties;
  return {
    ...NEVER_READ,
    ...properties,
    notified,
    claim: Math.max(read.number, countIn(properties, 'claim')),
    done: read.number,
    accepted: acceptedIn(properties),
    state: 'shrunk',
    attempts: 0,
    lastError: undefined,
    ...(isWitness && { shrunkAt: instantOf(read.atMs), shrunkClaim: read.number }),
    // It writes no blob that would hold back an older read: whoever comes next has to.
    ...(!alone && { unfenced: true }),
  };
}

/** As before a claim that was alone when it was taken, unless another was taken since: that one knows of it. */
export const withoutClaim = (properties: EntityProperties, claim: number): EntityProperties =>
  countIn(properties, 'claim') === claim ? { ...properties, claim: countIn(properties, 'done') } : properties;

/** Whether a window has been read although somebody is about to record a failure of it. */
export function hasEnded(properties: EntityProperties, { readSinceMs, endedClaim }: Unless): boolean {
  const { lastReadAt } = properties;
  const isRead =
    readSinceMs !== undefined && typeof lastReadAt === 'string' && Date.parse(lastReadAt) >= readSinceMs;
  return isRead || (endedClaim !== undefined && countIn(properties, 'done') >= endedClaim);
}

/** An attempt that failed; `final` gives the window up. */
export function afterFailure(properties: EntityProperties, reason: string, final: boolean): EntityProperties {
  const attempts = countIn(properties, 'attempts');
  return {
    ...NEVER_READ,
    ...(final ? { ...properties, state: 'failed' } : triedAgain(properties)),
    attempts: attempts + 1,
    lastError: reason.slice(0, MAX_REASON_UNITS),
  };
}

/** A window that failed and is tried again is no longer given up. */
export const triedAgain = (properties: EntityProperties): EntityProperties =>
  properties['state'] === 'failed' ? { ...properties, state: stateBeforeFailure(properties) } : properties;

function stateBeforeFailure(properties: EntityProperties): WindowState {
  if (properties['shrunkClaim'] !== undefined) return 'shrunk';
  return countIn(properties, 'reads') > 0 ? 'read' : 'planned';
}
