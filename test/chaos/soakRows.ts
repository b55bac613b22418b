import type { Random } from './random.ts';
import type { RowHistory } from './schedule.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface SoakLog {
  /** Calls begin in `[fromMs, toMs)`, relative to the start. */
  fromMs: number;
  toMs: number;
  startMs: number;
  callsADay: number;
}

/** Shares of calls that are not simply there after an hour. */
const LATE = 0.25;
const CHANGED = 0.08;
const WITHDRAWN = 0.03;
const MOVED = 0.02;
const MISFIT = 0.005;
/** How much later a row may come, and how much later it may change. */
const LATEST_MS = 48 * HOUR_MS;
const LAST_CHANGE_MS = 10 * DAY_MS;
const USERS = 60;

/** The log of a tenant over months: rows come up to two days late, some change, go or move up to ten days later. */
export function soakRows(random: Random, { fromMs, toMs, startMs, callsADay }: SoakLog): RowHistory[] {
  const calls = Math.round(((toMs - fromMs) / DAY_MS) * callsADay);
  return Array.from({ length: calls }, (_, at): RowHistory => {
    const calledMs = fromMs + random.below(toMs - fromMs);
    const call = makeCall(random, startMs + calledMs, `call-${at}`);
    const cameMs = calledMs + random.below(random.chance(LATE) ? LATEST_MS : HOUR_MS);
    const laterMs = (): number => Math.min(toMs, cameMs + 1 + random.below(LAST_CHANGE_MS));
    const states: [number, string | null][] = [[cameMs, JSON.stringify(call)]];
    const kind = random.unit();
    if (kind < CHANGED) states.push([laterMs(), JSON.stringify({ ...call, charge: charge(random) })]);
    else if (kind < CHANGED + WITHDRAWN) states.push([laterMs(), null]);
    else if (kind < CHANGED + WITHDRAWN + MOVED) {
      const movedMs = startMs + calledMs + random.pick([-1, 1]) * random.between(1, 120) * 60_000;
      const within = Math.min(Math.max(movedMs, startMs + fromMs), startMs + toMs - 1);
      states.push([laterMs(), JSON.stringify({ ...call, startDateTime: new Date(within).toISOString() })]);
    }
    return { order: random.unit(), states: states.sort(([a], [b]) => a - b) };
  });
}

function makeCall(random: Random, startMs: number, id: string): Record<string, unknown> {
  const user = random.below(USERS);
  return {
    id,
    userId: `${String(user).padStart(8, '0')}-0000-4000-8000-000000000000`,
    userPrincipalName: `user${user}@example.com`,
    userDisplayName: `User ${user}`,
    startDateTime: new Date(startMs).toISOString(),
    duration: random.below(3_600),
    charge: random.chance(MISFIT) ? 0.12345678 : charge(random),
    currency: user % 3 === 0 ? 'EUR' : 'USD',
    callType: random.pick(['user_in', 'user_out', 'ucap_in']),
    usageCountryCode: user % 3 === 0 ? 'DE' : 'US',
    destinationName: random.pick(['Germany', 'United States', 'France', 'Japan']),
  };
}

const charge = (random: Random): number => random.below(5_000_000) / 1_000_000;
