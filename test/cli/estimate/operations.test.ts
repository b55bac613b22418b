import { describe, expect, it } from 'vitest';
import { BYTES_PER_ROW } from '../../../src/cli/estimate/estimateBackfill.ts';
import { costOf, type Operations, operationsOf } from '../../../src/cli/estimate/operations.ts';
import { parseInstant } from '../../../src/graph/instant.ts';
import { landWindowJob } from '../../../src/landing/landJob.ts';
import { createTenant } from '../../../src/local/graph/tenant.ts';
import { rowJson } from '../../../src/local/graph/wire.ts';
import { parseDayChanged, type WindowJob } from '../../../src/queues/messages.ts';
import { QUEUES } from '../../../src/queues/names.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { aggregate } from '../../../src/totals/aggregate.ts';
import { toInstant, WINDOW_MS } from '../../../src/windows/grid.ts';
import { packJobs } from '../../../src/windows/packJobs.ts';
import { windowsBetween } from '../../../src/windows/grid.ts';
import { createTableLedger } from '../../../src/windows/tableLedger.ts';
import { countedContainer, countedSender, countedTable, noOperations } from '../../support/countedStores.ts';
import { callAt, fakeLog, jobOf, landingWorld, PLANNED_MS } from '../../support/landingWorld.ts';
import { memoryContainer } from '../../support/memoryBlobs.ts';
import { memorySender } from '../../support/memoryQueues.ts';
import { memoryTable } from '../../support/memoryTables.ts';

const FROM_MS = Date.parse('2026-11-02T00:00:00Z');

interface Shape {
  days: number;
  rowsAWindow: number;
  users: number;
  windowsAJob: number;
}

function jobsOf({ days, rowsAWindow, windowsAJob }: Shape): WindowJob[] {
  return packJobs({
    windows: windowsBetween(FROM_MS, FROM_MS + days * 24 * WINDOW_MS),
    lane: 'backfill',
    plannedMs: PLANNED_MS,
    expectedRows: () => rowsAWindow,
    limits: { maxWindows: windowsAJob, maxRows: 1_000_000 },
  });
}

/** Reads, lands and sums these days for real, each message served as soon as it is there. */
async function counted(shape: Shape): Promise<Operations> {
  const { days, rowsAWindow, users } = shape;
  const rows = Array.from({ length: days * 24 * rowsAWindow }, (_, call) => {
    const second = (call % rowsAWindow) % 3_600;
    const start = toInstant(FROM_MS + Math.floor(call / rowsAWindow) * WINDOW_MS + second * 1_000);
    return callAt(`call-${call}`, start.replace('Z', '.0000000Z'), {
      userId: `user-${call % users}`,
      destinationName: `Destination ${call % (users / 5)}`,
    });
  });
  const counts = noOperations();
  const raw = countedContainer(memoryContainer('pstn-raw'), counts);
  const control = countedContainer(memoryContainer('pstn-control'), counts);
  const [windows, dailyTotals, monthlyTotals] = ['windows', 'dailyTotals', 'monthlyTotals'].map((name) =>
    countedTable(memoryTable(name), counts),
  );
  if (windows === undefined || dailyTotals === undefined || monthlyTotals === undefined) throw new Error();
  const queue = memorySender();
  let ids = 0;
  const deps = {
    raw,
    control,
    dailyTotals,
    monthlyTotals,
    ledger: createTableLedger(windows),
    sender: countedSender(queue, counts),
    clock: { nowMs: () => PLANNED_MS + ids },
    newId: () => `id-${(ids += 1)}`,
    log: silentLog,
    source: fakeLog(rows),
    ...{ sourceDays: 88, settleHours: 72, billingDay: 1, shrinkConfirmMinutes: 60, delayMs: 1 },
    monotonicMs: () => 0,
  };
  let served = 0;
  const serve = async (): Promise<void> => {
    while (served < queue.sent.length) {
      const waiting = queue.sent.slice(served).filter((sent) => sent.queue === QUEUES.days);
      served = queue.sent.length;
      // Messages that wait together and say the same are one fold.
      for (const text of new Set(waiting.map(({ message }) => JSON.stringify(message)))) {
        await aggregate(parseDayChanged(JSON.parse(text)), deps);
      }
    }
  };
  for (const job of jobsOf(shape)) {
    counts.messages += 1;
    await deps.ledger.markPlanned(windowsBetween(Date.parse(job.from), Date.parse(job.to)), 'backfill', 0);
    await landWindowJob(job, deps);
    await serve();
  }
  return counts;
}

describe('what a backfill costs in calls of the services', () => {
  it.each<Shape>([
    { days: 1, rowsAWindow: 5, users: 10, windowsAJob: 24 },
    { days: 1, rowsAWindow: 5, users: 10, windowsAJob: 6 },
    { days: 1, rowsAWindow: 5, users: 10, windowsAJob: 1 },
    { days: 6, rowsAWindow: 2, users: 10, windowsAJob: 144 },
    { days: 3, rowsAWindow: 2, users: 10, windowsAJob: 36 },
    { days: 1, rowsAWindow: 200, users: 500, windowsAJob: 6 },
  ])(
    'is what landing and folding really do, roughly: $days days, $rowsAWindow calls an hour, jobs of $windowsAJob hours',
    async (shape) => {
      const jobs = jobsOf(shape);
      const real = await counted(shape);
      const rowsOf = (): number => shape.rowsAWindow;
      // Each fold of a month is waited for here.
      const modelled = operationsOf({ jobs, rowsOf, bytesPerRow: 200, minutes: 1_000 });
      for (const name of ['blobWrites', 'blobReads', 'blobLists', 'messages'] as const) {
        expect(modelled[name], name).toBeGreaterThanOrEqual(real[name] * 0.8);
        expect(modelled[name], name).toBeLessThanOrEqual(real[name] * 1.25 + 5);
      }
      // With the requests of the budget, which are not made here.
      expect(modelled.tableOperations).toBeGreaterThanOrEqual(real.tableOperations * 0.8);
      expect(modelled.tableOperations).toBeLessThanOrEqual(real.tableOperations * 1.5 + 5);
    },
  );

  it('in writes grows with blocks where a window is large', () => {
    const jobs = [jobOf('2026-11-02T10:00:00Z', '2026-11-02T11:00:00Z', { expectedRows: 20_000 })];
    const { blobWrites } = operationsOf({ jobs, rowsOf: () => 20_000, bytesPerRow: 930, minutes: 1 });
    // 18.6 MB in blocks of 2 MiB, their commit, and the fold's own.
    expect(blobWrites).toBe(9 + 1 + 1 + 3);
  });

  it('is cents for a quarter of a busy tenant', () => {
    const jobs = jobsOf({ days: 90, rowsAWindow: 4_000, users: 1, windowsAJob: 12 });
    const operations = operationsOf({ jobs, rowsOf: () => 4_000, bytesPerRow: 930, minutes: 180 });
    expect(operations.blobWrites).toBeGreaterThan(90 * 24 * 4);
    expect(costOf(operations)).toBeGreaterThan(0.05);
    expect(costOf(operations)).toBeLessThan(0.5);
  });
});

describe('the size of a call in a raw file', () => {
  it('is that of the simulated tenant', async () => {
    const [from, to] = [parseInstant('2026-11-03T00:00:00Z'), parseInstant('2026-11-03T23:59:59Z')];
    if (from === undefined || to === undefined) throw new Error();
    const nowMs = Date.parse('2026-11-20T00:00:00Z');
    const rows = createTenant().rows({ from, to, nowMs, skip: 0, limit: 1e6 });
    const world = landingWorld(rows.map((row) => JSON.parse(rowJson(row, 'v1.0')) as unknown));
    await world.land(jobOf('2026-11-03T00:00:00Z', '2026-11-04T00:00:00Z', { expectedRows: 10_000 }));
    const bytes = [...world.raw.blobs.values()].reduce((sum, { content }) => sum + content.length, 0);
    expect(bytes / rows.length / BYTES_PER_ROW).toBeCloseTo(1, 1);
  });
});
