import { BREAKDOWN_DIMENSIONS } from './breakdown.ts';
import { addMeasures, type Measures, noMeasures } from './measures.ts';
import { entriesOf, pairOf } from './pairs.ts';
import { addUser, type Dated, type KeyedUserSums, type Sums } from './sums.ts';

type MeasuresCode = [
  calls: number,
  callsIn: number,
  callsOut: number,
  durationSeconds: number,
  charge: string,
  connectionCharge: string,
  callsUnpriced: number,
];
type DatedCode = [text: string, epochMs: number, ticks: number, id: string | null];
type UserCode = [
  userId: string | null,
  currency: string | null,
  measures: MeasuresCode,
  first: DatedCode,
  last: DatedCode,
  userPrincipalName: DatedCode | null,
  userDisplayName: DatedCode | null,
];
type ValueCode = [dimension: number, value: string | null, currency: string | null, measures: MeasuresCode];

/** Sums as text, without loss: a line of JSON for each user, then for each value. */
export function encodeSums({ users, breakdowns }: Sums): string {
  const lines: string[] = [];
  for (const [userId, currency, sums] of entriesOf(users)) {
    const code: UserCode = [
      userId,
      currency,
      fromMeasures(sums),
      fromDated(sums.first),
      fromDated(sums.last),
      sums.userPrincipalName === undefined ? null : fromDated(sums.userPrincipalName),
      sums.userDisplayName === undefined ? null : fromDated(sums.userDisplayName),
    ];
    lines.push(JSON.stringify(code));
  }
  for (const [at, dimension] of BREAKDOWN_DIMENSIONS.entries()) {
    for (const [value, currency, measures] of entriesOf(breakdowns[dimension])) {
      const code: ValueCode = [at, value, currency, fromMeasures(measures)];
      lines.push(JSON.stringify(code));
    }
  }
  return lines.join('\n');
}

/**
 * Adds sums that were encoded. Line by line, so that what is decoded is let go at once: a day's windows have far
 * more users together than the day.
 * @param text of {@link encodeSums}; nothing else is understood.
 */
export function addEncoded(sums: Sums, text: string): void {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const next = end < 0 ? text.length : end;
    const code = JSON.parse(text.slice(at, next)) as UserCode | ValueCode;
    if (isValue(code)) addValue(sums, code);
    else addUser(sums, toUser(code));
    at = next + 1;
  }
}

const isValue = (code: UserCode | ValueCode): code is ValueCode => typeof code[0] === 'number';

function addValue(sums: Sums, [at, value, currency, measures]: ValueCode): void {
  const dimension = BREAKDOWN_DIMENSIONS[at];
  if (dimension === undefined) throw new RangeError(`no dimension ${at}`);
  addMeasures(pairOf(sums.breakdowns[dimension], value, currency, noMeasures), toMeasures(measures));
}

function toUser([userId, currency, measures, first, last, principal, display]: UserCode): KeyedUserSums {
  return {
    ...{ userId, currency, ...toMeasures(measures), first: toDated(first), last: toDated(last) },
    userPrincipalName: principal === null ? undefined : toDated(principal),
    userDisplayName: display === null ? undefined : toDated(display),
  };
}

const fromMeasures = (sums: Measures): MeasuresCode => [
  sums.calls,
  sums.callsIn,
  sums.callsOut,
  sums.durationSeconds,
  sums.chargeMicros.toString(),
  sums.connectionChargeMicros.toString(),
  sums.callsUnpriced,
];

const toMeasures = ([
  calls,
  callsIn,
  callsOut,
  durationSeconds,
  charge,
  connectionCharge,
  callsUnpriced,
]: MeasuresCode): Measures => ({
  calls,
  callsIn,
  callsOut,
  durationSeconds,
  chargeMicros: BigInt(charge),
  connectionChargeMicros: BigInt(connectionCharge),
  callsUnpriced,
});

const fromDated = ({ text, start, id }: Dated): DatedCode => [text, start.epochMs, start.ticks, id];
const toDated = ([text, epochMs, ticks, id]: DatedCode): Dated => ({ text, start: { epochMs, ticks }, id });
