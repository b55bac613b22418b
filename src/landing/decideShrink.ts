import type { Claim, LedgerEntry } from '../windows/ledger.ts';

/** What would become of the rows of one window if its blob were replaced by a read. */
export interface WindowLoss {
  /** Rows that would be replaced. */
  rows: number;
  /** Those that the read lacks, and that no read before it has shown to be gone. */
  doubtful: number;
}

/** So many rows may go at once: in a quiet hour, one that was withdrawn is a large part. */
const BELIEVED_ROWS = 10;
/** In a busy hour, one row of so many. */
const BELIEVED_OF = 20;

/** More than max(10, 5 %) of the rows. */
export const isTooMuch = ({ rows, doubtful }: WindowLoss): boolean =>
  doubtful > BELIEVED_ROWS && doubtful * BELIEVED_OF > rows;

/**
 * The windows of a read that are not believed: none, or, if it lacks too much of one window or of all together,
 * every one that lacks.
 */
export function doubtedOf<T extends WindowLoss>(losses: readonly T[]): T[] {
  const whole = { rows: 0, doubtful: 0 };
  for (const { rows, doubtful } of losses) {
    whole.rows += rows;
    whole.doubtful += doubtful;
  }
  const isDoubted = isTooMuch(whole) || losses.some(isTooMuch);
  return isDoubted ? losses.filter(({ doubtful }) => doubtful > 0) : [];
}

/**
 * Whether an earlier read that lost rows may confirm what this one lacks: there is `none`, it is too `young`, or
 * it is `old` enough.
 */
export type Witness = 'none' | 'young' | 'old';

type Shrunk = Pick<LedgerEntry, 'shrunkAt' | 'shrunkClaim'>;

/** @param confirmMs how much later a read has to have claimed; 0 takes any later one */
export function witnessOf(entry: Shrunk | undefined, claim: Claim, confirmMs: number): Witness {
  if (entry?.shrunkAt === undefined || entry.shrunkClaim === undefined) return 'none';
  if (entry.shrunkClaim >= claim.number) return 'none';
  // A time far ahead says as much as one far behind: a clock that ran wrong once must not hold a window for good.
  return Math.abs(claim.atMs - Date.parse(entry.shrunkAt)) >= confirmMs ? 'old' : 'young';
}

/**
 * In how many milliseconds a read that is not believed is to be confirmed; undefined if that has been asked for
 * already. A confirming read that came a little early, because two clocks differ, asks once more.
 */
export function confirmDelayMs(
  witness: Witness,
  entry: Shrunk | undefined,
  claim: Claim,
  confirmMs: number,
): number | undefined {
  if (witness !== 'young' || entry?.shrunkAt === undefined) return confirmMs;
  const leftMs = Date.parse(entry.shrunkAt) + confirmMs - claim.atMs;
  return leftMs * 2 <= confirmMs ? leftMs : undefined;
}
