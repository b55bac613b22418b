import { LARGE_TENANT_ROWS_A_DAY, type BackfillEstimate, type Scenario } from './estimateBackfill.ts';
import { PRICES } from './prices.ts';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** An estimate for a person. */
export function describeEstimate(estimate: BackfillEstimate): string[] {
  const { low, high, expected, windows } = estimate;
  const line = (name: string, text: (scenario: Scenario) => string): string =>
    `${name.padEnd(10)}${rangeText(low, expected, high, text)}`;
  return [
    `${'windows'.padEnd(10)}${whole.format(windows)}`,
    line('jobs', ({ jobs }) => whole.format(jobs)),
    line('calls', ({ rows }) => whole.format(rows)),
    line('requests', ({ requests }) => whole.format(requests)),
    line('time', ({ minutes }) => durationText(minutes)),
    line('raw files', ({ rawBytes }) => bytesText(rawBytes)),
    line('cost', ({ cost }) => moneyText(cost)) +
      ` for calls of Azure Storage and Service Bus; ${rangeText(low, expected, high, (one) => moneyText(one.storageCostAMonth))} a month for the raw files`,
    `          (list prices of ${PRICES.region}, ${PRICES.asOf}, without tax: to be checked; the functions' own time is not in it)`,
    `how sure  ${sureness(estimate)}`,
  ];
}

/** `5`, or `5 (3 to 8)`, or `3 to 8`. */
function rangeText(
  low: Scenario,
  expected: Scenario | undefined,
  high: Scenario,
  text: (scenario: Scenario) => string,
): string {
  const [from, to] = [text(low), text(high)];
  if (from === to) return from;
  return expected === undefined ? `${from} to ${to}` : `${text(expected)} (${from} to ${to})`;
}

function sureness({ basis, windowsRead, windows, windowsTelling }: BackfillEstimate): string {
  if (basis === 'read')
    return 'all of these hours were read before; they will have about as many calls again';
  if (basis === 'inferred') {
    return (
      `${whole.format(windowsRead)} of ${whole.format(windows)} hours were read before; the others are guessed from ` +
      `${whole.format(windowsTelling)} hours that are known`
    );
  }
  return (
    'not sure at all: nothing is known of the hours near these, so this reaches from a tenant without calls to one ' +
    `of ${whole.format(LARGE_TENANT_ROWS_A_DAY)} calls a day; read a day first, then ask again`
  );
}

/** `40 s`, `12 min`, `3 h 5 min`. */
export function durationText(minutes: number): string {
  if (minutes < 1) return `${Math.ceil(minutes * 60)} s`;
  const rounded = Math.ceil(minutes);
  if (rounded < 60) return `${rounded} min`;
  const rest = rounded % 60;
  return `${Math.floor(rounded / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${whole.format(Math.ceil(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${whole.format(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Small sums stay visible. */
function moneyText(amount: number): string {
  if (amount >= 0.1 || amount === 0) return `${amount.toFixed(2)} ${PRICES.currency}`;
  return amount < 0.0001
    ? `less than 0.0001 ${PRICES.currency}`
    : `${Number(amount.toPrecision(2))} ${PRICES.currency}`;
}
