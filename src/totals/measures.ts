import type { CallRow } from './callRow.ts';

/** Sums over calls of one currency. Amounts in micro-units of it. */
export interface Measures {
  calls: number;
  callsIn: number;
  callsOut: number;
  durationSeconds: number;
  chargeMicros: bigint;
  connectionChargeMicros: bigint;
  /** Calls whose charge is null. */
  callsUnpriced: number;
}

export const noMeasures = (): Measures => ({
  calls: 0,
  callsIn: 0,
  callsOut: 0,
  durationSeconds: 0,
  chargeMicros: 0n,
  connectionChargeMicros: 0n,
  callsUnpriced: 0,
});

export function addCall(sums: Measures, row: CallRow): void {
  sums.calls += 1;
  // user_in, user_out_conf, ucap_in: the direction is the second part, whatever follows.
  const direction = row.callType?.split('_', 2)[1];
  if (direction === 'in') sums.callsIn += 1;
  if (direction === 'out') sums.callsOut += 1;
  sums.durationSeconds += row.durationSeconds;
  if (row.chargeMicros === null) sums.callsUnpriced += 1;
  else sums.chargeMicros += row.chargeMicros;
  sums.connectionChargeMicros += row.connectionChargeMicros ?? 0n;
}

export function addMeasures(sums: Measures, other: Measures): void {
  sums.calls += other.calls;
  sums.callsIn += other.callsIn;
  sums.callsOut += other.callsOut;
  sums.durationSeconds += other.durationSeconds;
  sums.chargeMicros += other.chargeMicros;
  sums.connectionChargeMicros += other.connectionChargeMicros;
  sums.callsUnpriced += other.callsUnpriced;
}
