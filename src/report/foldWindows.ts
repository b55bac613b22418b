import type { LedgerEntry } from '../windows/ledger.ts';

/** Windows of which the same is to be said. */
export interface FoldedWindows {
  windows: number;
  /** Ids of the oldest and the newest; there may be others between that are not meant. */
  first: string;
  last: string;
  /** Of the newest, where the others differ in the place only. */
  reason: string;
}

/** What tells one place from another, and not one fault from another. */
const PLACES: readonly RegExp[] = [
  /\b20\d\d-\d\d-\d\dT[\d:.]+Z/g,
  /\b(client-)?request-id [^\s,\]]+/g,
  /\bpage \d+/g,
  /\b\d+ tries\b/g,
  /\bclaim \d+/g,
  /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi,
];

/** The same for two reasons that say the same of different windows, pages or requests. */
const faultOf = (reason: string): string => PLACES.reduce((text, place) => text.replace(place, '*'), reason);

/** One line for windows of equal reasons, those with the newest window first. */
export function foldWindows<Of extends Pick<LedgerEntry, 'window'>>(
  entries: readonly Of[],
  reasonOf: (entry: Of) => string,
): FoldedWindows[] {
  const folded = new Map<string, FoldedWindows>();
  for (const entry of entries.toSorted((a, b) => b.window.fromMs - a.window.fromMs)) {
    const { id } = entry.window;
    const reason = reasonOf(entry);
    const line = folded.get(faultOf(reason));
    if (line === undefined) folded.set(faultOf(reason), { windows: 1, first: id, last: id, reason });
    else {
      line.windows += 1;
      line.first = id;
    }
  }
  return [...folded.values()];
}

/** `2 windows, 2026-11-22T01Z to 2026-11-22T02Z`. */
export const spanText = ({ windows, first, last }: FoldedWindows): string =>
  windows === 1 ? `1 window, ${last}` : `${windows} windows, ${first} to ${last}`;
