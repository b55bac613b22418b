import { compareInstants, type Instant } from '../graph/instant.ts';
import type { CallRow } from './callRow.ts';

/** Changes whenever the same rows would give other totals: every day is then folded again. */
export const FOLD_VERSION = '1';

/** One raw blob of the day. Within one blob every id stands once. */
export interface BlobRows {
  windowId: string;
  /** Number of the read that wrote it: of two, the larger one is newer. */
  claim: number;
  rows: Iterable<readonly CallRow[]> | AsyncIterable<readonly CallRow[]>;
}

/** Sums of one user in one currency over one day. Amounts in micro-units of `currency`. */
export interface UserTotals {
  /** In lower case; null for calls of nobody. */
  userId: string | null;
  currency: string | null;
  /** Of the latest call that has one. */
  userPrincipalName: string | null;
  userDisplayName: string | null;
  calls: number;
  callsIn: number;
  callsOut: number;
  durationSeconds: number;
  chargeMicros: bigint;
  connectionChargeMicros: bigint;
  /** Calls whose charge is null. */
  callsUnpriced: number;
  /** Starts of the first and the last call, verbatim. */
  firstCallAt: string;
  lastCallAt: string;
}

export interface FoldedDay {
  totals: UserTotals[];
  /** Rows that were counted. */
  rows: number;
  /** Rows that were not, because a newer blob has the same id: the call moved to another window. */
  repeatedIds: number;
}

/**
 * The totals of a day, whatever the order of blobs and of rows within them. An id in two blobs counts once,
 * from the newer one. Needs memory for the users and for every id.
 */
export async function foldDay(blobs: readonly BlobRows[]): Promise<FoldedDay> {
  const users = new Map<string | null, Map<string | null, Sums>>();
  const ids = new Set<string>();
  let rows = 0;
  let repeatedIds = 0;
  for (const blob of newestFirst(blobs)) {
    for await (const run of blob.rows) {
      for (const row of run) {
        if (row.id !== null) {
          if (ids.has(row.id)) {
            repeatedIds += 1;
            continue;
          }
          ids.add(row.id);
        }
        rows += 1;
        add(sumsOf(users, row), row);
      }
    }
  }
  const totals = [...users].flatMap(([userId, currencies]) =>
    [...currencies].map(([currency, sums]) => toTotals(userId, currency, sums)),
  );
  return { totals, rows, repeatedIds };
}

/** Newest first, so that whichever row of an id is seen first is the one that counts. Equal claims: the later window. */
const newestFirst = (blobs: readonly BlobRows[]): BlobRows[] =>
  blobs.toSorted((a, b) => b.claim - a.claim || compareText(b.windowId, a.windowId));

/** A text of one call, and the call's place in time. */
interface Dated {
  text: string;
  start: Instant;
  id: string | null;
}

interface Sums {
  userPrincipalName: Dated | undefined;
  userDisplayName: Dated | undefined;
  calls: number;
  callsIn: number;
  callsOut: number;
  durationSeconds: number;
  chargeMicros: bigint;
  connectionChargeMicros: bigint;
  callsUnpriced: number;
  first: Dated;
  last: Dated;
}

function sumsOf(users: Map<string | null, Map<string | null, Sums>>, row: CallRow): Sums {
  const userId = row.userId?.toLowerCase() ?? null;
  let currencies = users.get(userId);
  if (currencies === undefined) users.set(userId, (currencies = new Map<string | null, Sums>()));
  let sums = currencies.get(row.currency);
  if (sums === undefined) currencies.set(row.currency, (sums = nothing(row)));
  return sums;
}

const nothing = (row: CallRow): Sums => ({
  userPrincipalName: undefined,
  userDisplayName: undefined,
  calls: 0,
  callsIn: 0,
  callsOut: 0,
  durationSeconds: 0,
  chargeMicros: 0n,
  connectionChargeMicros: 0n,
  callsUnpriced: 0,
  first: { text: row.startDateTime, start: row.start, id: null },
  last: { text: row.startDateTime, start: row.start, id: null },
});

function add(sums: Sums, row: CallRow): void {
  sums.calls += 1;
  // user_in, user_out_conf, ucap_in: the direction is the second part, whatever follows.
  const direction = row.callType?.split('_', 2)[1];
  if (direction === 'in') sums.callsIn += 1;
  if (direction === 'out') sums.callsOut += 1;
  sums.durationSeconds += row.durationSeconds;
  if (row.chargeMicros === null) sums.callsUnpriced += 1;
  else sums.chargeMicros += row.chargeMicros;
  sums.connectionChargeMicros += row.connectionChargeMicros ?? 0n;

  const moment: Dated = { text: row.startDateTime, start: row.start, id: null };
  if (compareDated(moment, sums.first) < 0) sums.first = moment;
  if (compareDated(moment, sums.last) > 0) sums.last = moment;
  sums.userPrincipalName = later(sums.userPrincipalName, row, row.userPrincipalName);
  sums.userDisplayName = later(sums.userDisplayName, row, row.userDisplayName);
}

function later(known: Dated | undefined, row: CallRow, text: string | null): Dated | undefined {
  if (text === null) return known;
  const named = { text, start: row.start, id: row.id };
  return known === undefined || compareDated(named, known) > 0 ? named : known;
}

/** By start, then id (none before all), then text: a total order, so that the order of rows decides nothing. */
const compareDated = (a: Dated, b: Dated): number =>
  compareInstants(a.start, b.start) || compareText(a.id ?? '', b.id ?? '') || compareText(a.text, b.text);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function toTotals(userId: string | null, currency: string | null, sums: Sums): UserTotals {
  const { first, last, userPrincipalName, userDisplayName, ...measures } = sums;
  return {
    userId,
    currency,
    userPrincipalName: userPrincipalName?.text ?? null,
    userDisplayName: userDisplayName?.text ?? null,
    ...measures,
    firstCallAt: first.text,
    lastCallAt: last.text,
  };
}
