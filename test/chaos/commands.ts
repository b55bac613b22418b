import { restoreLedger } from '../../src/landing/restoreLedger.ts';
import { planRebuild, rebuildDays } from '../../src/totals/rebuild.ts';
import { packBackfill, startBackfill } from '../../src/windows/backfill.ts';
import { planBackfill } from '../../src/windows/backfillRange.ts';
import { datesBetween } from '../../src/windows/grid.ts';
import type { MemoryTable } from '../support/memoryTables.ts';
import { DEAD_AFTER_MS, SERVED } from './handlers.ts';
import type { Process } from './process.ts';
import type { Command } from './schedule.ts';
import { idAndStart } from './memoryGraph.ts';
import type { World } from './world.ts';

/** What an operator's command does in its own process. @throws if it is to be given again */
export async function runCommand(world: World, process: Process, command: Command): Promise<void> {
  switch (command.kind) {
    case 'backfill':
      return backfill(world, process, command);
    case 'rebuild':
      return rebuild(world, process, command);
    case 'lostTotals':
    case 'lostLedger':
      return rebuild(world, process, command);
    case 'lostFolds':
    case 'lostBlob':
      return Promise.resolve();
    case 'replay':
      for (const queue of SERVED) world.broker.replay(queue);
      return Promise.resolve();
  }
}

/** What has happened before a command is given: its cause. */
export async function runMishap(world: World, command: Command): Promise<void> {
  if (command.kind === 'lostTotals') {
    if (command.daily) await empty(world.dailyTotals);
    if (command.monthly) await empty(world.monthlyTotals);
  } else if (command.kind === 'lostLedger') {
    await empty(world.windows);
  } else if (command.kind === 'lostBlob') {
    loseBlob(world, command.pick);
  } else if (command.kind === 'lostFolds') {
    loseFolds(world, command.damaged);
  }
}

async function backfill(
  world: World,
  process: Process,
  command: Extract<Command, { kind: 'backfill' }>,
): Promise<void> {
  const { startMs } = world.schedule;
  const { services } = world.servicesOf(process, 'backfill');
  const nowMs = services.clock.nowMs();
  const range = planBackfill({ fromMs: startMs + command.fromMs, toMs: startMs + command.toMs, nowMs });
  const { SETTLE_HOURS: settleHours } = services.config;
  const packed = await packBackfill(services.ledger, range, { nowMs, settleHours });
  await startBackfill(services, packed);
}

async function rebuild(
  world: World,
  process: Process,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const { services } = world.servicesOf(process, 'rebuild');
  const { config } = services;
  const dates = datesBetween(Date.parse(from), Date.parse(to));
  await restoreLedger(dates, services);
  const plan = await planRebuild(dates, services);
  const report = await rebuildDays(
    plan,
    {
      ...services,
      delayMs: DEAD_AFTER_MS,
      sourceDays: config.SOURCE_DAYS,
      settleHours: config.SETTLE_HOURS,
      billingDay: config.BILLING_DAY,
      monotonicMs: () => world.time.nowMs,
    },
    (ms) => process.wait(ms),
  );
  if (report.failed.length > 0) throw new Error(report.failed.map(({ reason }) => reason).join('; '));
}

async function empty(table: MemoryTable): Promise<void> {
  for (const { partitionKey, rowKey } of table.all()) {
    await table.transact(partitionKey, [{ kind: 'delete', rowKey }]);
  }
}

/** Of a window that has rows to the end: of one that has none nobody would miss the blob. */
function loseBlob({ raw, graph, lostWindows }: World, pick: number): void {
  const lasting = new Set(graph.rowsAtRest());
  const names = [...raw.blobs.keys()].filter(
    (name) =>
      name.startsWith('ndjson/') &&
      raw
        .text(name)
        ?.split('\n')
        .some((line) => lasting.has(idAndStart(line))),
  );
  const name = names.sort()[pick % Math.max(1, names.length)];
  if (name === undefined) return;
  raw.blobs.delete(name);
  const [, date = '', hour = ''] = /callDate=(.{10})\/pstn-calls-(\d\d)/.exec(name) ?? [];
  lostWindows.add(`${date}T${hour}Z`);
}

/**
 * Of a settled day only the sums: the rows of a blob that is replaced cannot be had again, and what changed them is
 * then not known. While a day is folded nothing is lost of it: the run would finish what it has begun.
 */
function loseFolds({ control, dailyTotals }: World, damaged: boolean): void {
  const heads = new Map(
    dailyTotals
      .all()
      .flatMap(({ partitionKey, rowKey, properties }) =>
        rowKey === '!day' ? [[partitionKey, properties]] : [],
      ),
  );
  for (const [name, blob] of control.blobs) {
    const [, date = '', file = ''] = /^folds\/v1\/([^/]+)\/(.*)$/.exec(name) ?? [];
    const head = heads.get(date);
    if (file === '' || head?.['open'] !== false) continue;
    if (head['state'] !== 'provisional' && file !== 'sums.bin') continue;
    if (!damaged) control.blobs.delete(name);
    else if (blob.content.length > 0) {
      const content = Uint8Array.from(blob.content);
      const at = content.length >> 1;
      content[at] = (content[at] ?? 0) ^ 0x55;
      control.blobs.set(name, { ...blob, content, etag: `${blob.etag}D` });
    }
  }
}
