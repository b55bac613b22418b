import { dateOf, type Window, windowOfId } from '../../src/windows/grid.ts';
import type { Claim, Ledger, LedgerEntry } from '../../src/windows/ledger.ts';

export const ms = (instant: string): number => Date.parse(instant);
export const iso = (instantMs: number): string => new Date(instantMs).toISOString();

/** An entry of a window that was planned and never read, changed by `values`. */
export const entryOf = (window: Window | string, values: Partial<LedgerEntry> = {}): LedgerEntry => ({
  window: typeof window === 'string' ? windowOfId(window) : window,
  etag: '1',
  state: 'planned',
  claim: 0,
  done: 0,
  attempts: 0,
  rows: 0,
  rejected: 0,
  reads: 0,
  ...values,
});

/** An entry of a window that was read once, by a read that claimed at `readAt`. */
export const readEntry = (
  window: Window | string,
  readAt: string,
  values: Partial<LedgerEntry> = {},
): LedgerEntry =>
  entryOf(window, {
    state: 'read',
    claim: 1,
    done: 1,
    reads: 1,
    claimedAt: readAt,
    lastReadAt: readAt,
    firstReadAt: readAt,
    ...values,
  });

export interface MemoryLedger extends Ledger {
  readonly entries: Map<string, LedgerEntry>;
  set(...entries: LedgerEntry[]): void;
  get(id: string): LedgerEntry;
  /** A whole read: claimed and ended at once. */
  read(windows: readonly Window[], atMs: number, rows?: (window: Window) => number): Promise<void>;
}

/** A ledger of the tests, for what stands before and behind it: each call takes effect at once. */
export function memoryLedger(): MemoryLedger {
  const entries = new Map<string, LedgerEntry>();
  const idsByDate = new Map<string, Set<string>>();
  const counters = new Map<string, number>();
  const set = (...given: LedgerEntry[]): void => {
    for (const entry of given) {
      const { id, date } = entry.window;
      entries.set(id, entry);
      idsByDate.set(date, (idsByDate.get(date) ?? new Set()).add(id));
    }
  };
  const change = (window: Window, values: Partial<LedgerEntry>): void => {
    set({ ...(entries.get(window.id) ?? entryOf(window)), ...values });
  };
  const get = (id: string): LedgerEntry => {
    const entry = entries.get(id);
    if (entry === undefined) throw new Error(`the ledger does not know ${id}`);
    return entry;
  };
  const ledger: MemoryLedger = {
    entries,
    get,
    set,
    async readDay(date) {
      await Promise.resolve();
      return [...(idsByDate.get(date) ?? [])].sort().map(get);
    },
    async readAll() {
      await Promise.resolve();
      const dates = [...idsByDate.keys()].sort();
      return new Map(dates.map((date) => [date, [...(idsByDate.get(date) ?? [])].sort().map(get)]));
    },
    async markPlanned(windows, lane, plannedAtMs, { anew = false } = {}) {
      await Promise.resolve();
      for (const window of windows) {
        const failed = entries.get(window.id)?.state === 'failed';
        const state = (entries.get(window.id)?.reads ?? 0) > 0 ? 'read' : 'planned';
        change(window, { plannedAt: iso(plannedAtMs), lane, ...(anew && failed && { state }) });
      }
    },
    async claim(windows, atMs): Promise<Claim> {
      await Promise.resolve();
      const date = windows[0]?.date ?? dateOf(atMs);
      const number = (counters.get(date) ?? 0) + 1;
      counters.set(date, number);
      const alone = new Map(windows.map(({ id }) => [id, entries.get(id)?.done === entries.get(id)?.claim]));
      for (const window of windows) change(window, { claim: number, claimedAt: iso(atMs) });
      return { number, atMs, alone };
    },
    async withdraw(windows, claim) {
      await Promise.resolve();
      for (const window of windows) {
        const { claim: last, done } = get(window.id);
        if (claim.alone.get(window.id) === true && last === claim.number) change(window, { claim: done });
      }
    },
    async recordReads(reads) {
      await Promise.resolve();
      for (const { window, claim, rows, digest, rejected, notified } of reads) {
        const { done, reads: readsBefore, firstReadAt } = get(window.id);
        if (claim.number < done) continue;
        change(window, {
          state: 'read',
          done: claim.number,
          rows,
          digest,
          rejected,
          reads: readsBefore + 1,
          attempts: 0,
          firstReadAt: firstReadAt ?? iso(claim.atMs),
          lastReadAt: iso(claim.atMs),
          ...(notified === undefined ? {} : { notified }),
        });
      }
    },
    async recordShrunk(window, { claim, isWitness }) {
      await Promise.resolve();
      if (claim.number < get(window.id).done) return;
      const witness = isWitness ? { shrunkAt: iso(claim.atMs), shrunkClaim: claim.number } : {};
      change(window, { state: 'shrunk', done: claim.number, attempts: 0, ...witness });
    },
    async restore(_date, windows) {
      await Promise.resolve();
      const unknown = windows.filter(({ window }) => entries.get(window.id) === undefined);
      for (const { window, claim, ...found } of unknown) {
        change(window, { claim, done: claim, ...found, state: 'read', reads: 1, unverified: true });
      }
      return unknown.map(({ window }) => window);
    },
    async recordFailure(windows, reason, final) {
      await Promise.resolve();
      for (const window of windows) {
        const { attempts, state } = entries.get(window.id) ?? entryOf(window);
        change(window, { attempts: attempts + 1, lastError: reason, state: final ? 'failed' : state });
      }
    },
    async read(windows, atMs, rows = () => 0) {
      for (const date of new Set(windows.map((window) => window.date))) {
        const day = windows.filter((window) => window.date === date);
        const claim = await ledger.claim(day, atMs, () => Promise.resolve(0));
        await ledger.recordReads(
          day.map((window) => ({
            window,
            claim,
            changed: true,
            rows: rows(window),
            digest: '',
            rejected: 0,
            notified: undefined,
            isOld: false,
          })),
        );
      }
    },
  };
  return ledger;
}
