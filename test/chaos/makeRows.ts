import type { Random } from './random.ts';
import type { RowHistory } from './schedule.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface RowsPlan {
  startMs: number;
  restMs: number;
  /** Begin of what is covered. */
  coverFromMs: number;
  rows: number;
  /** Rows of one hour that go together, and may come back: a log that loses rows. */
  burst: number;
}

type State = readonly [atMs: number, json: string | null];
type Call = Record<string, unknown>;

/** The log through time: rows that come, come late, change (back and forth), go, move to another hour, do not fit. */
export function makeRows(random: Random, plan: RowsPlan): RowHistory[] {
  const hours = hotHours(random, plan);
  const rows: RowHistory[] = [];
  for (let at = 0; at < plan.rows; at += 1)
    rows.push(withLastAct(random, hours, makeRow(random, plan, hours, `c${at}`)));
  if (plan.burst > 0) rows.push(...makeBurst(random, plan, hours));
  return rows;
}

/** A few hours have nearly all calls: of the first and last ones, at midnights, just before it all begins. */
function hotHours(random: Random, { startMs, restMs, coverFromMs }: RowsPlan): number[] {
  const first = Math.floor(coverFromMs / HOUR_MS);
  const last = Math.floor((startMs + restMs) / HOUR_MS) - 1;
  const hours: number[] = [];
  for (let n = random.between(2, 5); n > 0; n -= 1) {
    const at = random.below(4);
    if (at === 0) hours.push(random.between(first, last));
    else if (at === 1) hours.push(Math.floor(startMs / HOUR_MS) - random.between(1, 3));
    else if (at === 2) hours.push(Math.ceil(first / 24) * 24 + random.pick([0, 23]));
    else hours.push(last - random.between(0, 4));
  }
  return hours.filter((hour) => hour >= first && hour <= last).concat(first);
}

function makeRow(random: Random, plan: RowsPlan, hours: readonly number[], name: string): RowHistory {
  const { startMs, restMs, coverFromMs } = plan;
  const hour = random.chance(0.8)
    ? random.pick(hours)
    : random.between(Math.floor(coverFromMs / HOUR_MS) - 2, Math.floor((startMs + restMs) / HOUR_MS) - 1);
  const call = makeCall(random, hour, name);
  const calledMs = (hour + 1) * HOUR_MS - startMs;
  const cameMs = Math.max(
    -1,
    calledMs + (random.chance(0.25) ? random.below(restMs) : random.below(HOUR_MS)),
  );
  const states: State[] = [[Math.min(cameMs, restMs - 1), json(call)]];
  const order = random.unit();
  const kind = random.below(12);
  if (call['startDateTime'] === null) return { order, states };
  const later = (): number => random.between(Math.min(Math.max(0, cameMs), restMs - 2), restMs - 1);
  if (kind === 0) states.push([later(), null]);
  else if (kind === 1)
    states.push([later(), json(changed(random, call))], [later(), json(changed(random, call))]);
  else if (kind === 2) {
    const to = random.chance(0.7) ? random.pick(hours) : hour + random.pick([-1, 1, 24, -24]);
    states.push([later(), json({ ...call, startDateTime: instant(random, to) })]);
    if (random.chance(0.3)) states.push([later(), json(call)]);
  } else if (kind === 3) states.push([later(), null], [later(), json(call)]);
  else if (kind === 4) states.push([later(), json(misfit(random, call))]);
  else if (kind === 5) {
    const other = json(changed(random, call));
    for (let n = random.between(2, 6); n > 0; n -= 1)
      states.push([later(), n % 2 === 0 ? other : json(call)]);
  } else if (kind === 6) {
    // There and back between two reads: whoever read it in between may come last.
    const thereMs = later();
    const backMs = Math.min(thereMs + random.pick([1, 3, 10, 30]) * MINUTE_MS, restMs - 1);
    states.push([thereMs, random.chance(0.5) ? null : json(changed(random, call))], [backMs, json(call)]);
  }
  states.sort(([a], [b]) => a - b);
  return { order, states };
}

/** Some rows change once more, when all else is over. */
function withLastAct(random: Random, hours: readonly number[], row: RowHistory): RowHistory {
  if (!random.chance(0.2)) return row;
  const text = row.states.at(-1)?.[1] ?? row.states[0]?.[1];
  if (text === undefined || text === null) return row;
  const call = JSON.parse(text) as Call;
  if (call['startDateTime'] === null) return row;
  const kind = random.below(5);
  if (kind === 0) return { ...row, lastly: null };
  if (kind === 1)
    return { ...row, lastly: json({ ...call, startDateTime: instant(random, random.pick(hours)) }) };
  if (kind === 2) return { ...row, lastly: json(misfit(random, call)) };
  return { ...row, lastly: json(changed(random, call)) };
}

/** Rows of one hour that vanish at once, for good or for a while. */
function makeBurst(random: Random, { restMs, burst }: RowsPlan, hours: readonly number[]): RowHistory[] {
  const hour = random.pick(hours);
  const goesMs = random.below(restMs);
  const comesMs = random.chance(0.6) ? goesMs + random.below(restMs - goesMs) : undefined;
  const share = random.chance(0.3) ? 0 : random.unit();
  const goesAtLast = random.chance(0.3);
  return Array.from({ length: burst }, (_, at) => {
    const text = json(makeCall(random, hour, `b${at}`));
    const states: State[] = [[-1, text]];
    if (random.chance(share)) {
      states.push([goesMs, null]);
      if (comesMs !== undefined) states.push([comesMs, text]);
    }
    const order = random.unit();
    return goesAtLast && random.chance(share) ? { order, states, lastly: null } : { order, states };
  });
}

const USERS = ['11111111', '2222aaaa', '3333BBBB', '44444444'].map(
  (head) => `${head}-0000-4000-8000-000000000000`,
);

function makeCall(random: Random, hour: number, name: string): Call {
  const user = random.below(USERS.length + 1);
  const userId = USERS[user] ?? random.pick([null, '']);
  const known: Call = {
    id: random.chance(0.04) ? null : name,
    userId,
    startDateTime: random.chance(0.01) ? null : instant(random, hour),
    duration: random.chance(0.05) ? null : random.below(4_000),
    charge: random.chance(0.1) ? null : money(random),
    currency: random.chance(0.1) ? null : random.pick(['USD', 'EUR', 'JPY']),
  };
  if (userId !== null && userId !== '') known['userPrincipalName'] = `user${user}@example.com`;
  if (userId !== null && userId !== '' && random.chance(0.9))
    known['userDisplayName'] = `User ${user} ${random.below(2)}`;
  if (random.chance(0.8)) known['callType'] = random.pick(['user_in', 'user_out', 'ucap_out', 'other']);
  if (random.chance(0.3)) known['connectionCharge'] = money(random);
  if (random.chance(0.3)) known['destinationName'] = random.pick(['Germany', 'Côte d’Ivoire', 'USA']);
  if (random.chance(0.2)) known['operator'] = random.pick(['Microsoft', 'Fabrikam']);
  if (random.chance(0.1)) known['somethingNew'] = { n: random.below(5) };
  return random.chance(0.03) ? misfit(random, known) : known;
}

const money = (random: Random): number =>
  random.below(10 ** random.between(1, 7)) / 10 ** random.between(0, 6);

const changed = (random: Random, call: Call): Call => ({
  ...call,
  ...random.pick<Call>([
    { charge: money(random) },
    { charge: null },
    { duration: random.below(4_000) },
    { currency: 'GBP' },
    { userDisplayName: 'Somebody Else' },
    { operator: 'Contoso' },
  ]),
});

const misfit = (random: Random, call: Call): Call => ({
  ...call,
  ...random.pick<Call>([{ charge: 0.12345678 }, { charge: 'much' }, { duration: 1.5 }, { callType: 7 }]),
});

/** Often on a whole hour, which two windows are asked for. */
function instant(random: Random, hour: number): string {
  if (random.chance(0.08)) return `${new Date(hour * HOUR_MS).toISOString().slice(0, 19)}Z`;
  const text = new Date(hour * HOUR_MS + random.below(HOUR_MS)).toISOString();
  return random.pick([
    `${text.slice(0, 19)}Z`,
    text,
    `${text.slice(0, 23)}${String(random.below(10_000)).padStart(4, '0')}Z`,
  ]);
}

const json = (call: Call): string => JSON.stringify(call);
