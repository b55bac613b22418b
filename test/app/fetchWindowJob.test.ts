import { describe, expect, it } from 'vitest';
import { fetchWindowJob } from '../../src/app/fetchWindowJob.ts';
import type { SharedBudget } from '../../src/graph/budget/sharedBudget.ts';
import { GraphError } from '../../src/graph/errors.ts';
import type { PstnCallsSource } from '../../src/graph/pstnCalls.ts';
import { toMessage, type WindowJob } from '../../src/queues/messages.ts';
import { EMPTY_DIGEST } from '../../src/landing/digest.ts';
import { frozenClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
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

const EMPTY_READ = {
  changed: false,
  rows: 0,
  digest: EMPTY_DIGEST,
  rejected: 0,
  notified: undefined,
  isOld: false,
};

let messages = 0;

/** Services whose Graph answers every read by failing with `error`, or without rows, and what the budget says. */
function setUp(error?: Error, start: SharedBudget['start'] = () => Promise.resolve('begin')) {
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
    budget: { start, take: () => Promise.resolve(), blockFor: () => Promise.resolve() },
    graph: () => Promise.resolve(source),
    config: { SHRINK_CONFIRM_MINUTES: 60, SOURCE_DAYS: 88, SETTLE_HOURS: 72 },
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
  it('asks the budget before it begins, with its lane and the requests that it is expected to make', async () => {
    const asked: unknown[] = [];
    const { deliver, reads } = setUp(undefined, (...args) => {
      asked.push([...args, reads()]);
      return Promise.resolve('begin');
    });
    await deliver(1, { ...job, expectedRows: 40_100 });
    expect(asked).toEqual([['backfill', 41, 0]]);
    expect(reads()).toBe(1);
  });

  it('whose hours have all been read since it was planned asks for no turn, and makes no request', async () => {
    let asked = 0;
    const { deliver, sender, reads } = setUp(undefined, () => {
      asked += 1;
      return Promise.resolve(asked === 1 ? 'begin' : { retryAfterMs: 10_008, why: 'busy' });
    });
    await deliver(1);
    await deliver(2);
    expect([asked, reads()]).toEqual([1, 1]);
    expect(sender.sent).toEqual([]);
  });

  it('that died and is delivered again has had its turn, and reads what it had left under way', async () => {
    const { deliver, services, entry, reads } = setUp(undefined, () =>
      Promise.resolve({ retryAfterMs: 10_008, why: 'busy' }),
    );
    const windows = windowsOfJob(job);
    // Of another job: read since this one was planned. Then what the first delivery has left.
    const other = await services.ledger.claim(windows, NOW, () => Promise.resolve(0));
    const died = await services.ledger.claim(windows, NOW, () => Promise.resolve(0));
    await services.ledger.recordReads(windows.map((window) => ({ ...EMPTY_READ, window, claim: other })));
    expect(await entry()).toMatchObject({ claim: died.number, done: other.number });
    await deliver(2);
    expect(reads()).toBe(1);
    expect(await entry()).toMatchObject({ claim: died.number + 1, done: died.number + 1 });
  });

  it('that may not begin is sent again as it is, scheduled, without a request and without a claim', async () => {
    const { deliver, sender, entry, reads } = setUp(undefined, () =>
      Promise.resolve({ retryAfterMs: 10_008, why: 'busy' }),
    );
    await deliver(1, { ...job, tries: 3 });
    expect(sender.sent).toEqual([
      { queue: 'pstn-windows-backfill', message: toMessage({ ...job, tries: 3 }), delayMs: 10_008 },
    ]);
    expect(reads()).toBe(0);
    expect(await entry()).toBeUndefined();
  });

  it('waits for a budget that gives no answer as long as it says, and the ledger has the reason', async () => {
    const silent = new GraphError('budget', 'no answer', { retryAfterMs: 60_000 });
    const { deliver, sender, entry, reads } = setUp(undefined, () => Promise.reject(silent));
    await deliver(1);
    expect(sender.sent).toEqual([
      { queue: 'pstn-windows-backfill', message: toMessage({ ...job, tries: 1 }), delayMs: 60_000 },
    ]);
    expect(reads()).toBe(0);
    expect(await entry()).toMatchObject({ attempts: 1, lastError: 'no answer' });
  });

  it('whose budget cannot be had fails in the end, with the reason in the ledger', async () => {
    const { deliver, entry } = setUp(undefined, () => Promise.reject(new Error('no table budget')));
    await expect(deliver(10)).rejects.toThrow('no table budget');
    expect(await entry()).toMatchObject({ state: 'failed', lastError: 'no table budget' });
  });

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

  it('that Graph fails for now is sent anew at growing distance, its reason in the ledger', async () => {
    const { deliver, sender, entry } = setUp(graphError('server'));
    await deliver(1);
    await deliver(1, { ...job, tries: 4 });
    expect(sender.sent).toEqual([
      { queue: 'pstn-windows-backfill', message: toMessage({ ...job, tries: 1 }), delayMs: 15_000 },
      { queue: 'pstn-windows-backfill', message: toMessage({ ...job, tries: 5 }), delayMs: 240_000 },
    ]);
    expect(await entry()).toMatchObject({ state: 'planned', attempts: 2, lastError: 'Graph said server' });
  });

  it('that Graph failed too often fails its windows, and the deliveries that are left cost no request', async () => {
    const { deliver, sender, entry, reads } = setUp(graphError('server'));
    for (const count of [1, 2, 3]) {
      await expect(deliver(count, { ...job, tries: 20 })).rejects.toThrow('Graph said server');
    }
    expect(reads()).toBe(1);
    expect(sender.sent).toEqual([]);
    expect(await entry()).toMatchObject({ state: 'failed', attempts: 1, lastError: 'Graph said server' });
  });

  it('that failed otherwise is given back, its reason in the ledger', async () => {
    const { deliver, sender, entry } = setUp(new Error('the storage gave no answer'));
    await expect(deliver(1)).rejects.toThrow('the storage gave no answer');
    expect(sender.sent).toEqual([]);
    expect(await entry()).toMatchObject({
      state: 'planned',
      attempts: 1,
      lastError: 'the storage gave no answer',
    });
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
    const { deliver, ending, entry } = setUp(undefined, () => Promise.reject(new Error('nobody asks')));
    ending.abort(new Error('the app is ending'));
    await expect(deliver(1)).rejects.toThrow('the app is ending');
    expect(await entry()).toMatchObject({ reads: 0 });
  });

  it('fails its windows when it will not be delivered again', async () => {
    const { deliver, entry } = setUp(new Error('the storage gave no answer'));
    await expect(deliver(10)).rejects.toThrow('the storage gave no answer');
    expect(await entry()).toMatchObject({ state: 'failed', lastError: 'the storage gave no answer' });
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
