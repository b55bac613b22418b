import type { Log } from '../runtime/log.ts';
import { expiringGaps } from './expiringGaps.ts';
import { toInstant, WINDOW_MS } from './grid.ts';
import type { LedgerEntry } from './ledger.ts';
import type { DueWindow } from './planner.ts';

const NAMED_WINDOWS = 24;

/** Says which windows lost their raw blob: when they are read again for that, and each day until they are healed. */
export function reportMissing(
  log: Log,
  missing: readonly string[],
  planned: readonly DueWindow[],
  isDaily: boolean,
): void {
  const read = planned.filter(({ reason }) => reason === 'missing').length;
  if (missing.length === 0 || (read === 0 && !isDaily)) return;
  const windows = [...missing].sort();
  log.error('rawBlobsMissing', {
    windows: windows.length,
    readAgain: read,
    named: windows.slice(0, NAMED_WINDOWS).join(' '),
  });
}

/** Says which windows were never read and soon cannot be read any more. */
export function reportGaps(
  log: Log,
  days: ReadonlyMap<string, readonly LedgerEntry[]>,
  input: Parameters<typeof expiringGaps>[1],
): void {
  for (const { fromMs, toMs } of expiringGaps(days, input)) {
    log.error('gapExpiresSoon', {
      from: toInstant(fromMs),
      to: toInstant(toMs),
      hours: (toMs - fromMs) / WINDOW_MS,
      sourceDays: input.sourceDays,
    });
  }
}
