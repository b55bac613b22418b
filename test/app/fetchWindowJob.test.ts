import { describe, expect, it } from 'vitest';
import { fetchWindowJob } from '../../src/app/fetchWindowJob.ts';
import { GraphError } from '../../src/graph/errors.ts';
import type { PstnCallsSource } from '../../src/graph/pstnCalls.ts';
import { toMessage, type WindowJob } from '../../src/queues/messages.ts';
import { frozenClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { memorySender } from '../support/memoryQueues.ts';
import { memoryTable } from '../support/memoryTables.ts';

const NOW = Date.parse('2026-11-24T06:00:00Z');
const job: WindowJob = {
  from: '2026-11-20T10:00:00Z',
  to: '2026-11-20T11:00:00Z',
  lane: 'backfill',
  planned: '2026-11-24T06:00:00Z',
  expectedRows: 10,
};

/** Services whose Graph answers every read by failing with `error`, or without rows. */
function setUp(error?: Error) {
  const sender = memorySender();
  const ledger = createTableLedger(memoryTable('windows'));
  const source: PstnCallsSource = {
    async *readPages() {
      await Promise.resolve();
      if (error !== undefined) throw error;
      yield { number: 1, rows: [], requestId: undefined, textOf: () => '' };
    },
  };
  const raw = memoryContainer('pstn-raw');
  let id = 0;
  const newId = (): string => `id-${++id}`;
  const services = { raw, ledger, sender, clock: frozenClock(NOW), newId, graph: () => Promise.resolve(source) };
  const deliver = (count: number) => fetchWindowJob(toMessage(job), { count }, services, silentLog);
  const entry = async () => (await ledger.readDay('2026-11-20'))[0];
  return { deliver, sender, entry, services };
}

const graphError = (kind: 'throttled' | 'forbidden' | 'server', retryAfterMs?: number) =>
  new GraphError(kind, `Graph said ${kind}`, retryAfterMs === undefined ? {} : { retryAfterMs });

describe('a window job on delivery', () => {
  it('completes, and the ledger knows the read', async () => {
    const { deliver, sender, entry } = setUp();
    await deliver(1);
    expect(await entry()).toMatchObject({ state: 'read', reads: 1, rows: 0 });
    expect(sender.sent).toEqual([]);
  });

  it('that has to wait is sent anew on its lane, delayed as long as Graph asked, and completes', async () => {
    const { deliver, sender, entry } = setUp(graphError('throttled', 90_000));
    await deliver(1);
    expect(sender.sent).toEqual([
      { queue: 'pstn-windows-backfill', message: toMessage(job), delayMs: 90_000 },
    ]);
    expect(await entry()).toMatchObject({ state: 'planned', lastError: 'Graph said throttled' });
  });

  it('that failed otherwise is given back, its reason in the ledger', async () => {
    const { deliver, sender, entry } = setUp(graphError('forbidden'));
    await expect(deliver(1)).rejects.toThrow('Graph said forbidden');
    expect(sender.sent).toEqual([]);
    expect(await entry()).toMatchObject({ state: 'planned', attempts: 1, lastError: 'Graph said forbidden' });
  });

  it('fails its windows when it will not be delivered again', async () => {
    const { deliver, entry } = setUp(graphError('server'));
    await expect(deliver(10)).rejects.toThrow('Graph said server');
    expect(await entry()).toMatchObject({ state: 'failed', lastError: 'Graph said server' });
  });

  it('that is no job is refused with the reason, and touches nothing', async () => {
    const { services, sender, entry } = setUp();
    const bad = fetchWindowJob({ v: 2, data: job }, { count: 1 }, services, silentLog);
    await expect(bad).rejects.toThrow('version 2 is unknown');
    expect(sender.sent).toEqual([]);
    expect(await entry()).toBeUndefined();
  });
});
