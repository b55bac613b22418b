import type { Facts } from './facts.ts';
import { endOfWindowMs, HOUR_MS, placeOfBlob, windowsOfDate } from './hours.ts';
import { snapshotOf } from './snapshots.ts';

/**
 * The totals with which a day was settled hold, for each window, what the first read that could settle it found, or
 * a later one: the ledger counts a read only after its blob is there. Judged if the reads are known.
 */
export function judgeSettlements(facts: Facts): string[] {
  const { reads, history, settleHours } = facts.final;
  if (reads === undefined) return [];
  const settling = new Map<string, number>();
  for (const { windowId, claim, atMs } of reads) {
    if (atMs < endOfWindowMs(windowId) + settleHours * HOUR_MS) continue;
    settling.set(windowId, Math.min(claim, settling.get(windowId) ?? claim));
  }
  const written = new Map<string, number[]>();
  for (const { name, metadata } of history.values()) {
    const place = placeOfBlob(name);
    if (place?.root !== 'ndjson') continue;
    written.set(place.windowId, [...(written.get(place.windowId) ?? []), Number(metadata['claim'])]);
  }
  return facts.dates.flatMap((date) => {
    const name = facts.dailyTotals.get(date)?.get('!day')?.properties['settledSnapshot'];
    const settled = typeof name === 'string' ? snapshotOf(name, facts) : undefined;
    if (settled === undefined) return [];
    return windowsOfDate(date).flatMap((id) => {
      const first = settling.get(id);
      if (first === undefined) return [`day ${date}: settled, though no read of ${id} was late enough`];
      const needed = Math.max(0, ...(written.get(id) ?? []).filter((claim) => claim <= first));
      const etag = settled.vector[id];
      const folded = typeof etag === 'string' ? Number(history.get(etag)?.metadata['claim']) : 0;
      if (folded >= needed) return [];
      return [
        `day ${date}: settled with read ${folded} of ${id}, though read ${needed} had changed it before`,
      ];
    });
  });
}
