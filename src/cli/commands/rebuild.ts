import type { Command } from 'commander';
import { setTimeout as pause } from 'node:timers/promises';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { connectServices } from '../../app/services.ts';
import { restoreLedger } from '../../landing/restoreLedger.ts';
import { planRebuild, rebuildDays, type RebuildReport } from '../../totals/rebuild.ts';
import { datesBetween } from '../../windows/grid.ts';
import { dateArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { EXIT, type ExitCode, UsageError } from '../exitCodes.ts';
import { functionLog } from '../functionLog.ts';

interface RebuildFlags {
  from: number;
  to: number;
  json?: boolean;
}

/** A fold shows life four times as often. */
const DEAD_AFTER_MS = 20_000;

export function addRebuildCommand(program: Command, cli: Cli): void {
  program
    .command('rebuild')
    .description('Derive all totals of a range of days again from the raw files, without asking Graph.')
    .requiredOption('--from <date>', 'first day, UTC', dateArgument)
    .requiredOption('--to <date>', 'end of the range, not included', dateArgument)
    .option('--json', 'print one JSON document')
    .action((flags: RebuildFlags) => cli.run(() => rebuild(cli, flags)));
}

async function rebuild(cli: Cli, flags: RebuildFlags): Promise<ExitCode> {
  const output = cli.output(flags.json === true);
  if (flags.from >= flags.to) throw new UsageError('--from must be before --to');
  const { config, ...services } = await connectServices(cli.environment, COMMAND_PATIENCE);
  try {
    const dates = datesBetween(flags.from, flags.to);
    const restored = await restoreLedger(dates, services);
    if (restored.length > 0) {
      output.note(
        `${restored.length} windows the ledger knew nothing of were filled in from the raw files, unverified`,
      );
    }
    const plan = await planRebuild(dates, services);
    output.note(
      `deriving ${plan.dates.length} days again` +
        (plan.expired.length > 0 ? `; ${plan.expired.length} days stay, their raw files have expired` : ''),
    );
    const shown = output.progress();
    const report = await rebuildDays(
      plan,
      {
        ...services,
        log: functionLog((line) => output.note(line)).log,
        delayMs: DEAD_AFTER_MS,
        sourceDays: config.SOURCE_DAYS,
        settleHours: config.SETTLE_HOURS,
        billingDay: config.BILLING_DAY,
      },
      (ms) => pause(ms, undefined, { signal: cli.signal }),
      (done, total, date) => shown.update(done, total, `days, now ${date}`),
    );
    shown.end();
    output.result(report, describeRebuild(report));
    return report.failed.length > 0 ? EXIT.failed : EXIT.done;
  } finally {
    await services.close();
  }
}

function describeRebuild({ dates, months, expired, failed, entitiesWritten }: RebuildReport): string[] {
  return [
    `${dates.length} days and ${months.length} months derived again, ${entitiesWritten} entries were not as they had to be`,
    ...(expired.length > 0 ? [`kept as they were, raw files expired: ${expired.join(', ')}`] : []),
    ...failed.map(({ subject, reason }) => `${subject} failed: ${reason}`),
  ];
}
