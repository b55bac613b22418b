import { parseNcrontab } from '../runtime/ncrontab.ts';
import { byExpiry, type Gap } from '../windows/expiringGaps.ts';
import { toInstant, WINDOW_MS } from '../windows/grid.ts';
import { type FoldedWindows, spanText } from './foldWindows.ts';
import { oneLine } from './oneLine.ts';
import type { Status } from './status.ts';

export interface AttentionOptions {
  nowMs: number;
  /** NCRONTAB of the planner's timer, UTC. */
  schedule: string;
  /** Windows that begin earlier than this many days ago are read only by command. */
  sourceDays: number;
}

const SHOWN_REASONS = 5;

/** What needs a hand, most urgent first, each with what to do next. */
export function needsAttention(
  status: Omit<Status, 'attention'>,
  { nowMs, schedule, sourceDays }: AttentionOptions,
): string[] {
  const { planner, windows, coverage, queues, rejected, days, unread, missing, deadLetters } = status;
  const found: string[] = [];
  if (missing.length > 0) {
    found.push(
      `Missing: ${missing.join(', ')}. Deploy the infrastructure again, or start "pstn local", which makes what is missing.`,
    );
  }
  const nothingRead = coverage.from === undefined;
  if (planner === undefined && nothingRead && missing.length === 0) {
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
  found.push(...foldedLines(unread.failed, 'Failed'));
  found.push(
    ...foldedLines(
      unread.stranded,
      `Asked for more than a day ago and never read, and older than ${sourceDays} days, so that only "pstn backfill" asks again`,
    ),
  );
  found.push(...gapLines(coverage.gaps, nowMs, sourceDays));
  if (status.deletedBlobs.length > 0) {
    found.push(
      `Raw files are gone of windows that had calls: ${shortList(status.deletedBlobs)}. The totals stay as they were; ` +
        `what is younger than ${sourceDays} days is read again by itself, older windows by "pstn backfill".`,
    );
  }
  if (windows.shrunk > 0) {
    found.push(`${windows.shrunk} windows lost rows in their last read and wait for a second one to agree.`);
  }
  for (const { queue, deadLetters: count, orMore } of queues) {
    if (count === 0) continue;
    const reasons = byReason(deadLetters.filter((letter) => letter.queue === queue));
    found.push(`${count}${orMore ? ' or more' : ''} dead letters in ${queue}${reasons}.`);
  }
  if (days.incomplete > 0) found.push(`${days.incomplete} days are being summed, or were left half-way.`);
  const rows = rejected.inWindows + rejected.withoutDay;
  if (rows > 0)
    found.push(`${rows} rows do not fit and lie below rejected/v1/ in pstn-raw, each with its reason.`);
  return found;
}

/** One line a reason, the newest windows first. */
function foldedLines(folded: readonly FoldedWindows[], what: string): string[] {
  const lines = folded
    .slice(0, SHOWN_REASONS)
    .map((line) => `${what}: ${spanText(line)}: ${oneLine(line.reason)}`);
  const others = folded.slice(SHOWN_REASONS).reduce((sum, { windows }) => sum + windows, 0);
  if (others > 0)
    lines.push(`${what}: ${others} more windows for other reasons; "pstn status --json" has all.`);
  return lines;
}

/** What is about to be lost first. */
function gapLines(gaps: Status['coverage']['gaps'], nowMs: number, sourceDays: number): string[] {
  const parts = gaps.map(({ from, to }) =>
    byExpiry({ fromMs: Date.parse(from), toMs: Date.parse(to) }, nowMs, sourceDays),
  );
  const shown = ({ fromMs, toMs }: Gap): string =>
    `${toInstant(fromMs)} to ${toInstant(toMs)} (${(toMs - fromMs) / WINDOW_MS} hours)`;
  return [
    ...parts
      .flatMap(({ soon }) => soon)
      .map(
        (gap) =>
          `Not read, and soon out of reach: ${shown(gap)}. Microsoft Graph is asked for calls of the last ${sourceDays} ` +
          'days only. Read them now with "pstn backfill", and see why the pipeline does not.',
      ),
    ...parts
      .flatMap(({ lost }) => lost)
      .map(
        (gap) =>
          `Not read, and older than ${sourceDays} days: ${shown(gap)}. Microsoft Graph may no longer have these calls; ` +
          '"pstn backfill" asks for them.',
      ),
    ...parts.flatMap(({ later }) => later).map((gap) => `Not read: ${shown(gap)}.`),
  ];
}

const SHOWN_WINDOWS = 5;

const shortList = (ids: readonly string[]): string =>
  ids.length <= SHOWN_WINDOWS
    ? ids.join(', ')
    : `${ids.slice(0, SHOWN_WINDOWS).join(', ')} and ${ids.length - SHOWN_WINDOWS} more`;

/** The reasons, most frequent first: `: 2 times "...", once "..."`; empty if none is known. */
function byReason(letters: Status['deadLetters']): string {
  const counts = new Map<string, number>();
  for (const { reason } of letters) {
    const line = oneLine(reason);
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const shown = sorted
    .slice(0, SHOWN_REASONS)
    .map(([reason, count]) => `${count === 1 ? 'once' : `${count} times`} "${reason}"`);
  if (sorted.length > SHOWN_REASONS) shown.push('and other reasons');
  return shown.length === 0 ? '' : `: ${shown.join(', ')}`;
}

/** How often the timer should have run after its last run; counted up to 2. */
function missedTicks(schedule: string, lastTickMs: number, nowMs: number): number {
  const { next } = parseNcrontab(schedule);
  let missed = 0;
  for (let tickMs = next(lastTickMs); tickMs <= nowMs && missed < 2; tickMs = next(tickMs)) missed += 1;
  return missed;
}
