import { parseNcrontab } from '../runtime/ncrontab.ts';
import type { Status } from './status.ts';

export interface AttentionOptions {
  nowMs: number;
  /** NCRONTAB of the planner's timer, UTC. */
  schedule: string;
}

/** What needs a hand, most urgent first, each with what to do next. */
export function needsAttention(
  status: Omit<Status, 'attention'>,
  { nowMs, schedule }: AttentionOptions,
): string[] {
  const { planner, windows, coverage, queues, rejected, days, failed } = status;
  const found: string[] = [];
  const nothingRead = coverage.from === undefined;
  if (planner === undefined && nothingRead) {
    found.push(
      'Nothing has ever been planned or read. Is the function app running? Its timer function planWindows runs by ' +
        `PLAN_SCHEDULE (${schedule}); "pstn backfill --from ... --to ..." reads a range at once.`,
    );
  }
  const lastTickMs = planner?.lastTickAt === undefined ? undefined : Date.parse(planner.lastTickAt);
  if (lastTickMs !== undefined && missedTicks(schedule, lastTickMs, nowMs) >= 2) {
    found.push(
      `The timer has stopped: planWindows ran last at ${new Date(lastTickMs).toISOString()}. ` +
        'Restart the function app and look at its log.',
    );
  }
  if (windows.failed > 0) {
    const newest = failed[0];
    found.push(
      `${windows.failed} windows failed` +
        (newest === undefined ? '.' : `; the newest, ${newest.window}: ${newest.reason}`),
    );
  }
  for (const gap of coverage.gaps) {
    found.push(`Not read: ${gap.from} to ${gap.to} (${gap.hours} hours).`);
  }
  if (windows.shrunk > 0) {
    found.push(`${windows.shrunk} windows lost rows in their last read and wait for a second one to agree.`);
  }
  for (const { queue, deadLetters, orMore } of queues) {
    if (deadLetters === 0) continue;
    found.push(`${deadLetters}${orMore ? ' or more' : ''} dead letters in ${queue}.`);
  }
  if (days.incomplete > 0) found.push(`${days.incomplete} days are being summed, or were left half-way.`);
  const rows = rejected.inWindows + rejected.withoutDay;
  if (rows > 0)
    found.push(`${rows} rows do not fit and lie below rejected/v1/ in pstn-raw, each with its reason.`);
  return found;
}

/** How often the timer should have run after its last run; counted up to 2. */
function missedTicks(schedule: string, lastTickMs: number, nowMs: number): number {
  const { next } = parseNcrontab(schedule);
  let missed = 0;
  for (let tickMs = next(lastTickMs); tickMs <= nowMs && missed < 2; tickMs = next(tickMs)) missed += 1;
  return missed;
}
