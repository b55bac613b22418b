/** One simulated day. */
export interface DaySample {
  day: number;
  /** Calls of storage, queues and Graph on that day, and by service. */
  operations: number;
  kinds: Readonly<Record<string, number>>;
  /** At its end: dates that the ledger knows, and what is stored. */
  dates: number;
  entities: number;
  budgetRows: number;
  rawBlobs: number;
  controlBlobs: number;
  deadLetters: number;
  waiting: number;
  heapMb: number;
}

/** Seven days: the mean of what is counted by day, the last day's state of what is stored. */
export interface Week extends DaySample {
  week: number;
  entitiesADate: number;
}

const WEEK_DAYS = 7;

/** Whole weeks only. */
export function weeksOf(samples: readonly DaySample[]): Week[] {
  const weeks: Week[] = [];
  for (let at = 0; at + WEEK_DAYS <= samples.length; at += WEEK_DAYS) {
    const days = samples.slice(at, at + WEEK_DAYS);
    const last = days.at(-1);
    if (last === undefined) break;
    const mean = (of: (day: DaySample) => number): number =>
      days.reduce((sum, day) => sum + of(day), 0) / WEEK_DAYS;
    weeks.push({
      ...last,
      week: weeks.length + 1,
      operations: mean(({ operations }) => operations),
      kinds: Object.fromEntries(
        Object.keys(last.kinds).map((kind) => [kind, mean(({ kinds }) => kinds[kind] ?? 0)]),
      ),
      heapMb: mean(({ heapMb }) => heapMb),
      entitiesADate: last.entities / last.dates,
    });
  }
  return weeks;
}

/** Weeks in which the backfill is over and nothing is old yet; with these the last ones are compared. */
const FIRST_WEEKS = [3, 4, 5];
const LAST_WEEKS = 3;
const ALLOWED = 1.1;

/** What grew from the first full weeks to the last ones, in words. */
export function growth(weeks: readonly Week[]): string[] {
  const first = weeks.filter(({ week }) => FIRST_WEEKS.includes(week));
  const last = weeks.slice(-LAST_WEEKS);
  const mean = (of: readonly Week[], value: (week: Week) => number): number =>
    of.reduce((sum, week) => sum + value(week), 0) / of.length;
  const found: string[] = [];
  const compare = (what: string, value: (week: Week) => number): void => {
    const [before, after] = [mean(first, value), mean(last, value)];
    if (after > before * ALLOWED)
      found.push(`${what}: ${before.toFixed(1)} at first, ${after.toFixed(1)} at last`);
  };
  compare('operations a day', ({ operations }) => operations);
  for (const kind of Object.keys(last.at(-1)?.kinds ?? {})) {
    compare(`operations a day of ${kind}`, ({ kinds }) => kinds[kind] ?? 0);
  }
  compare('entities a date', ({ entitiesADate }) => entitiesADate);
  compare('rows of the budget', ({ budgetRows }) => budgetRows);
  compare('dead letters', ({ deadLetters }) => deadLetters);
  // Dates that a backfill brought have changed less often than those that were watched from the first hour: what
  // each week adds is compared, not what there is for each date.
  const steps = (of: (week: Week) => number): number[] =>
    weeks.map((week, at) => of(week) - of(weeks[at - 1] ?? week));
  const meanOf = (numbers: readonly number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const compareSteps = (what: string, of: (week: Week) => number, allowed: number, least: number): void => {
    const [early, late] = [meanOf(steps(of).slice(2, 5)), meanOf(steps(of).slice(-LAST_WEEKS))];
    if (late > early * allowed + least)
      found.push(`${what}: ${early.toFixed(1)} a week more at first, ${late.toFixed(1)} at last`);
  };
  compareSteps('control blobs', ({ controlBlobs }) => controlBlobs, ALLOWED, 0);
  // What is stored lies in memory here.
  compareSteps('memory in MB', ({ heapMb }) => heapMb, 1.5, 5);
  return found;
}

const COLUMNS: readonly (readonly [title: string, value: (week: Week) => string])[] = [
  ['week', ({ week }) => String(week)],
  ['operations a day', ({ operations }) => operations.toFixed(0)],
  ['raw', ({ kinds }) => (kinds['raw'] ?? 0).toFixed(0)],
  ['control', ({ kinds }) => (kinds['control'] ?? 0).toFixed(0)],
  ['windows', ({ kinds }) => (kinds['windows'] ?? 0).toFixed(0)],
  ['daily', ({ kinds }) => (kinds['dailyTotals'] ?? 0).toFixed(0)],
  ['monthly', ({ kinds }) => (kinds['monthlyTotals'] ?? 0).toFixed(0)],
  ['budget', ({ kinds }) => (kinds['budget'] ?? 0).toFixed(0)],
  ['queue', ({ kinds }) => (kinds['queue'] ?? 0).toFixed(0)],
  ['graph', ({ kinds }) => (kinds['graph'] ?? 0).toFixed(0)],
  ['dates', ({ dates }) => String(dates)],
  ['entities', ({ entities }) => String(entities)],
  ['control blobs', ({ controlBlobs }) => String(controlBlobs)],
  ['dead letters', ({ deadLetters }) => String(deadLetters)],
  ['budget rows', ({ budgetRows }) => String(budgetRows)],
  ['heap MB', ({ heapMb }) => heapMb.toFixed(0)],
];

export function describeWeeks(weeks: readonly Week[]): string[] {
  const lines = [
    COLUMNS.map(([title]) => title),
    ...weeks.map((week) => COLUMNS.map(([, value]) => value(week))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
}
