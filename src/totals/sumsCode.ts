import { BREAKDOWN_DIMENSIONS } from './breakdown.ts';
import type { Measures } from './measures.ts';
import { entriesOf, pairOf } from './pairs.ts';
import { type Dated, noSums, type Sums } from './sums.ts';

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
type ValueCode = [value: string | null, currency: string | null, measures: MeasuresCode];

interface SumsCode {
  users: UserCode[];
  /** In the order of the dimensions. */
  breakdowns: ValueCode[][];
}

/** Sums as JSON text, without loss. */
export function encodeSums({ users, breakdowns }: Sums): string {
  const code: SumsCode = {
    users: Array.from(entriesOf(users), ([userId, currency, sums]) => [
      userId,
      currency,
      fromMeasures(sums),
      fromDated(sums.first),
      fromDated(sums.last),
      sums.userPrincipalName === undefined ? null : fromDated(sums.userPrincipalName),
      sums.userDisplayName === undefined ? null : fromDated(sums.userDisplayName),
    ]),
    breakdowns: BREAKDOWN_DIMENSIONS.map((dimension) =>
      Array.from(entriesOf(breakdowns[dimension]), ([value, currency, measures]) => [
        value,
        currency,
        fromMeasures(measures),
      ]),
    ),
  };
  return JSON.stringify(code);
}

/** @param text of {@link encodeSums}; nothing else is understood. */
export function decodeSums(text: string): Sums {
  const code = JSON.parse(text) as SumsCode;
  const sums = noSums();
  for (const [userId, currency, measures, first, last, userPrincipalName, userDisplayName] of code.users) {
    pairOf(sums.users, userId, currency, () => ({
      ...toMeasures(measures),
      first: toDated(first),
      last: toDated(last),
      userPrincipalName: userPrincipalName === null ? undefined : toDated(userPrincipalName),
      userDisplayName: userDisplayName === null ? undefined : toDated(userDisplayName),
    }));
  }
  for (const [at, dimension] of BREAKDOWN_DIMENSIONS.entries()) {
    for (const [value, currency, measures] of code.breakdowns[at] ?? []) {
      pairOf(sums.breakdowns[dimension], value, currency, () => toMeasures(measures));
    }
  }
  return sums;
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
