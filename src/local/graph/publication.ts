import { STREAM, randomOf } from './random.ts';
import { HOUR_MS } from './ticks.ts';

/** What happens to a row after it has become visible; at most one thing. */
export interface Revision {
  kind: 'charge' | 'withdrawn';
  atMs: number;
  /** Added to the charge by a correction, in millionths of the currency. */
  addedMicros: number;
}

export interface Publication {
  /** The row is part of answers from this instant on. */
  publishedMs: number;
  revision: Revision | undefined;
}

export const LATENCY_MS = { min: 24 * HOUR_MS, max: 48 * HOUR_MS } as const;
/** Nothing changes later than this after a call's start. */
export const CHANGES_END_MS = 71 * HOUR_MS;

const FIRST_CHANGE_MS = HOUR_MS;
const REVISED_OF = 200;
const WITHDRAWN_OF_REVISED = 5;

/** When the row of a call appears, 24 to 48 hours after its start, and whether and when it changes. */
export function publicationOf(seed: number, day: number, index: number, startMs: number): Publication {
  const random = randomOf(seed, STREAM.publication, day, index);
  const publishedMs = startMs + random.between(LATENCY_MS.min, LATENCY_MS.max - 1);
  if (random.below(REVISED_OF) > 0) return { publishedMs, revision: undefined };
  const kind = random.below(WITHDRAWN_OF_REVISED) === 0 ? 'withdrawn' : 'charge';
  const atMs = random.between(publishedMs + FIRST_CHANGE_MS, startMs + CHANGES_END_MS);
  return { publishedMs, revision: { kind, atMs, addedMicros: random.between(1, 50) * 12_500 } };
}

export const isVisible = ({ publishedMs, revision }: Publication, nowMs: number): boolean =>
  publishedMs <= nowMs && !(revision?.kind === 'withdrawn' && revision.atMs <= nowMs);

/** What a correction has added to the charge by now. */
export const addedMicrosAt = ({ revision }: Publication, nowMs: number): number =>
  revision?.kind === 'charge' && revision.atMs <= nowMs ? revision.addedMicros : 0;
