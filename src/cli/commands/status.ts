import type { Command } from 'commander';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { connectServices } from '../../app/services.ts';
import { type FoldedWindows, spanText } from '../../report/foldWindows.ts';
import { oneLine } from '../../report/oneLine.ts';
import { readStatus, type Status } from '../../report/status.ts';
import type { Cli } from '../cli.ts';
import { durationText } from '../estimate/describeEstimate.ts';
import { EXIT, type ExitCode } from '../exitCodes.ts';

interface StatusFlags {
  json?: boolean;
}

export function addStatusCommand(program: Command, cli: Cli): void {
  program
    .command('status')
    .description('Show what is covered, what waits and what needs a hand; exit code 3 if something does.')
    .option('--json', 'print one JSON document')
    .action((flags: StatusFlags) => cli.run(() => status(cli, flags)));
}

async function status(cli: Cli, flags: StatusFlags): Promise<ExitCode> {
  const services = await connectServices(cli.environment, COMMAND_PATIENCE);
  try {
    const found = await readStatus(services);
    cli.output(flags.json === true).result(found, describeStatus(found));
    return found.attention.length > 0 ? EXIT.attention : EXIT.done;
  } finally {
    await services.close();
  }
}

const SHOWN_RESTATEMENTS = 5;

const SHOWN_REASONS = 5;

function foldedLines(name: string, folded: readonly FoldedWindows[]): string[] {
  const lines = folded
    .slice(0, SHOWN_REASONS)
    .map((line) => `${name.padEnd(9)} ${spanText(line)}: ${oneLine(line.reason)}`);
  const others = folded.slice(SHOWN_REASONS).reduce((sum, { windows }) => sum + windows, 0);
  return others > 0 ? [...lines, `${name.padEnd(9)} ${others} more windows`] : lines;
}

/** Requests to Graph: those that were made, and those that the backfill still needs. */
function describeRequests({ budget, backfill }: Status): string[] {
  const lanes = ({ live, backfill: ofBackfill }: { live: number; backfill: number }): string =>
    `${live} live and ${ofBackfill} backfill`;
  return [
    budget === undefined
      ? 'requests  not counted: the table budget is missing'
      : `requests  ${lanes(budget.lastHour)} in the last hour, ${lanes(budget.lastDay)} in the last day; ` +
        `${budget.requestsPerMinute.toFixed(1)} a minute are allowed` +
        (budget.blockedUntil === undefined ? '' : `; Graph lets nobody ask before ${budget.blockedUntil}`),
    backfill.completeAt === undefined
      ? 'backfill  nothing waits'
      : `backfill  ${backfill.windows} windows wait, about ${backfill.requests} requests: complete in ` +
        `${durationText(backfill.minutes)}, at ${backfill.completeAt.slice(0, 16)}Z, if live hours leave the budget to it`,
  ];
}

/** The same for a person, on one screen. */
export function describeStatus(found: Status): string[] {
  const { coverage, windows, unread, days, queues, planner, rejected, restatements, attention } = found;
  const gaps = coverage.gaps.reduce((hours, gap) => hours + gap.hours, 0);
  return [
    `coverage  ${coverage.from === undefined ? 'nothing read yet' : `${coverage.from} to ${String(coverage.to)}`}` +
      (gaps > 0 ? `, ${gaps} hours missing in ${coverage.gaps.length} gaps` : ''),
    `windows   ${windows.read} read, ${windows.planned} planned, ${windows.shrunk} shrunk, ${windows.failed} failed`,
    ...foldedLines('planned', unread.planned),
    ...foldedLines('unverified', unread.unverified),
    `days      ${days.provisional} provisional, ${days.settled} settled, ${days.restated} restated`,
    ...restatements
      .slice(0, SHOWN_RESTATEMENTS)
      .map(
        ({ date, at, rowsCame, rowsWent, rowsChanged }) =>
          `restated  ${date} at ${at}: ${rowsCame ?? '?'} rows came, ${rowsWent ?? '?'} went, ${rowsChanged ?? '?'} changed`,
      ),
    `timer     ${planner?.lastTickAt === undefined ? 'has not run yet' : `ran last at ${planner.lastTickAt}`}`,
    ...describeRequests(found),
    `rejected  ${rejected.inWindows + rejected.withoutDay} rows`,
    ...queues.map(
      ({ queue, active, scheduled, deadLetters, orMore }) =>
        `queue     ${queue.padEnd(22)} ${active} waiting, ${scheduled} scheduled, ${deadLetters} dead letters` +
        (orMore ? ' (or more)' : ''),
    ),
    ...(attention.length === 0
      ? ['All is well.']
      : ['Needs a hand:', ...attention.map((line) => `  - ${line}`)]),
  ];
}
