import { createHash } from 'node:crypto';
import type { PstnCallsPage, PstnCallsSource } from '../../src/graph/pstnCalls.ts';
import { type LandingDeps, landWindowJob } from '../../src/landing/landJob.ts';
import type { WindowJob } from '../../src/queues/messages.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { type MemoryContainer, memoryContainer } from './memoryBlobs.ts';
import { type MemorySender, memorySender } from './memoryQueues.ts';
import { type MemoryTable, memoryTable } from './memoryTables.ts';
import { pageOfTexts } from './pages.ts';

export type CallRow = Record<string, unknown>;

export const PLANNED_MS = Date.parse('2026-12-01T00:00:00Z');

/** A call of the log; `minute` counts from the begin of the given hour. */
export const callAt = (id: string | null, start: string, more: CallRow = {}): CallRow => ({
  id,
  userId: 'b7d2a3f0-1111-4222-8333-944444444444',
  startDateTime: start,
  duration: 60,
  charge: 0.012,
  currency: 'USD',
  ...more,
});

export const jobOf = (from: string, to: string, more: Partial<WindowJob> = {}): WindowJob => ({
  from,
  to,
  lane: 'live',
  planned: new Date(PLANNED_MS).toISOString(),
  expectedRows: 0,
  ...more,
});

/** A log whose rows can be changed between reads, and while one goes on. */
export interface FakeLog extends PstnCallsSource {
  rows: unknown[];
  pageSize: number;
  /** Ranges that were asked for, in order. */
  readonly asked: { fromMs: number; toMs: number }[];
  /** Called before each page; may change the rows or throw. */
  beforePage: (page: number) => void | Promise<void>;
}

/** A page as the client gives it. */
export const pageOf = (rows: readonly unknown[], number = 1): PstnCallsPage =>
  pageOfTexts(
    rows.map((row) => JSON.stringify(row)),
    number,
  );

/** Pages over the rows as they are when each page is asked for, as offset paging does. */
export function fakeLog(rows: unknown[] = []): FakeLog {
  const log: FakeLog = {
    rows,
    pageSize: 1000,
    asked: [],
    beforePage: () => undefined,
    async *readPages(fromMs, toMs) {
      log.asked.push({ fromMs, toMs });
      for (let page = 1, offset = 0; ; page++, offset += log.pageSize) {
        await log.beforePage(page);
        const matching = log.rows.filter((row) => isWithin(row, fromMs, toMs));
        yield pageOf(matching.slice(offset, offset + log.pageSize), page);
        if (offset + log.pageSize >= matching.length) return;
      }
    },
  };
  return log;
}

/** The API compares to 100 ns; rows whose start it cannot read come with every range. */
function isWithin(row: unknown, fromMs: number, toMs: number): boolean {
  const start = typeof row === 'object' && row !== null && 'startDateTime' in row ? row.startDateTime : null;
  const match = typeof start === 'string' ? /^(.{19})(?:\.(\d+))?Z$/.exec(start) : null;
  if (match === null) return true;
  const ticks = (ms: number): bigint => BigInt(ms) * 10_000n;
  const at = ticks(Date.parse(`${match[1] ?? ''}Z`)) + BigInt((match[2] ?? '').padEnd(7, '0').slice(0, 7));
  return at >= ticks(fromMs) && at <= ticks(toMs);
}

export interface LandingWorld {
  log: FakeLog;
  raw: MemoryContainer;
  table: MemoryTable;
  sender: MemorySender;
  nowMs: number;
  /** How much later a read that lost rows is to be confirmed. */
  confirmMinutes: number;
  deps(more?: Partial<LandingDeps>, stores?: { raw?: BlobContainer; table?: Table }): LandingDeps;
  land(job: WindowJob, more?: Partial<LandingDeps>): ReturnType<typeof landWindowJob>;
  /** Names and ETags of all blobs. */
  etags(): Record<string, string>;
}

export function landingWorld(rows: unknown[] = []): LandingWorld {
  const log = fakeLog(rows);
  const raw = memoryContainer('pstn-raw');
  const table = memoryTable('windows');
  const sender = memorySender();
  let ids = 0;
  const world: LandingWorld = {
    log,
    raw,
    table,
    sender,
    nowMs: PLANNED_MS,
    confirmMinutes: 60,
    deps: (more = {}, stores = {}) => ({
      source: log,
      raw: stores.raw ?? raw,
      ledger: createTableLedger(stores.table ?? table),
      sender,
      clock: { nowMs: () => world.nowMs },
      newId: () => `id-${++ids}`,
      log: silentLog,
      shrinkConfirmMinutes: world.confirmMinutes,
      sourceDays: 88,
      settleHours: 72,
      ...more,
    }),
    land: (job, more) => landWindowJob(job, world.deps(more)),
    etags: () => Object.fromEntries([...raw.blobs].map(([name, { etag }]) => [name, etag])),
  };
  return world;
}

/** A plan made later than everything that was read so far: nothing is fresh for it. */
export function replan(world: LandingWorld, job: WindowJob): WindowJob {
  world.nowMs += 60_000;
  return { ...job, planned: new Date(world.nowMs).toISOString() };
}

export const linesOf = (world: LandingWorld, name: string): string[] | undefined =>
  world.raw
    .text(name)
    ?.split('\n')
    .filter((line) => line !== '');

export const rowsOf = (world: LandingWorld, name: string): CallRow[] | undefined =>
  linesOf(world, name)?.map((line) => JSON.parse(line) as CallRow);

export const idsOf = (world: LandingWorld, name: string): unknown[] | undefined =>
  rowsOf(world, name)?.map((row) => row['id']);

/** The digest as the format defines it, calculated without the product. */
export function digestOf(lines: readonly string[]): string {
  const sum = lines.reduce(
    (total, line) => total + BigInt(`0x${createHash('sha256').update(line, 'utf8').digest('hex')}`),
    0n,
  );
  return (sum % 2n ** 256n).toString(16).padStart(64, '0');
}
