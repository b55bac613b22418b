import { describe, expect, it } from 'vitest';
import { parseWindowJob } from '../../src/queues/messages.ts';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import type { DayHead } from '../../src/windows/dayHeads.ts';
import { DAY_MS, rawBlobName, windowOfId, windowsBetween } from '../../src/windows/grid.ts';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
import { planAndSend, type PlanServices } from '../../src/windows/planWindows.ts';
import { readPlannerState, savePlannerState } from '../../src/windows/plannerState.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { type MemorySender, memorySender } from '../support/memoryQueues.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { entryOf, iso, memoryLedger, ms, readEntry } from './memoryLedger.ts';
import { configOf } from './settings.ts';

const NOW = '2026-11-24T06:30:00.000Z';
const QUARTER = 15 * 60_000;

function world(environment: Record<string, string> = {}) {
  const heads = new Map<string, DayHead>();
  const time = { nowMs: ms(NOW) };
  const readDates: string[] = [];
  const ledger = memoryLedger();
  const services = {
    ledger: {
      ...ledger,
      readDay: (date: string) => {
        readDates.push(date);
        return ledger.readDay(date);
      },
    },
    raw: memoryContainer('pstn-raw'),
    control: memoryContainer('pstn-control'),
    readDayHead: (date: string) => Promise.resolve(heads.get(date)),
    sender: memorySender(),
    clock: { nowMs: () => time.nowMs },
    config: configOf({ INITIAL_BACKFILL_DAYS: '10', ...environment }),
  };
  return { ...services, services, heads, time, readDates, ledger };
}

const jobsIn = (sender: MemorySender, queue: string) =>
  sender.sent.filter((sent) => sent.queue === queue).map(({ message }) => parseWindowJob(message));
/** Those that a job leaves to its worker included. */
const windowsIn = (sender: MemorySender, queue: string) =>
  jobsIn(sender, queue).flatMap((job) =>
    [job, ...(job.then === undefined ? [] : [job.then])].flatMap(windowsOfJob),
  );
const daysIn = (sender: MemorySender) =>
  sender.sent.filter((sent) => sent.queue === 'pstn-days').map(({ message }) => message.data);
const idsOf = (windows: readonly { id: string }[]) => windows.map(({ id }) => id).sort();

async function fillRaw(raw: PlanServices['raw'], id: string, text = '{}\n'): Promise<string> {
  return (await raw.put(rawBlobName(windowOfId(id)), Buffer.from(text))).etag;
}

const head = (values: Partial<DayHead>): DayHead => ({
  etag: 'h1',
  complete: true,
  open: false,
  state: 'provisional',
  vector: {},
  rejected: 0,
  ...values,
});

describe('the first tick', () => {
  it('sets the start of coverage and has all ended windows since then read, newest first', async () => {
    const { services, sender, ledger, control } = world();
    const outcome = await planAndSend(services, silentLog);

    const covered = windowsBetween(ms('2026-11-14T00:00Z'), ms('2026-11-24T06:00Z'));
    const sent = [...windowsIn(sender, 'pstn-windows'), ...windowsIn(sender, 'pstn-windows-backfill')];
    expect(idsOf(sent)).toEqual(idsOf(covered));
    expect(outcome.windows).toEqual({ live: 78, backfill: covered.length - 78 });
    expect(outcome.jobs.live).toBe(jobsIn(sender, 'pstn-windows').length);
    const starts = jobsIn(sender, 'pstn-windows').map((job) => job.from);
    expect(starts).toEqual(starts.toSorted().reverse());
    for (const job of jobsIn(sender, 'pstn-windows-backfill')) {
      expect(job).toMatchObject({ lane: 'backfill', planned: NOW });
    }
    expect(ledger.get('2026-11-24T05Z')).toMatchObject({ state: 'planned', lane: 'live', plannedAt: NOW });
    expect(ledger.get('2026-11-14T00Z')).toMatchObject({ state: 'planned', lane: 'backfill' });
    expect((await readPlannerState(control))?.state).toMatchObject({
      coverageFrom: '2026-11-14T00:00:00.000Z',
      lastTickAt: NOW,
      lastDailyPassAt: NOW,
    });
  });

  it('begins the older windows of a tenant that nobody knows with one day, whose worker packs the rest', async () => {
    const { services, sender } = world();
    await planAndSend(services, silentLog);
    expect(jobsIn(sender, 'pstn-windows-backfill').map(({ from, to, then }) => [from, to, then])).toEqual([
      [
        '2026-11-20T00:00:00Z',
        '2026-11-21T00:00:00Z',
        { from: '2026-11-14T00:00:00Z', to: '2026-11-20T00:00:00Z' },
      ],
    ]);
  });

  it('sends nothing twice: the next tick has nothing to do', async () => {
    const { services, sender, time } = world();
    await planAndSend(services, silentLog);
    const { length } = sender.sent;
    time.nowMs += QUARTER;
    expect(await planAndSend(services, silentLog)).toMatchObject({ windows: { live: 0, backfill: 0 } });
    expect(sender.sent).toHaveLength(length);
  });

  it('plans and heals over the ledger that is a table', async () => {
    const { services, sender, time } = world();
    const onTable = { ...services, ledger: createTableLedger(memoryTable('windows')) };
    const first = await planAndSend(onTable, silentLog);
    expect(first.windows.live + first.windows.backfill).toBe(10 * 24 + 6);
    sender.sent.length = 0;
    time.nowMs += QUARTER;
    await planAndSend(onTable, silentLog);
    expect(sender.sent).toEqual([]);
    // No job was read: after an hour the live ones are sent again. One hour more has ended, and the oldest went
    // over to the lane that waits for a day.
    time.nowMs += 4 * QUARTER;
    expect((await planAndSend(onTable, silentLog)).windows).toEqual({ live: 78, backfill: 0 });
  });

  it('sets coverage for good: another configuration later does not move it', async () => {
    const { services, time, control } = world();
    await planAndSend(services, silentLog);
    time.nowMs += DAY_MS;
    await planAndSend({ ...services, config: configOf({ INITIAL_BACKFILL_DAYS: '60' }) }, silentLog);
    expect((await readPlannerState(control))?.state.coverageFrom).toBe('2026-11-14T00:00:00.000Z');
  });
});

describe('a tick', () => {
  it('keeps windows that failed out of the jobs of others, and reads nothing along with them', async () => {
    const { services, sender, time, ledger } = world();
    await planAndSend(services, silentLog);
    sender.sent.length = 0;
    // All was read a while ago, and one window never; re-reads are due around it.
    const windows = windowsBetween(ms('2026-11-14T00:00Z'), ms('2026-11-24T06:00Z'));
    const failed = windowOfId('2026-11-23T14Z');
    await ledger.read(
      windows.filter(({ id }) => id !== failed.id),
      time.nowMs,
      () => 1,
    );
    await ledger.recordFailure([failed], 'refused', true);
    for (const { id } of windows) await fillRaw(services.raw, id);
    time.nowMs += 12 * 4 * QUARTER;
    await planAndSend(services, silentLog);
    const jobs = jobsIn(sender, 'pstn-windows');
    const ofFailed = jobs.filter((job) => windowsOfJob(job).some(({ id }) => id === failed.id));
    expect(ofFailed).toMatchObject([{ from: '2026-11-23T14:00:00Z', to: '2026-11-23T15:00:00Z' }]);
    expect(jobs.length).toBeGreaterThan(1);
  });

  it('looks at live days each time, and at all that Graph still answers for once a date', async () => {
    const { services, time, readDates } = world();
    expect((await planAndSend(services, silentLog)).daily).toBe(true);
    expect(new Set(readDates).size).toBe(89);
    readDates.length = 0;
    time.nowMs += QUARTER;
    expect((await planAndSend(services, silentLog)).daily).toBe(false);
    expect(readDates.sort()).toEqual(['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24']);
    time.nowMs = ms('2026-11-25T00:00:01Z');
    expect((await planAndSend(services, silentLog)).daily).toBe(true);
  });

  it('reads all re-reads of a quiet tenant by one job, with what lies between, and those of a busy one apart', async () => {
    const jobsOf = async (rows: number): Promise<number[]> => {
      const { services, sender, ledger, raw, time } = world({ INITIAL_BACKFILL_DAYS: '30' });
      await planAndSend(services, silentLog);
      for (const { id } of windowsBetween(ms('2026-11-20T00:00Z'), ms('2026-11-24T06:00Z')))
        await fillRaw(raw, id);
      await ledger.read(
        windowsBetween(ms('2026-10-25T00:00Z'), ms('2026-11-24T06:00Z')),
        time.nowMs,
        () => rows,
      );
      sender.sent.length = 0;
      time.nowMs += 2 * QUARTER;
      const { windows } = await planAndSend(services, silentLog);
      expect(windows).toEqual({ live: 8, backfill: 0 });
      return jobsIn(sender, 'pstn-windows').map((job) => windowsOfJob(job).length);
    };
    expect(await jobsOf(2)).toEqual([73]);
    expect(await jobsOf(2_000)).toEqual([2, 1, 1, 1, 1, 1, 1]);
  });

  it('expects the rows that earlier weeks had, and gives a busy hour a job of its own', async () => {
    const { services, sender, ledger, time } = world({ INITIAL_BACKFILL_DAYS: '30' });
    await planAndSend(services, silentLog);
    await ledger.read(windowsBetween(ms('2026-10-25T00:00Z'), ms('2026-11-24T06:00Z')), time.nowMs, () => 10);
    for (const week of ['2026-11-17', '2026-11-10']) {
      ledger.set(readEntry(`${week}T08Z`, NOW, { rows: 60_000 }));
    }
    sender.sent.length = 0;
    time.nowMs = ms('2026-11-24T10:00:00Z');
    await planAndSend(services, silentLog);
    expect(jobsIn(sender, 'pstn-windows').map((job) => [job.from, job.expectedRows])).toContainEqual([
      '2026-11-24T08:00:00Z',
      60_000,
    ]);
    const alone = jobsIn(sender, 'pstn-windows').find((job) => job.from === '2026-11-24T08:00:00Z');
    expect(alone?.to).toBe('2026-11-24T09:00:00Z');
  });

  it('writes the reason of a claim that vanished, and fails the window at the third', async () => {
    const { services, ledger, sender } = world();
    await planAndSend(services, silentLog);
    sender.sent.length = 0;
    const vanished = { claim: 7, done: 6, claimedAt: iso(ms(NOW) - 4 * 3_600_000) };
    ledger.set(
      entryOf('2026-11-23T04Z', { ...vanished }),
      entryOf('2026-11-23T05Z', { ...vanished, attempts: 2 }),
    );
    await planAndSend(services, silentLog);
    expect(idsOf(windowsIn(sender, 'pstn-windows'))).toEqual(['2026-11-23T04Z', '2026-11-23T05Z']);
    expect(ledger.get('2026-11-23T04Z')).toMatchObject({
      state: 'planned',
      attempts: 1,
      lastError: 'claim 7 never finished',
    });
    expect(ledger.get('2026-11-23T05Z')).toMatchObject({ state: 'failed', attempts: 3 });
  });

  it('counts as good when another one wrote the state in between', async () => {
    const { services, control, sender, time } = world();
    await planAndSend(services, silentLog);
    time.nowMs += 3_600_000;
    const sendAll: MemorySender['sendAll'] = async (...sending) => {
      const stored = await readPlannerState(control);
      if (stored !== undefined) await savePlannerState(control, stored);
      await sender.sendAll(...sending);
    };
    const events: string[] = [];
    const log: Log = { ...silentLog, info: (event) => events.push(event) };
    await planAndSend({ ...services, sender: { ...sender, sendAll } }, log);
    expect(events).toContain('plannerStateConflict');
  });

  it('plans the other days when one cannot be read, names it in the log, and fails at its end', async () => {
    const { services, ledger, sender, control } = world();
    const readDay = (date: string) =>
      date === '2026-11-20' ? Promise.reject(new Error('the entity is broken')) : ledger.readDay(date);
    const errors: unknown[] = [];
    const log: Log = { ...silentLog, error: (_event, fields) => errors.push(fields) };
    const tick = planAndSend({ ...services, ledger: { ...ledger, readDay } }, log);
    await expect(tick).rejects.toThrow('1 days could not be planned');
    expect(errors).toEqual([{ subject: '2026-11-20', error: 'the entity is broken' }]);
    expect(windowsIn(sender, 'pstn-windows-backfill')).toHaveLength(7 * 24 - 6 - 24 + 6);
    expect((await readPlannerState(control))?.state.lastTickAt).toBe(NOW);
  });

  it('ends early when storage is away altogether', async () => {
    const { services, ledger } = world();
    let reads = 0;
    const readDay = () => {
      reads += 1;
      return Promise.reject(new Error('storage is away'));
    };
    await expect(planAndSend({ ...services, ledger: { ...ledger, readDay } }, silentLog)).rejects.toThrow(
      'storage is away',
    );
    expect(reads).toBeLessThan(20);
  });
});

describe('a day', () => {
  it('with raw blobs that no totals count is sent, delayed, so that one fold serves many changes', async () => {
    const { services, raw, heads, sender } = world();
    const etag = await fillRaw(raw, '2026-11-23T10Z');
    await fillRaw(raw, '2026-11-22T10Z');
    await fillRaw(raw, '2026-10-01T10Z');
    heads.set('2026-11-23', head({ vector: { '2026-11-23T10Z': etag } }));
    heads.set('2026-11-22', head({ vector: { '2026-11-22T10Z': 'an older one' } }));
    expect(await planAndSend(services, silentLog)).toMatchObject({ daysWoken: 2 });
    expect(daysIn(sender)).toEqual([{ date: '2026-10-01' }, { date: '2026-11-22' }]);
    for (const { queue, delayMs } of sender.sent) {
      if (queue === 'pstn-days') expect(delayMs).toBeGreaterThanOrEqual(15_000);
    }
  });

  it('with rejected rows that its totals do not count is sent', async () => {
    const { services, raw, heads, sender } = world();
    const metadata = { rows: '3' };
    for (const date of ['2026-11-22', '2026-11-23']) {
      const name = `rejected/v1/callDate=${date}/pstn-calls-1000-PT60M.jsonl`;
      await raw.put(name, Buffer.from(''), { metadata });
    }
    heads.set('2026-11-22', head({ rejected: 3 }));
    await planAndSend(services, silentLog);
    expect(daysIn(sender)).toEqual([{ date: '2026-11-23' }]);
  });

  it('is not compared with what is no window blob', async () => {
    const { services, raw, sender } = world();
    await raw.put('ndjson/v1/callDate=2026-11-23/readme.txt', Buffer.from('by hand'));
    await planAndSend(services, silentLog);
    expect(daysIn(sender)).toEqual([]);
  });

  it('whose fold died is sent when its head has not moved from one tick to the next', async () => {
    const { services, raw, heads, sender, time } = world();
    await fillRaw(raw, '2026-11-23T10Z');
    const tick = async (etag: string) => {
      heads.set('2026-11-23', head({ etag, open: true, complete: false }));
      await planAndSend(services, silentLog);
      time.nowMs += QUARTER;
      return daysIn(sender).length;
    };
    expect(await tick('h1')).toBe(0);
    expect(await tick('h2')).toBe(0);
    expect(await tick('h2')).toBe(1);
  });

  it('that was being written at the daily pass is looked at again at the next tick', async () => {
    const { services, raw, heads, sender, time } = world();
    await fillRaw(raw, '2026-10-01T10Z');
    heads.set('2026-10-01', head({ open: true }));
    await planAndSend(services, silentLog);
    time.nowMs += QUARTER;
    await planAndSend(services, silentLog);
    expect(daysIn(sender)).toEqual([{ date: '2026-10-01' }]);
  });
});

describe('an app that was stopped', () => {
  const errorsOf = () => {
    const errors: [string, unknown][] = [];
    return {
      errors,
      log: { ...silentLog, error: (event: string, fields: unknown) => errors.push([event, fields]) },
    };
  };

  async function stoppedFor(days: number, environment: Record<string, string> = {}) {
    const made = world(environment);
    await planAndSend(made.services, silentLog);
    const readToMs = ms('2026-11-24T06:00Z');
    await made.ledger.read(windowsBetween(ms('2026-11-14T00:00Z'), readToMs), made.time.nowMs);
    made.sender.sent.length = 0;
    made.time.nowMs += days * DAY_MS;
    return { ...made, readToMs, endedMs: made.time.nowMs - 30 * 60_000 };
  }

  it('for a week reads all that it missed at the first tick, newest first, without being asked', async () => {
    const { services, sender, ledger, time, readToMs, endedMs } = await stoppedFor(7);
    await planAndSend(services, silentLog);
    for (const queue of ['pstn-windows', 'pstn-windows-backfill']) {
      const starts = jobsIn(sender, queue).map((job) => job.from);
      expect(starts).toEqual(starts.toSorted().reverse());
    }
    const sent = idsOf([...windowsIn(sender, 'pstn-windows'), ...windowsIn(sender, 'pstn-windows-backfill')]);
    const missed = windowsBetween(readToMs, endedMs);
    expect(idsOf(missed).filter((id) => !sent.includes(id))).toEqual([]);
    await ledger.read(missed, time.nowMs);
    time.nowMs += QUARTER;
    sender.sent.length = 0;
    await planAndSend(services, silentLog);
    expect(
      idsOf(windowsIn(sender, 'pstn-windows')).filter((id) => missed.some((one) => one.id === id)),
    ).toEqual([]);
  });

  it('for 100 days reads what Graph still has, and says in the log what is about to be lost', async () => {
    const { services, sender, endedMs } = await stoppedFor(100);
    const { errors, log } = errorsOf();
    await planAndSend(services, log);
    const sent = idsOf([...windowsIn(sender, 'pstn-windows'), ...windowsIn(sender, 'pstn-windows-backfill')]);
    const oldestMs = endedMs + 30 * 60_000 - 88 * DAY_MS + 30 * 60_000;
    expect(sent).toEqual(idsOf(windowsBetween(oldestMs, endedMs)));
    expect(errors).toEqual([
      [
        'gapExpiresSoon',
        {
          from: iso(oldestMs).replace('.000', ''),
          to: iso(oldestMs + 2 * DAY_MS).replace('.000', ''),
          hours: 48,
          sourceDays: 88,
        },
      ],
    ]);
  });

  it('says so once a day', async () => {
    const { services, time } = await stoppedFor(100);
    await planAndSend(services, silentLog);
    time.nowMs += QUARTER;
    const { errors, log } = errorsOf();
    await planAndSend(services, log);
    expect(errors).toEqual([]);
  });
});

describe('a raw blob that was deleted by hand', () => {
  const settledRead = (id: string) => readEntry(id, iso(ms(NOW) - 3_600_000), { rows: 5 });

  async function deleted(id: string, environment: Record<string, string> = {}) {
    const made = world({ INITIAL_BACKFILL_DAYS: '0', ...environment });
    await made.ledger.read(windowsBetween(ms('2026-11-22T00:00Z'), ms('2026-11-24T06:00Z')), ms(NOW) - 1);
    made.ledger.set(settledRead(id));
    const errors: [string, unknown][] = [];
    const log: Log = { ...silentLog, error: (event, fields) => errors.push([event, fields]) };
    return { ...made, errors, log };
  }

  it('is read again, and its day is not folded without it', async () => {
    const { services, sender, heads, errors, log, time } = await deleted('2026-11-21T10Z');
    heads.set('2026-11-21', { ...head({}), vector: { '2026-11-21T10Z': 'gone' } });
    await planAndSend(services, log);
    const sent = [...windowsIn(sender, 'pstn-windows'), ...windowsIn(sender, 'pstn-windows-backfill')];
    expect(idsOf(sent)).toEqual(['2026-11-21T10Z']);
    expect(daysIn(sender)).toEqual([]);
    expect(errors).toEqual([['rawBlobsMissing', { windows: 1, readAgain: 1, named: '2026-11-21T10Z' }]]);
    time.nowMs += QUARTER;
    await planAndSend(services, log);
    expect(
      idsOf([...windowsIn(sender, 'pstn-windows'), ...windowsIn(sender, 'pstn-windows-backfill')]),
    ).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });

  it('that is too old to be read is named each day, and its day is left as it is', async () => {
    const { services, sender, heads, errors, log, time } = await deleted('2026-07-01T10Z');
    await fillRaw(services.raw, '2026-07-01T11Z');
    heads.set('2026-07-01', head({ vector: { '2026-07-01T10Z': 'gone', '2026-07-01T11Z': 'other' } }));
    await planAndSend(services, log);
    expect(sender.sent).toEqual([]);
    expect(errors).toEqual([['rawBlobsMissing', { windows: 1, readAgain: 0, named: '2026-07-01T10Z' }]]);
    time.nowMs += QUARTER;
    await planAndSend(services, log);
    expect(errors).toHaveLength(1);
  });

  it('is no error where raw blobs are deleted by their age, nor is the day folded without it', async () => {
    const { services, sender, heads, errors, log } = await deleted('2026-11-01T10Z', {
      RAW_RETENTION_DAYS: '10',
    });
    heads.set('2026-11-01', head({ vector: { '2026-11-01T10Z': 'gone' } }));
    await planAndSend(services, log);
    expect(idsOf(windowsIn(sender, 'pstn-windows-backfill'))).not.toContain('2026-11-01T10Z');
    expect(daysIn(sender)).toEqual([]);
    expect(errors).toEqual([]);
  });
});

describe('the passes over older days', () => {
  it('look once a week at all days that have raw blobs, however old', async () => {
    const { services, raw, sender, time } = world();
    await fillRaw(raw, '2025-03-01T10Z');
    expect(await planAndSend(services, silentLog)).toMatchObject({ daily: true, weekly: true });
    expect(daysIn(sender)).toEqual([{ date: '2025-03-01' }]);
    for (let day = 1; day <= 7; day++) {
      time.nowMs += DAY_MS;
      expect(await planAndSend(services, silentLog)).toMatchObject({ daily: true, weekly: day === 7 });
    }
  });

  it('leave a day alone whose raw blobs have expired', async () => {
    const { services, heads, raw, sender } = world();
    await fillRaw(raw, '2025-03-01T10Z');
    heads.set('2025-03-01', head({ frozen: true }));
    await planAndSend(services, silentLog);
    expect(daysIn(sender)).toEqual([]);
  });

  it('wake months and clean up behind every day that they look at, months at every tick', async () => {
    const { services, time, control } = world();
    const swept: string[] = [];
    const asked: unknown[] = [];
    const hooks: Pick<PlanServices, 'wakeMonths' | 'sweepDay'> = {
      wakeMonths: async ({ dates, openHeads, perMonth }) => {
        asked.push([dates.length, openHeads, await perMonth('2026-11', () => Promise.resolve('looked at'))]);
        return { woken: ['2026-11'], openHeads: { '2026-11': 'm1' } };
      },
      sweepDay: (date) => {
        swept.push(date);
        return Promise.resolve();
      },
    };
    expect(await planAndSend({ ...services, ...hooks }, silentLog)).toMatchObject({ monthsWoken: 1 });
    expect(swept).toHaveLength(89);
    expect((await readPlannerState(control))?.state.openMonths).toEqual({ '2026-11': 'm1' });
    time.nowMs += QUARTER;
    await planAndSend({ ...services, ...hooks }, silentLog);
    expect(swept).toHaveLength(89);
    expect(asked).toEqual([
      [89, {}, 'looked at'],
      [5, { '2026-11': 'm1' }, 'looked at'],
    ]);
  });

  it('are not held up by a day that cannot be cleaned up', async () => {
    const { services, control } = world();
    const sweepDay = (date: string) =>
      date === '2026-11-01' ? Promise.reject(new Error('no')) : Promise.resolve();
    await expect(planAndSend({ ...services, sweepDay }, silentLog)).rejects.toThrow('1 days');
    expect((await readPlannerState(control))?.state.lastDailyPassAt).toBe(NOW);
  });
});

describe('settlement', () => {
  it('has a day sent whose last window was read for good without a change, until its head says so', async () => {
    const { services, ledger, heads, sender, time } = world({ INITIAL_BACKFILL_DAYS: '0' });
    await ledger.read(windowsBetween(ms('2026-11-20T00:00Z'), ms('2026-11-24T06:00Z')), ms(NOW) - 1);
    heads.set('2026-11-20', head({}));
    heads.set('2026-11-21', head({}));
    await planAndSend(services, silentLog);
    expect(daysIn(sender)).toEqual([{ date: '2026-11-20' }]);
    heads.set('2026-11-20', head({ etag: 'h2', state: 'settled' }));
    time.nowMs += QUARTER;
    await planAndSend(services, silentLog);
    expect(daysIn(sender)).toHaveLength(1);
  });
});

describe('a tick that dies before or after any of its effects', () => {
  class Crash extends Error {}

  /** Services of which the effect with this number is the last one tried: it does not happen, or its answer is lost. */
  function crashing(services: PlanServices, at: number, landed: boolean): PlanServices {
    let effects = 0;
    const crash = async <T>(effect: () => Promise<T>): Promise<T> => {
      effects += 1;
      if (effects < at) return effect();
      if (effects === at && landed) await effect();
      throw new Crash();
    };
    const { ledger, control, sender } = services;
    return {
      ...services,
      ledger: {
        readDay: (date) => ledger.readDay(date),
        markPlanned: (...given) => crash(() => ledger.markPlanned(...given)),
        recordFailure: (...given) => crash(() => ledger.recordFailure(...given)),
      },
      control: { ...control, put: (...given) => crash(() => control.put(...given)) },
      sender: {
        send: (...given) => crash(() => sender.send(...given)),
        sendAll: (...given) => crash(() => sender.sendAll(...given)),
      },
    };
  }

  const EFFECTS = 8; // State made, failure noted, jobs sent and marked in two lanes, days sent, state saved.
  const points = Array.from({ length: EFFECTS }, (_, i) => i + 1).flatMap((at) => [
    { at, landed: false },
    { at, landed: true },
  ]);

  async function prepared() {
    const made = world();
    await fillRaw(made.raw, '2026-11-21T10Z');
    made.ledger.set(entryOf('2026-11-23T04Z', { claim: 1, claimedAt: '2026-11-23T05:00:00.000Z' }));
    return made;
  }

  it('has that many effects', async () => {
    const { services } = await prepared();
    await expect(planAndSend(crashing(services, EFFECTS, false), silentLog)).rejects.toThrow(Crash);
    const again = await prepared();
    await planAndSend(crashing(again.services, EFFECTS + 1, false), silentLog);
  });

  it.each(points)('is made good by the next one (effect $at, landed: $landed)', async ({ at, landed }) => {
    const { services, sender, ledger, time, control } = await prepared();
    await expect(planAndSend(crashing(services, at, landed), silentLog)).rejects.toThrow(Crash);
    time.nowMs += QUARTER;
    await planAndSend(services, silentLog);

    const covered = windowsBetween(ms('2026-11-14T00:00Z'), ms('2026-11-24T06:00Z'));
    const sent = [...windowsIn(sender, 'pstn-windows'), ...windowsIn(sender, 'pstn-windows-backfill')];
    expect(idsOf(covered).filter((id) => !idsOf(sent).includes(id))).toEqual([]);
    for (const { id } of covered) expect(ledger.get(id).plannedAt, id).toBeDefined();
    expect(daysIn(sender)).toContainEqual({ date: '2026-11-21' });
    expect(ledger.get('2026-11-23T04Z').lastError).toBe('claim 1 never finished');
    expect((await readPlannerState(control))?.state).toMatchObject({
      coverageFrom: '2026-11-14T00:00:00.000Z',
      lastTickAt: iso(time.nowMs),
    });

    const { length } = sender.sent;
    time.nowMs += QUARTER - 1;
    await planAndSend(services, silentLog);
    expect(sender.sent.slice(length).filter(({ queue }) => queue !== 'pstn-days')).toEqual([]);
  });
});
