/** One figure with its target. */
export interface TableRow {
  what: string;
  measured: string;
  /** What it is compared with. */
  yardstick: string;
  ratio: number;
  /** The ratio is at most this. */
  limit: number;
}

const HEAD = ['', 'measured', 'yardstick', 'ratio', 'target', ''];

/** Prints the figures, each with `PASS` or `over`. */
export function printTable(rows: readonly TableRow[]): void {
  const cells = rows.map(({ what, measured, yardstick, ratio, limit }) => [
    what,
    measured,
    yardstick,
    ratio.toFixed(2),
    `<= ${limit.toFixed(1)}`,
    ratio <= limit ? 'PASS' : 'over',
  ]);
  const widths = HEAD.map((_, column) =>
    Math.max(...[HEAD, ...cells].map((line) => line[column]?.length ?? 0)),
  );
  for (const line of [HEAD, ...cells]) {
    const padded = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    process.stdout.write(`${padded.join('  ').trimEnd()}\n`);
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}
