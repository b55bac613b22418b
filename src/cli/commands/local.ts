import type { Command } from 'commander';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMAND_PATIENCE } from '../../app/patience.ts';
import { connectServices, type Services } from '../../app/services.ts';
import { checkGraph } from '../../local/pipeline/checkGraph.ts';
import { checkLocalSettings } from '../../local/pipeline/checkSettings.ts';
import { findAppRoot } from '../../local/pipeline/appRoot.ts';
import { copyContainer } from '../../local/pipeline/copyFiles.ts';
import { type DataFolder, openDataFolder } from '../../local/pipeline/dataFolder.ts';
import { type LocalPipeline, startLocalPipeline } from '../../local/pipeline/startPipeline.ts';
import { DAY_MS, toInstant } from '../../windows/grid.ts';
import type { BackfillProgress } from '../../windows/backfillProgress.ts';
import { folderArgument, instantArgument } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { dailyTotalsCsv } from '../dailyTotalsCsv.ts';
import { EXIT, type ExitCode, UsageError } from '../exitCodes.ts';
import { functionLog } from '../functionLog.ts';
import { chooseGraph, graphArgument, sourceName } from '../graphChoice.ts';
import { describeRun, type LocalRun } from '../localRun.ts';
import type { Output } from '../output.ts';
import { awaitBackfill, sendBackfill, troubles } from '../runBackfill.ts';
import { daysOfRange, readStoredDays } from '../storedDays.ts';
import { summarize } from '../summary.ts';

interface LocalFlags {
  graph?: string;
  from?: number;
  to?: number;
  data: string;
  stay?: boolean;
  json?: boolean;
}

export const TOP_USERS = 5;
/** Rows come up to 48 hours late, so a range that ends this long ago is whole. */
const PUBLISHED_AFTER_DAYS = 3;
const DEFAULT_RANGE_DAYS = 7;

export function addLocalCommand(program: Command, cli: Cli): void {
  program
    .command('local')
    .description(
      'Run the whole pipeline on this machine: storage, queues, the functions, and a simulated tenant or a real one.',
    )
    .option(
      '--graph <source>',
      'simulated, global, usgov, dod, or the loopback URL of another simulator',
      graphArgument,
    )
    .option(
      '--from <instant>',
      'first hour to read, UTC (default: the 7 whole days that end 3 days ago)',
      instantArgument,
    )
    .option('--to <instant>', 'end of the range, not included', instantArgument)
    .option('--data <dir>', 'folder that keeps everything', folderArgument, '.pstn')
    .option('--stay', 'keep running, timers and all, until Ctrl-C; reads a range only if --from is given')
    .option('--json', 'print JSON')
    .action((flags: LocalFlags) => cli.run(() => local(cli, flags)));
}

async function local(cli: Cli, flags: LocalFlags): Promise<ExitCode> {
  const output = cli.output(flags.json === true);
  const stay = flags.stay === true;
  if (flags.to !== undefined && flags.from === undefined) throw new UsageError('--to needs --from');
  if (flags.from !== undefined && flags.to !== undefined && flags.from >= flags.to) {
    throw new UsageError(`--from ${toInstant(flags.from)} must be before --to ${toInstant(flags.to)}`);
  }
  const graph = chooseGraph(flags.graph, cli.environment);
  checkLocalSettings(cli.environment, graph);
  const data = await openDataFolder(flags.data, sourceName(graph, cli.environment), Date.now());
  // Whoever stays can wait for it; a run would only fail later.
  if (!stay) await checkGraph(graph, cli.environment);
  await data.keep();
  const functions = functionLog((line) => output.note(line));
  const pipeline = await startLocalPipeline({
    appRoot: findAppRoot(),
    data,
    graph,
    timers: stay,
    environment: cli.environment,
    log: functions.log,
    note: (line) => output.note(line),
  });
  try {
    if (stay) announce(output, pipeline, data);
    let code: ExitCode = EXIT.done;
    if (!stay || flags.from !== undefined) {
      code = await readRange(cli, flags, output, pipeline, data, functions.requests);
    }
    if (stay && !cli.signal.aborted) await once(cli.signal, 'abort');
    return code;
  } finally {
    await pipeline.stop();
  }
}

function announce(output: Output, pipeline: LocalPipeline, data: DataFolder): void {
  const { environment, httpUrl, functionKey } = pipeline;
  output.result({ ready: true, environment, http: httpUrl }, [
    `The pipeline runs, its data in ${data.path}. Commands in another terminal reach it with`,
    ...Object.entries(environment).map(([name, value]) => `  export ${name}='${value}'`),
    `Functions: ${httpUrl} (key ${functionKey}). Ctrl-C stops it.`,
  ]);
}

async function readRange(
  cli: Cli,
  flags: LocalFlags,
  output: Output,
  pipeline: LocalPipeline,
  data: DataFolder,
  requestCount: () => number,
): Promise<ExitCode> {
  const startedMs = performance.now();
  const nowMs = pipeline.clock.nowMs();
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const toMs = flags.to ?? (flags.from === undefined ? today - PUBLISHED_AFTER_DAYS * DAY_MS : nowMs);
  const fromMs = flags.from ?? toMs - DEFAULT_RANGE_DAYS * DAY_MS;
  const services = await connectServices(cli.environment, COMMAND_PATIENCE);
  try {
    const backfill = await sendBackfill(services, fromMs, toMs);
    const { range } = backfill;
    output.note(
      `reading ${toInstant(range.fromMs)} to ${toInstant(range.toMs)} (${range.windows.length} windows)`,
    );
    const progress = await awaitBackfill(services, backfill, output, cli.signal);
    const run = await describe(services, progress, range, data);
    const finished = { ...run, requests: requestCount(), seconds: (performance.now() - startedMs) / 1000 };
    output.result(finished, [...describeRun(finished), ...troubles(progress)]);
    return progress.failed.length + progress.unfolded.length > 0 ? EXIT.failed : EXIT.done;
  } finally {
    await services.close();
  }
}

async function describe(
  services: Services,
  progress: BackfillProgress,
  range: { fromMs: number; toMs: number },
  data: DataFolder,
): Promise<Omit<LocalRun, 'requests' | 'seconds'>> {
  const folder = join(data.path, services.raw.name);
  const copied = await copyContainer(services.raw, folder);
  const days = await readStoredDays(services);
  const csv = join(data.path, 'daily-totals.csv');
  await writeFile(csv, dailyTotalsCsv(days));
  const { failed, shrunk, unfolded } = progress;
  return {
    from: toInstant(range.fromMs),
    to: toInstant(range.toMs),
    windows: progress.windows,
    windowsRead: progress.windowsDone,
    ...summarize(
      daysOfRange(days, range).flatMap((day) => day.totals),
      TOP_USERS,
    ),
    rejected: progress.rejected,
    failed,
    shrunk,
    unfolded,
    files: { folder, ...copied, dailyTotals: csv },
  };
}
