import type { Command } from 'commander';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { connectServices, type Services } from '../../app/services.ts';
import type { BackfillRange } from '../../windows/backfillRange.ts';
import { planBackfill } from '../../windows/backfillRange.ts';
import { sourceStartMs, toInstant } from '../../windows/grid.ts';
import { instantArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { describeEstimate } from '../estimate/describeEstimate.ts';
import { PRICES } from '../estimate/prices.ts';
import { EXIT, type ExitCode, UsageError } from '../exitCodes.ts';
import type { Output } from '../output.ts';
import { dryRunBackfill } from '../dryRunBackfill.ts';
import { awaitBackfill, sendBackfill, troubles } from '../runBackfill.ts';

interface BackfillFlags {
  from: number;
  to: number;
  dryRun?: boolean;
  wait?: boolean;
  json?: boolean;
}

export function addBackfillCommand(program: Command, cli: Cli): void {
  program
    .command('backfill')
    .description(
      'Read a range of hours again: of a pipeline in Azure, or of one that `pstn local --stay` runs here.',
    )
    .requiredOption('--from <instant>', 'first hour, UTC: a date or an ISO 8601 instant', instantArgument)
    .requiredOption('--to <instant>', 'end of the range, not included', instantArgument)
    .option('--dry-run', 'say what it would take: requests, time, bytes, cost; nothing is sent or written')
    .option('--wait', 'wait until all is read and summed')
    .option('--json', 'print one JSON document')
    .action((flags: BackfillFlags) => cli.run(() => backfill(cli, flags)));
}

async function backfill(cli: Cli, flags: BackfillFlags): Promise<ExitCode> {
  const output = cli.output(flags.json === true);
  if (flags.from >= flags.to) {
    throw new UsageError(`--from ${toInstant(flags.from)} must be before --to ${toInstant(flags.to)}`);
  }
  if (flags.dryRun === true && flags.wait === true) {
    throw new UsageError('--dry-run sends nothing, so there is nothing to --wait for: give one of them');
  }
  const services = await connectServices(cli.environment, COMMAND_PATIENCE);
  try {
    const nowMs = services.clock.nowMs();
    const range = planBackfill({ fromMs: flags.from, toMs: flags.to, nowMs });
    const warnings = warningsOf(range, nowMs, services.config.SOURCE_DAYS);
    for (const warning of warnings) output.note(`warning: ${warning}`);
    if (flags.dryRun === true) return await dryRun(services, range, warnings, output);
    const sent = await sendBackfill(services, flags.from, flags.to);
    const { jobs } = sent;
    const planned = {
      from: toInstant(range.fromMs),
      to: toInstant(range.toMs),
      windows: range.windows.length,
      jobs: jobs.length,
      warnings,
    };
    const sentLine =
      `${planned.windows} windows from ${planned.from} to ${planned.to} sent as ${planned.jobs} jobs` +
      (jobs.some(({ then }) => then !== undefined)
        ? ': little is known of these calls, so the first ones tell how the others are packed'
        : '');
    if (flags.wait !== true) {
      output.result(planned, [sentLine]);
      return EXIT.done;
    }
    output.note(sentLine);
    const progress = await awaitBackfill(services, sent, output, cli.signal);
    const { windowsDone, rows, rejected, failed, shrunk, unfolded, days, daysDone, requests } = progress;
    output.result({ ...planned, windowsDone, rows, requests, rejected, days, failed, shrunk, unfolded }, [
      `${windowsDone} of ${planned.windows} windows read, ${rows} calls, ${daysDone} of ${days} days summed` +
        (requests === undefined ? '' : `, ${requests} requests`),
      ...troubles(progress),
    ]);
    return failed.length + unfolded.length > 0 ? EXIT.failed : EXIT.done;
  } finally {
    await services.close();
  }
}

async function dryRun(
  services: Services,
  range: BackfillRange,
  warnings: readonly string[],
  output: Output,
): Promise<ExitCode> {
  const estimate = await dryRunBackfill(services, range);
  const from = toInstant(range.fromMs);
  const to = toInstant(range.toMs);
  output.result({ dryRun: true, from, to, ...estimate, prices: PRICES, warnings }, [
    `${from} to ${to}, nothing sent`,
    ...describeEstimate(estimate),
  ]);
  return EXIT.done;
}

/** What is allowed, and may not do what one thinks. */
function warningsOf({ windows }: BackfillRange, nowMs: number, sourceDays: number): string[] {
  const old = windows.filter(({ fromMs }) => fromMs < sourceStartMs(nowMs, sourceDays));
  const first = old[0];
  const last = old.at(-1);
  if (first === undefined || last === undefined) return [];
  return [
    `${old.length} of these windows, ${toInstant(first.fromMs)} to ${toInstant(last.toMs)}, are older than ${sourceDays} days: ` +
      'Microsoft Graph may no longer have their calls. Those that return nothing are kept as "unverified", and what was read before stays.',
  ];
}
