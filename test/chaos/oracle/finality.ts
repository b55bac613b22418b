import type { Entity } from '../../../src/storage/tables.ts';
import { isInstant, told } from './differences.ts';
import type { Facts } from './facts.ts';
import { endOfWindowMs, HOUR_MS, windowsOfDate } from './hours.ts';

/** Every window of the day was read by a read that claimed long enough after the window's own end. */
export function isSettledByLedger(date: string, { windows, final }: Facts, graceMs = 0): boolean {
  const partition = windows.get(date);
  return windowsOfDate(date).every((id) => {
    const { lastReadAt, state } = partition?.get(id)?.properties ?? {};
    if (!isInstant(lastReadAt) || state === 'shrunk') return false;
    return Date.parse(lastReadAt) + graceMs >= endOfWindowMs(id) + final.settleHours * HOUR_MS;
  });
}

const STATES: readonly unknown[] = ['provisional', 'settled', 'restated'];

/** The state is what the ledger says, and a settled day is restated exactly if it has restatements. */
export function finalityDifferences(date: string, { properties }: Entity, facts: Facts): string[] {
  const what = `day ${date} head`;
  const { state, restatements } = properties;
  if (!STATES.includes(state)) return [`${what}: state is ${told(state)}`];
  const settled = isSettledByLedger(date, facts);
  if (state === 'provisional') {
    return settled ? [`${what}: still provisional, though the ledger says that the day is settled`] : [];
  }
  const differences: string[] = [];
  // A later read by a clock behind that of the settling one may look older.
  if (!settled && !isSettledByLedger(date, facts, facts.final.clocksApartMs)) {
    differences.push(`${what}: ${state}, though the ledger does not say that the day is settled`);
  }
  const wanted = restatements === 0 ? 'settled' : 'restated';
  if (state !== wanted) differences.push(`${what}: ${state} with ${told(restatements)} restatements`);
  return differences;
}
