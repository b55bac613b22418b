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
  controlBlobsADate: number;
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
      controlBlobsADate: last.controlBlobs / last.dates,
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
  compare('control blobs a date', ({ controlBlobsADate }) => controlBlobsADate);
  compare('rows of the budget', ({ budgetRows }) => budgetRows);
  compare('dead letters', ({ deadLetters }) => deadLetters);
  // What is stored lies in memory here, and grows by as much each week.
  const steps = weeks.map((week, at) => week.heapMb - (weeks[at - 1]?.heapMb ?? 0));
  const meanOf = (from: number, to?: number): number => {
    const part = steps.slice(from, to);
    return part.reduce((sum, step) => sum + step, 0) / part.length;
  };
  const [early, late] = [meanOf(2, 5), meanOf(-LAST_WEEKS)];
  if (late > early * 1.5 + 5) {
    found.push(`memory: ${early.toFixed(1)} MB a week at first, ${late.toFixed(1)} MB at last`);
  }
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
