import { firstDay, fixedCosts, MONTHS, PRICES, sum, workCosts } from './costs.ts';

export const BEGIN = '<!-- costs:begin -->';
export const END = '<!-- costs:end -->';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const money = (amount: number): string => amount.toFixed(2);

/** The text with the tables of costs written anew between their markers. @throws Error without the markers. */
export function withCosts(text: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${BEGIN} and ${END} must be in the text`);
  return `${text.slice(0, begin)}${BEGIN}\n\n${tables()}\n\n${text.slice(end)}`;
}

function tables(): string {
  const [small] = MONTHS;
  const large = MONTHS.at(-1);
  if (small === undefined || large === undefined) throw new Error('nothing was counted');
  const variants = [
    ['private network', fixedCosts('private-network')],
    ['default', fixedCosts('default')],
  ] as const;
  const totals = variants.map(([name, fixed]) => {
    const cells = MONTHS.map((month) =>
      money(sum(Object.values(fixed)) + sum(Object.values(workCosts(month)))),
    );
    return [`**${name}**`, ...cells];
  });
  const fixedNames = [...new Set(variants.flatMap(([, fixed]) => Object.keys(fixed)))];
  const workNames = Object.keys(workCosts(small)) as (keyof ReturnType<typeof workCosts>)[];
  const more = (name: keyof ReturnType<typeof workCosts>): number =>
    ((workCosts(large)[name] - workCosts(small)[name]) / (large.callsAMonth - small.callsAMonth)) * 1000;
  const first = firstDay(5_000_000);
  return [
    `${PRICES.currency} a month, list prices of ${PRICES.region}, ${PRICES.asOf}, without tax and without the free grants.`,
    table(['Total, calls a month', ...MONTHS.map(({ callsAMonth }) => whole.format(callsAMonth))], totals),
    table(
      ['Fixed', ...variants.map(([name]) => name)],
      fixedNames.map((name) => [name, ...variants.map(([, fixed]) => money(fixed[name] ?? 0))]),
    ),
    table(
      ['By calls', ...MONTHS.map(({ callsAMonth }) => whole.format(callsAMonth)), 'for 1,000 calls more'],
      workNames.map((name) => [
        name,
        ...MONTHS.map((month) => money(workCosts(month)[name])),
        more(name).toFixed(4),
      ]),
    ),
    table(
      ['Counted in a month', ...MONTHS.map(({ callsAMonth }) => whole.format(callsAMonth))],
      (
        [
          'requests',
          'rowsRead',
          'jobs',
          'folds',
          'blobWrites',
          'blobReads',
          'blobLists',
          'tableOperations',
          'messages',
        ] as const
      ).map((name) => [name, ...MONTHS.map((month) => whole.format(month[name]))]),
    ),
    `The first day of a tenant with 5,000,000 calls in 90 days: ${whole.format(first.requests[0])} to ` +
      `${whole.format(first.requests[1])} requests, ${whole.format(first.minutes[0])} to ${whole.format(first.minutes[1])} ` +
      `minutes at the pace of the request budget, ${(first.rawBytes / 1e9).toFixed(1)} GB of raw files.`,
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}
