import type { Services } from '../app/services.ts';
import { isMissing } from '../report/missingParts.ts';
import { packBackfill } from '../windows/backfill.ts';
import type { BackfillRange } from '../windows/backfillRange.ts';
import { WINDOW_MS } from '../windows/grid.ts';
import type { Ledger } from '../windows/ledger.ts';
import { type BackfillEstimate, estimateBackfill } from './estimate/estimateBackfill.ts';
import { bytesPerRow } from './estimate/rawSize.ts';
import { spacingOf } from '../graph/budget/spacingOf.ts';

/** What reading a range would take, from what the ledger and the raw files say; sends and writes nothing. */
export async function dryRunBackfill(
  { ledger, raw, clock, config }: Pick<Services, 'ledger' | 'raw' | 'clock' | 'config'>,
  range: BackfillRange,
): Promise<BackfillEstimate> {
  const nowMs = clock.nowMs();
  const settleHours = config.SETTLE_HOURS;
  const read = new Set<string>();
  const watched = readOnly(ledger, (id) => read.add(id));
  const { expected } = await packBackfill(watched, range, { nowMs, settleHours });
  const dates = new Set(range.windows.map(({ date }) => date));
  return estimateBackfill({
    windows: range.windows,
    expected,
    read,
    bytesPerRow: await bytesPerRow(raw, dates),
    spacingMs: spacingOf(config),
    plannedMs: nowMs,
    ripeMs: nowMs - settleHours * WINDOW_MS,
  });
}

/** A ledger that is not there yet knows nothing; it is made when the pipeline is deployed. */
const readOnly = (
  ledger: Pick<Ledger, 'readDay'>,
  onRead: (windowId: string) => void,
): Pick<Ledger, 'readDay' | 'markPlanned'> => ({
  readDay: async (date) => {
    try {
      const entries = await ledger.readDay(date);
      for (const { reads, window } of entries) if (reads > 0) onRead(window.id);
      return entries;
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  markPlanned: () => Promise.reject(new Error('a dry run writes nothing')),
});
