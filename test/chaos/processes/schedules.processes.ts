import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TABLES } from '../../../src/storage/names.ts';
import { expectStored } from '../../support/expectStored.ts';
import { comeToRest } from './comeToRest.ts';
import { expectChain } from './expectChain.ts';
import { expectMonths } from './expectMonths.ts';
import { largeSchedule } from './largeSchedule.ts';
import { READ_QUEUES } from './queues.ts';
import { runSchedule } from './runSchedule.ts';
import { type FaultKind, type Schedule, scheduleOf } from './schedule.ts';
import { HOSTS, startWorld, type World } from './world.ts';

const NOW_MS = Date.parse('2026-11-24T06:00:00Z');
const DAY_MS = 86_400_000;
/**
 * Each schedule has a weekday of its own that is settled by the time that stands still. No two are neighbours: a call
 * that is gone at midnight may have gone to the next day, which would be another schedule's.
 */
const FIRST_MONDAY_MS = Date.parse('2026-08-31T00:00:00Z');
const DAYS_OF_WEEK = [0, 2, 4];
/** Days there are for that, the last one for the large schedule. */
const MOST_DAYS = 35;
const FIRST_SEED = numberIn('PROCESSES_SEED', 1);
const SCHEDULES = Math.min(MOST_DAYS - 1, numberIn('PROCESSES_SCHEDULES', 32));
const SEEDS = Array.from({ length: SCHEDULES }, (_, index) => FIRST_SEED + index);
const LARGE_SEED = FIRST_SEED + SCHEDULES;
const KEPT_LINES = 400;

let world: World;
let dailyTotals: TableClient;
let monthlyTotals: TableClient;
/** JSON of the rows that each day has in the end. */
const days = new Map<string, readonly string[]>();
const badMessages: string[] = [];
const counts = new Map<FaultKind, number>();
let woken = 0;
let beganMs = 0;

beforeAll(async () => {
  beganMs = performance.now();
  world = await startWorld(inject('bundle'), NOW_MS);
  const table = (name: string): TableClient =>
    TableClient.fromConnectionString(world.storage.ready.connectionString, name, {
      allowInsecureConnection: true,
    });
  dailyTotals = table(TABLES.dailyTotals);
  monthlyTotals = table(TABLES.monthlyTotals);
  // The days of the time that stands still, which only the timer asks for.
  for (const date of ['2026-11-24', '2026-11-25', '2026-11-26']) {
    await world.graph.ask({ ask: 'rows', date, rows: [], pageRows: 1000 });
  }
});

afterAll(async () => {
  await world.stop();
  const kinds = [...counts].sort().map(([kind, count]) => `${kind} ${count}`);
  line(
    `${days.size} schedules on real processes, seeds ${FIRST_SEED} to ${LARGE_SEED}, ` +
      `${seconds(performance.now() - beganMs)} s; ${kinds.join(', ')}; days woken by hand: ${woken}`,
  );
});

describe('two hosts on the same storage and queues', () => {
  it.each(SEEDS)('are exact in the end: seed %i', async (seed) => {
    await runAndJudge(scheduleOf(seed, dateOf(seed)));
  });

  it('are exact after 30,000 rows, six times SIGKILL, and messages that came twice', async () => {
    const ran = await runAndJudge(largeSchedule(LARGE_SEED, dateOf(LARGE_SEED)));
    expect({ rows: ran.rows.length, kills: ran.faults.counts.get('kill') }).toEqual({
      rows: 30_000,
      kills: 6,
    });
  });

  it('leave a reason for every message that was none, and no other dead letter', async () => {
    const found = await Promise.all(READ_QUEUES.map((queue) => world.queues.peek(queue, 'deadLetter')));
    expect([...new Set(found.flat().map(({ messageId }) => String(messageId)))].sort()).toEqual(
      badMessages.sort(),
    );
    for (const id of badMessages) {
      expect(await world.services.control.properties(`refused/v1/${id}.json`)).toBeDefined();
    }
  });

  it('have months that are the sums of their days, and leave nothing to be found on the days after', async () => {
    await moveToNextDay(1);
    await moveToNextDay(2);
    for (const [date, rows] of days) await expectStored(world.stored, date, rows);
    await expectMonths(monthlyTotals, days);
  });
});

async function runAndJudge(schedule: Schedule): ReturnType<typeof runSchedule> {
  const { seed, date, source } = schedule;
  const lines: string[] = [];
  const keep = (host: number, text: string): void => {
    lines.push(`${host} ${text}`);
    if (lines.length > KEPT_LINES) lines.shift();
  };
  world.onLine.add(keep);
  try {
    const ran = await runSchedule(world, schedule);
    const { faults, rows, hastened, ms, restMs } = ran;
    line(
      `seed ${seed}: ${rows.length} rows (${source.from}), ${seconds(ms)} s (${seconds(restMs)} s to rest), ${hastened} brought forward, ` +
        `${ran.woken} woken; ${faults.done.join('; ')}`,
    );
    for (const [kind, count] of faults.counts) counts.set(kind, (counts.get(kind) ?? 0) + count);
    badMessages.push(...faults.badMessages);
    woken += ran.woken;
    days.set(date, rows);
    await expectStored(world.stored, date, rows);
    await expectChain(dailyTotals, date, rows);
    return ran;
  } catch (error) {
    const { steps } = schedule;
    line(
      `seed ${seed} failed: PROCESSES_SEED=${seed} PROCESSES_SCHEDULES=1 runs it again. ${JSON.stringify(steps)}`,
    );
    for (const text of lines) line(text);
    throw error;
  } finally {
    world.onLine.delete(keep);
  }
}

/** The timer fires on a later day: it looks at all days, and the day after the first one finds none that lags behind. */
async function moveToNextDay(later: number): Promise<void> {
  const events: string[] = [];
  const keep = (_: number, text: string): void => void events.push(text);
  await world.moveTo(NOW_MS + later * DAY_MS);
  world.onLine.add(keep);
  const host = await world.hosts.get(later % HOSTS);
  await host.ask({ ask: 'plan' });
  await comeToRest(world);
  world.onLine.delete(keep);
  const found = events.filter((text) => /dayWoken|monthWoken|claimNeverFinished|rawBlobsMissing/.test(text));
  line(`a day later: ${found.length} things found by the timer`);
  for (const text of found) line(text);
  if (later > 1) expect(found).toEqual([]);
}

/** By the seed alone, so that it can be run again alone. */
function dateOf(seed: number): string {
  const index = seed % MOST_DAYS;
  const week = Math.floor(index / DAYS_OF_WEEK.length);
  const day = 7 * week + (DAYS_OF_WEEK[index % DAYS_OF_WEEK.length] ?? 0);
  return new Date(FIRST_MONDAY_MS + day * DAY_MS).toISOString().slice(0, 10);
}

function numberIn(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${name} must be a whole number from 1 on`);
  return value;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const line = (text: string): void => void process.stderr.write(`${text}\n`);
