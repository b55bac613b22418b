import type { Clock } from '../runtime/clock.ts';
import type { BlobContainer, BlobItem } from '../storage/blobs.ts';
import type { Table } from '../storage/tables.ts';
import { DAY_MS } from '../windows/grid.ts';
import { type DayHead, type DayVector, readDayHead } from './dayHead.ts';
import { parseVector } from './headColumns.ts';
import { listRawDay, vectorOf } from './rawDay.ts';
import { restatementName, restatementPrefix } from './restatement.ts';
import { snapshotPrefix } from './snapshot.ts';
import { readRestatements, type StoredRestatement } from './totalsReader.ts';
import { foldPrefix, windowOfRowsName } from './windowRows.ts';

export interface SweepServices {
  raw: BlobContainer;
  control: BlobContainer;
  dailyTotals: Table;
  clock: Clock;
}

/** How many blobs were deleted. */
export interface Swept {
  snapshots: number;
  folds: number;
  restatements: number;
}

/** What is known of a day, and what lies in `pstn-control` for it. */
export interface DayBlobs {
  head: DayHead | undefined;
  restatements: readonly StoredRestatement[];
  /** The raw blobs as they are. */
  listed: DayVector;
  snapshots: readonly BlobItem[];
  folds: readonly BlobItem[];
  records: readonly BlobItem[];
}

type Garbage = Record<keyof Swept, string[]>;

/**
 * Deletes what runs have left behind that were overtaken or cut off: blobs older than a day that nothing in
 * force names. Safe beside runs at work: these name what they have written themselves, a moment ago.
 */
export async function sweepDay(date: string, services: SweepServices): Promise<Swept> {
  const { raw, control, dailyTotals, clock } = services;
  const head = await readDayHead(dailyTotals, date);
  // After the head: a restatement that it counts is there, and what it does not count yet is too young to go.
  const restatements = await readRestatements(dailyTotals, date);
  const garbage = garbageOf(
    {
      head,
      restatements,
      listed: vectorOf(await listRawDay(raw, date)),
      snapshots: await listed(control, snapshotPrefix(date)),
      folds: await listed(control, foldPrefix(date)),
      records: await listed(control, restatementPrefix(date)),
    },
    clock.nowMs(),
  );
  for (const name of Object.values(garbage).flat()) await control.delete(name);
  return {
    snapshots: garbage.snapshots.length,
    folds: garbage.folds.length,
    restatements: garbage.restatements.length,
  };
}

async function listed(control: BlobContainer, prefix: string): Promise<BlobItem[]> {
  const items: BlobItem[] = [];
  for await (const item of control.list(prefix)) items.push(item);
  return items;
}

/**
 * Names of blobs that may go. Of a day whose head is lost nothing goes: from these blobs it is restored.
 */
export function garbageOf(day: DayBlobs, nowMs: number): Garbage {
  const garbage: Garbage = { snapshots: [], folds: [], restatements: [] };
  const { head, restatements, listed, snapshots, folds, records } = day;
  if (head?.snapshot === undefined || restatements.length < head.restatements) return garbage;

  const { settledSnapshot } = head;
  const named = new Set([head.snapshot, ...restatements.flatMap(({ from, to }) => [from, to])]);
  const recorded = new Set(restatements.map(({ record }) => record));
  if (settledSnapshot !== undefined) {
    named.add(settledSnapshot);
    recorded.add(restatementName(0, settledSnapshot));
  }
  const isOld = ({ metadata }: BlobItem): boolean => Date.parse(metadata['created'] ?? '') <= nowMs - DAY_MS;
  const namesOf = (items: readonly BlobItem[]): string[] => items.filter(isOld).map(({ name }) => name);

  garbage.snapshots = namesOf(snapshots.filter(({ name }) => !named.has(name)));
  garbage.restatements = namesOf(records.filter(({ name }) => !recorded.has(name)));
  const vectors = snapshots
    .filter(({ name }) => named.has(name))
    .map(({ metadata }) => parseVector(metadata['vector']));
  // A snapshot that does not say what it was folded from may need any of them.
  if (vectors.includes(undefined)) return garbage;
  const kept = [head.vector, listed, ...vectors];
  garbage.folds = namesOf(
    folds.filter(({ name }) => {
      const window = windowOfRowsName(name);
      return window !== undefined && kept.every((vector) => vector?.[window.windowId] !== window.etag);
    }),
  );
  return garbage;
}
