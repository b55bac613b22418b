/** One window of a day. */
export interface WindowHashes {
  windowId: string;
  /** Of all ids of its blob, ascending. */
  idHashes: Float64Array;
}

/**
 * By window id, the hashes that stand in more than one window. Only there may one id stand in two of them;
 * usually there are none.
 */
export function suspectsOf(windows: readonly WindowHashes[]): Map<string, Set<number>> {
  const all = new Float64Array(windows.reduce((sum, { idHashes }) => sum + idHashes.length, 0));
  let end = 0;
  for (const { idHashes } of windows) {
    all.set(idHashes, end);
    end += idHashes.length;
  }
  all.sort();
  const repeated = new Set<number>();
  for (let at = 1; at < all.length; at += 1) {
    const hash = all[at];
    if (hash !== undefined && hash === all[at - 1]) repeated.add(hash);
  }
  if (repeated.size === 0) return new Map();
  const suspects = windows.map(({ windowId, idHashes }): [string, Set<number>] => [
    windowId,
    new Set(idHashes.filter((hash) => repeated.has(hash))),
  ]);
  return new Map(suspects.filter(([, hashes]) => hashes.size > 0));
}

export interface WindowIds {
  windowId: string;
  /** Number of the read that wrote the blob: of two, the larger one is newer. */
  claim: number;
  ids: readonly string[];
}

/**
 * By window id, sorted, the ids that do not count there because a newer blob has them too. Of equal claims
 * the later window is taken for the newer one.
 */
export function losersOf(windows: readonly WindowIds[]): Map<string, string[]> {
  const newestFirst = windows.toSorted(
    (a, b) => b.claim - a.claim || (a.windowId > b.windowId ? -1 : a.windowId < b.windowId ? 1 : 0),
  );
  const taken = new Set<string>();
  const losers = new Map<string, string[]>();
  for (const { windowId, ids } of newestFirst) {
    const lost = ids.filter((id) => taken.has(id));
    if (lost.length > 0) losers.set(windowId, lost.sort());
    for (const id of ids) taken.add(id);
  }
  return losers;
}
