import { judgeCoverage } from './coverage.ts';
import { judgeDays } from './days.ts';
import { factsOf } from './facts.ts';
import { judgeHistory } from './history.ts';
import { judgeMonths } from './months.ts';
import { judgeRaw } from './raw.ts';
import { judgeRejected, judgeUnknownDay } from './rejected.ts';
import { judgeSettlements } from './settledBy.ts';
import type { FinalState } from './state.ts';

export { judgeDay, judgeMonth } from './reader.ts';
export type { AcceptedRead, BlobVersion, FinalState } from './state.ts';

const PARTS = [
  judgeRaw,
  judgeRejected,
  judgeUnknownDay,
  judgeCoverage,
  judgeHistory,
  judgeDays,
  judgeSettlements,
  judgeMonths,
];

/**
 * Compares what is stored, once nothing changes any more, with what the rows of the log and the documents say that
 * it has to be. Calculates everything from the rows' texts; shares no code with what it judges.
 * @returns the differences in words; none if all is exact.
 */
export function judge(final: FinalState): string[] {
  const facts = factsOf(final);
  return PARTS.flatMap((part) => part(facts));
}
