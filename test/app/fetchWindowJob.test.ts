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
import { pageOfTexts } from '../support/pages.ts';

const NOW = Date.parse('2026-11-24T06:00:00Z');
const job: WindowJob = {
  from: '2026-11-20T10:00:00Z',
  to: '2026-11-20T11:00:00Z',
  lane: 'backfill',
  planned: '2026-11-24T06:00:00Z',
  expectedRows: 10,
};

let messages = 0;

/** Services whose Graph answers every read by failing with `error`, or without rows. */
function setUp(error?: Error) {
  let reads = 0;
  const sender = memorySender();
  const ledger = createTableLedger(memoryTable('windows'));
  const source: PstnCallsSource = {
    async *readPages() {
      await Promise.resolve();
      reads += 1;
      if (error !== undefined) throw error;
      yield pageOfTexts([]);
    },
  };
  const raw = memoryContainer('pstn-raw');
  const ending = new AbortController();
  let id = 0;
  const newId = (): string => `id-${++id}`;
  const services = {
    raw,
    ledger,
    sender,
    clock: frozenClock(NOW),
    newId,
    graph: () => Promise.resolve(source),
    config: { SHRINK_CONFIRM_MINUTES: 60, SOURCE_DAYS: 88 },
  };
  const messageId = `message-${++messages}`;
  const deliver = (count: number, body: WindowJob = job) =>
    fetchWindowJob(toMessage(body), { count, messageId }, services, silentLog, ending.signal);
  const entry = async () => (await ledger.readDay('2026-11-20'))[0];
  return { deliver, sender, entry, services, reads: () => reads, ending };
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
      { queue: 'pstn-windows-backfill', message: toMessage({ ...job, tries: 1 }), delayMs: 90_000 },
    ]);
    expect(await entry()).toMatchObject({ state: 'planned', lastError: 'Graph said throttled' });
  });

  it('that always has to wait is given back in the end, and so reaches the dead letters', async () => {
    const { deliver, sender } = setUp(graphError('throttled', 90_000));
    await expect(deliver(1, { ...job, tries: 20 })).rejects.toThrow('Graph said throttled');
    expect(sender.sent).toEqual([]);
  });

  it('that failed otherwise is given back, its reason in the ledger', async () => {
    const { deliver, sender, entry } = setUp(graphError('server'));
    await expect(deliver(1)).rejects.toThrow('Graph said server');
    expect(sender.sent).toEqual([]);
    expect(await entry()).toMatchObject({ state: 'planned', attempts: 1, lastError: 'Graph said server' });
  });

  it('that needs a person fails its windows at once, and costs no second request', async () => {
    const { deliver, entry, reads } = setUp(graphError('forbidden'));
    for (const count of [1, 2, 3]) await expect(deliver(count)).rejects.toThrow('Graph said forbidden');
    expect(await entry()).toMatchObject({ state: 'failed', attempts: 1, lastError: 'Graph said forbidden' });
    expect(reads()).toBe(1);
    // The count begins anew: somebody has sent it again, perhaps after a grant.
    await expect(deliver(1)).rejects.toThrow('Graph said forbidden');
    expect(reads()).toBe(2);
  });

  it('stops when the app ends, and is given back', async () => {
    const { deliver, ending, entry } = setUp();
    ending.abort(new Error('the app is ending'));
    await expect(deliver(1)).rejects.toThrow('the app is ending');
    expect(await entry()).toMatchObject({ reads: 0 });
  });

  it('fails its windows when it will not be delivered again', async () => {
    const { deliver, entry } = setUp(graphError('server'));
    await expect(deliver(10)).rejects.toThrow('Graph said server');
    expect(await entry()).toMatchObject({ state: 'failed', lastError: 'Graph said server' });
  });

  it('that is no job is refused with the reason, and touches nothing', async () => {
    const { services, sender, entry } = setUp();
    const bad = fetchWindowJob(
      { v: 2, data: job },
      { count: 1, messageId: 'bad' },
      services,
      silentLog,
      new AbortController().signal,
    );
    await expect(bad).rejects.toThrow('version 2 is unknown');
    expect(sender.sent).toEqual([]);
    expect(await entry()).toBeUndefined();
  });
});
