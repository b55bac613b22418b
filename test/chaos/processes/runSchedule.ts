import { parseInstant } from '../../../src/graph/instant.ts';
import { createTenant } from '../../../src/local/graph/tenant.ts';
import { rowJson } from '../../../src/local/graph/wire.ts';
import { toMessage } from '../../../src/queues/messages.ts';
import { QUEUES } from '../../../src/queues/names.ts';
import { type Backfill, packBackfill } from '../../../src/windows/backfill.ts';
import { watchBackfill } from '../../../src/windows/backfillProgress.ts';
import { planBackfill } from '../../../src/windows/backfillRange.ts';
import { sendJobs } from '../../../src/windows/sendJobs.ts';
import { comeToRest } from './comeToRest.ts';
import { type Faults, startFaults } from './faults.ts';
import type { Schedule, Step } from './schedule.ts';
import type { World } from './world.ts';

/** What came of a schedule, before it is judged. */
export interface Ran {
  faults: Faults;
  /** JSON of the rows that Graph has in the end, each once. */
  rows: readonly string[];
  /** Messages that were brought forward at the end. */
  hastened: number;
  /** Times that the day had to be woken as whoever waits for a command does. */
  woken: number;
  ms: number;
  /** Of these, from the last fault to the rest. */
  restMs: number;
}

const DAY_MS = 86_400_000;
const USERS = 12;
const REQUESTS_PER_MINUTE = 100_000;
const MAX_ROWS = 1_000_000;
const MAX_WOKEN = 4;

/** Does all steps of a schedule, and waits until nothing is left to do. */
export async function runSchedule(world: World, schedule: Schedule): Promise<Ran> {
  const beganMs = performance.now();
  const faults = startFaults(world, String(schedule.seed));
  const publish = publisher(world, schedule);
  let last: Backfill | undefined;
  try {
    await publish();
    for (const step of schedule.steps) {
      if (step.do === 'read') last = await read(world, schedule, step);
      else if (step.do === 'publish') await publish();
      else await faults.inject(step.fault);
    }
  } finally {
    await faults.over();
  }
  if (last === undefined) throw new Error('a schedule reads at least once');

  const overMs = performance.now();
  let hastened = await comeToRest(world);
  const { services } = world;
  const look = watchBackfill(services, last, {
    awaitConfirmation: true,
    settleHours: services.config.SETTLE_HOURS,
  });
  let woken = 0;
  for (let progress = await look(); !progress.finished; progress = await look()) {
    woken += 1;
    if (woken > MAX_WOKEN) throw new Error(`it does not mend: ${JSON.stringify(progress)}`);
    for (const { date } of progress.unfolded) await services.sender.send(QUEUES.days, toMessage({ date }));
    hastened += await comeToRest(world);
  }
  return {
    faults,
    rows: finalRows(schedule),
    hastened,
    woken,
    ms: performance.now() - beganMs,
    restMs: performance.now() - overMs,
  };
}

/** Serves the next version at each call. */
function publisher({ graph }: World, { date, source }: Schedule): () => Promise<void> {
  let next = 0;
  return async () => {
    const version = next;
    next += 1;
    if (source.from === 'rows') {
      const { versions, pageRows } = source;
      await graph.ask({ ask: 'rows', date, rows: versions[version] ?? [], pageRows });
      return;
    }
    const { seed, callsAWeek, atMs, traps } = source;
    const options = {
      seed,
      callsAWeek,
      users: USERS,
      traps,
      requestsPerMinute: REQUESTS_PER_MINUTE,
      appRequestsPerMinute: REQUESTS_PER_MINUTE,
    };
    await graph.ask({ ask: 'tenant', date, atMs: atMs[version] ?? 0, options });
  };
}

const midnightMs = ({ date }: Schedule): number => Date.parse(`${date}T00:00:00Z`);

async function read(
  { services }: World,
  schedule: Schedule,
  { windowsAJob, lane }: Extract<Step, { do: 'read' }>,
): Promise<Backfill> {
  const nowMs = services.clock.nowMs();
  const range = planBackfill({
    fromMs: midnightMs(schedule),
    toMs: midnightMs(schedule) + DAY_MS,
    nowMs,
  });
  const backfill = await packBackfill(services.ledger, range, {
    nowMs,
    settleHours: services.config.SETTLE_HOURS,
    limits: { maxWindows: windowsAJob, maxRows: MAX_ROWS },
  });
  const jobs = backfill.jobs.map((job) => ({ ...job, lane }));
  await sendJobs(services, lane, jobs, nowMs);
  return backfill;
}

/** As they go over the wire. */
function finalRows(schedule: Schedule): string[] {
  const { date, source } = schedule;
  if (source.from === 'rows') return (source.versions.at(-1) ?? []).map((row) => JSON.stringify(row));
  const { seed, callsAWeek, atMs, traps } = source;
  const tenant = createTenant({
    seed,
    callsAWeek,
    users: USERS,
    traps,
    shuffled: traps.shuffledRows === true,
  });
  const instant = (time: string) => {
    const found = parseInstant(`${date}T${time}Z`);
    if (found === undefined) throw new Error('no instant');
    return found;
  };
  const rows = tenant.rows({
    from: instant('00:00:00'),
    to: instant('23:59:59.9999999'),
    nowMs: atMs.at(-1) ?? 0,
    skip: 0,
    limit: Number.MAX_SAFE_INTEGER,
  });
  return rows.map((row) => rowJson(row, 'v1.0'));
}
