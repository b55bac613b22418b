import type { Command } from 'commander';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { connectServices } from '../../app/services.ts';
import { toInstant } from '../../windows/grid.ts';
import { instantArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { EXIT, type ExitCode, UsageError } from '../exitCodes.ts';
import { awaitBackfill, sendBackfill, troubles } from '../runBackfill.ts';

interface BackfillFlags {
  from: number;
  to: number;
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
    .option('--wait', 'wait until all is read and summed')
    .option('--json', 'print one JSON document')
    .action((flags: BackfillFlags) => cli.run(() => backfill(cli, flags)));
}

async function backfill(cli: Cli, flags: BackfillFlags): Promise<ExitCode> {
  const output = cli.output(flags.json === true);
  if (flags.from >= flags.to) {
    throw new UsageError(`--from ${toInstant(flags.from)} must be before --to ${toInstant(flags.to)}`);
  }
  const services = await connectServices(cli.environment, COMMAND_PATIENCE);
  try {
    const sent = await sendBackfill(services, flags.from, flags.to);
    const { range, jobs } = sent;
    const planned = {
      from: toInstant(range.fromMs),
      to: toInstant(range.toMs),
      windows: range.windows.length,
      jobs: jobs.length,
    };
    const sentLine = `${planned.windows} windows from ${planned.from} to ${planned.to} sent as ${planned.jobs} jobs`;
    if (flags.wait !== true) {
      output.result(planned, [sentLine]);
      return EXIT.done;
    }
    output.note(sentLine);
    const progress = await awaitBackfill(services, sent, output, cli.signal);
    const { windowsDone, rows, rejected, failed, shrunk, unfolded, days, daysDone } = progress;
    output.result({ ...planned, windowsDone, rows, rejected, days, failed, shrunk, unfolded }, [
      `${windowsDone} of ${planned.windows} windows read, ${rows} calls, ${daysDone} of ${days} days summed`,
      ...troubles(progress),
    ]);
    return failed.length + unfolded.length > 0 ? EXIT.failed : EXIT.done;
  } finally {
    await services.close();
  }
}
