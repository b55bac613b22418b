import type { Entity } from '../../../src/storage/tables.ts';
import { type ExpectedRows, expectedRows } from './expectedRows.ts';
import { type BlobRoot, dateOfWindow, placeOfBlob, windowIds } from './hours.ts';
import { type LandedBlob, landedBlob } from './landing.ts';
import type { FinalState } from './state.ts';

/** One blob of `pstn-raw`, as it is now. */
export interface StoredBlob {
  name: string;
  windowId: string;
  etag: string;
  text: string;
  metadata: Readonly<Record<string, string>>;
}

export interface RawBlob extends StoredBlob {
  landed: LandedBlob;
}

/** What was found and what was expected, each looked up once for all that is judged. */
export interface Facts {
  final: FinalState;
  /** Of the windows that had to be read. */
  expected: ExpectedRows;
  /** Ids of these windows, ascending, and the dates on which they lie. */
  windowIds: readonly string[];
  dates: readonly string[];
  /** By window id. */
  raw: ReadonlyMap<string, RawBlob>;
  rejected: ReadonlyMap<string, StoredBlob>;
  /** By partition and row key. */
  windows: Partitions;
  dailyTotals: Partitions;
  monthlyTotals: Partitions;
}

export type Partitions = ReadonlyMap<string, ReadonlyMap<string, Entity>>;

export function factsOf(final: FinalState): Facts {
  const ids = windowIds(final.coveredFromMs, final.coveredToMs);
  const all = expectedRows(final.rows);
  const stored = storedBlobs(final);
  return {
    final,
    expected: {
      fitting: only(all.fitting, ids),
      rejected: only(all.rejected, ids),
      withoutDay: all.withoutDay,
    },
    windowIds: ids,
    dates: [...new Set(ids.map(dateOfWindow))],
    raw: new Map(
      [...stored.ndjson].map(([id, blob]) => {
        // A version of the history is parsed once for all who look at it.
        const version = final.history.get(blob.etag);
        const landed = landedBlob(version?.text === blob.text ? version : blob, blob.text);
        return [id, { ...blob, landed }];
      }),
    ),
    rejected: stored.rejected,
    windows: partitionsOf(final.windows.all()),
    dailyTotals: partitionsOf(final.dailyTotals.all()),
    monthlyTotals: partitionsOf(final.monthlyTotals.all()),
  };
}

function only<T>(byWindow: ReadonlyMap<string, T[]>, ids: readonly string[]): Map<string, T[]> {
  return new Map(ids.flatMap((id) => (byWindow.has(id) ? [[id, byWindow.get(id) ?? []]] : [])));
}

function storedBlobs({ raw }: FinalState): Record<BlobRoot, Map<string, StoredBlob>> {
  const stored = { ndjson: new Map(), rejected: new Map(), aside: new Map() } satisfies Record<
    BlobRoot,
    Map<string, StoredBlob>
  >;
  for (const [name, { etag, content, metadata }] of raw.blobs) {
    const place = placeOfBlob(name);
    if (place === undefined) continue;
    const { root, windowId } = place;
    const text = Buffer.from(content).toString('utf8');
    stored[root].set(windowId, { name, windowId, etag, text, metadata });
  }
  return stored;
}

function partitionsOf(entities: readonly Entity[]): Partitions {
  const partitions = new Map<string, Map<string, Entity>>();
  for (const entity of entities) {
    const partition = partitions.get(entity.partitionKey) ?? new Map<string, Entity>();
    partition.set(entity.rowKey, entity);
    partitions.set(entity.partitionKey, partition);
  }
  return partitions;
}
