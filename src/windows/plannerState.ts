import * as z from 'zod';
import { type BlobContainer, isConflict } from '../storage/blobs.ts';
import { dayMemory } from './dayMemory.ts';
import { DAY_MS, WINDOW_MS } from './grid.ts';
import type { PlannerSettings } from './plannerSettings.ts';

/** In `pstn-control`: what the planner remembers from tick to tick. */
export const PLANNER_STATE_BLOB = 'planner/v1/state.json';

const instant = z.iso.datetime();

// Loose: what a newer version added is kept when an older one writes.
const plannerState = z.looseObject({
  /** Windows from here on are read without being asked for. Set once. */
  coverageFrom: instant,
  lastTickAt: instant.optional(),
  lastDailyPassAt: instant.optional(),
  lastWeeklyPassAt: instant.optional(),
  /** By date: what was seen of a day when the planner last looked at it. */
  days: z.record(z.iso.date(), dayMemory).default({}),
  /** By month: ETag of a month's head that was being written when the planner last looked. */
  openMonths: z.record(z.string(), z.string()).default({}),
});

export type PlannerState = z.infer<typeof plannerState>;
export interface StoredPlannerState {
  state: PlannerState;
  etag: string;
}

/**
 * The start of coverage at the first planning: the day that began `initialDays` days ago, but nothing that is
 * older than Graph is trusted to answer.
 */
export function coverageStartMs(nowMs: number, settings: PlannerSettings): number {
  const wantedMs = Math.floor((nowMs - settings.initialBackfillDays * DAY_MS) / DAY_MS) * DAY_MS;
  const oldestMs = Math.ceil((nowMs - settings.sourceDays * DAY_MS) / WINDOW_MS) * WINDOW_MS;
  return Math.max(wantedMs, oldestMs);
}

/** The planner's state cannot be read; the message says what to do. */
export class PlannerStateError extends Error {
  override readonly name = 'PlannerStateError';
}

/** Undefined before the first planning. @throws PlannerStateError if the blob holds something else. */
export async function readPlannerState(control: BlobContainer): Promise<StoredPlannerState | undefined> {
  const blob = await control.read(PLANNER_STATE_BLOB);
  if (blob === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of blob.chunks) chunks.push(chunk);
  return { state: parseState(control.name, Buffer.concat(chunks).toString('utf8')), etag: blob.etag };
}

/** Writes the first state, or reads the one that another tick wrote just before. */
export async function createPlannerState(
  control: BlobContainer,
  coverageFromMs: number,
): Promise<StoredPlannerState> {
  const state = { coverageFrom: new Date(coverageFromMs).toISOString(), days: {}, openMonths: {} };
  try {
    const { etag } = await control.put(PLANNER_STATE_BLOB, encode(state), {
      condition: 'absent',
      contentType: 'application/json',
    });
    return { state, etag };
  } catch (error) {
    if (!isConflict(error)) throw error;
    const stored = await readPlannerState(control);
    if (stored === undefined) throw error;
    return stored;
  }
}

/** False if another tick wrote since the state was read: what that one saw is as good. */
export async function savePlannerState(
  control: BlobContainer,
  { state, etag }: StoredPlannerState,
): Promise<boolean> {
  try {
    await control.put(PLANNER_STATE_BLOB, encode(state), {
      condition: { ifMatch: etag },
      contentType: 'application/json',
    });
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}

const encode = (state: PlannerState): Uint8Array => Buffer.from(`${JSON.stringify(state)}\n`, 'utf8');

function parseState(container: string, text: string): PlannerState {
  try {
    return plannerState.parse(JSON.parse(text));
  } catch (cause) {
    throw new PlannerStateError(
      `${container}/${PLANNER_STATE_BLOB} is not the planner's state; delete this blob, and coverage begins anew ` +
        'from INITIAL_BACKFILL_DAYS (windows that were read stay read)',
      { cause },
    );
  }
}
