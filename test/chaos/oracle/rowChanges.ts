import { decimal } from '../../support/expectedDay.ts';
import type { Call } from './call.ts';
import { unmatched } from './differences.ts';

/** Rows that differ between two folds of a day, as a record tells them: each a text of JSON. */
export interface RowChanges {
  came: string[];
  went: string[];
  changed: string[];
}

export function rowChanges(before: readonly Call[], after: readonly Call[]): RowChanges {
  const old = new Map(before.flatMap((call) => (call.id === null ? [] : [[call.id, call]])));
  const now = new Map(after.flatMap((call) => (call.id === null ? [] : [[call.id, call]])));
  const nameless = (calls: readonly Call[]) => calls.filter(({ id }) => id === null);
  const byLine = new Map([...nameless(before), ...nameless(after)].map((call) => [call.line, call]));
  const { missing, added } = unmatched(
    nameless(after).map(({ line }) => line),
    nameless(before).map(({ line }) => line),
  );
  const ofLines = (lines: readonly string[]): Call[] => lines.flatMap((line) => byLine.get(line) ?? []);
  return {
    came: [...[...now.values()].filter(({ id }) => !old.has(id ?? '')), ...ofLines(added)].map(callText),
    went: [...[...old.values()].filter(({ id }) => !now.has(id ?? '')), ...ofLines(missing)].map(callText),
    changed: [...now].flatMap(([id, call]) => {
      const then = old.get(id);
      if (then === undefined || then.line === call.line) return [];
      return [JSON.stringify({ id, before: amountsOf(then), after: amountsOf(call) })];
    }),
  };
}

const callText = (call: Call): string => JSON.stringify({ id: call.id, ...amountsOf(call) });

const amountsOf = ({ currency, chargeMicros, connectionMicros }: Call) => ({
  currency,
  charge: chargeMicros === null ? null : decimal(chargeMicros),
  connectionCharge: connectionMicros === null ? null : decimal(connectionMicros),
});
