import type { DayVector } from './dayHead.ts';
import type { RowMark, WindowRows } from './windowRows.ts';

/** The rows that a day's totals count. */
export interface CountedRows {
  vector: DayVector;
  /** By window id: ids that count from another window. */
  repeated: Readonly<Record<string, readonly string[]>>;
  /** Rows of the blob that `vector` names; undefined if they are not known any more. */
  rowsOf: (windowId: string) => Promise<WindowRows | undefined>;
}

export interface RowChanges {
  came: RowMark[];
  went: RowMark[];
  changed: { before: RowMark; after: RowMark }[];
}

/**
 * What differs between the rows of two folds of a day: by id, and for rows without one by the whole line.
 * Only windows whose blobs or repeated ids differ are looked at. Undefined if their rows are not known.
 */
export async function rowChanges(before: CountedRows, after: CountedRows): Promise<RowChanges | undefined> {
  const gone = new Map<string, RowMark>();
  const here = new Map<string, RowMark>();
  const anonymous = new Map<string, { mark: RowMark; count: number }>();
  for (const windowId of differing(before, after)) {
    const old = await countedOf(before, windowId);
    const now = await countedOf(after, windowId);
    if (old === undefined || now === undefined) return undefined;
    const left = new Map<string, RowMark>();
    for (const mark of old) {
      if (mark.id === null) count(anonymous, mark, -1);
      else left.set(mark.id, mark);
    }
    for (const mark of now) {
      if (mark.id === null) count(anonymous, mark, 1);
      else if (left.get(mark.id)?.digest === mark.digest) left.delete(mark.id);
      else here.set(mark.id, mark);
    }
    for (const [id, mark] of left) gone.set(id, mark);
  }
  return joinChanges(gone, here, anonymous);
}

const differing = (before: CountedRows, after: CountedRows): string[] =>
  [...new Set([...Object.keys(before.vector), ...Object.keys(after.vector)])]
    .filter(
      (id) =>
        before.vector[id] !== after.vector[id] ||
        JSON.stringify(before.repeated[id] ?? []) !== JSON.stringify(after.repeated[id] ?? []),
    )
    .sort();

async function countedOf(
  { vector, repeated, rowsOf }: CountedRows,
  windowId: string,
): Promise<RowMark[] | undefined> {
  if (vector[windowId] === undefined) return [];
  const rows = await rowsOf(windowId);
  const elsewhere = new Set(repeated[windowId]);
  return rows?.marks.filter(({ id }) => id === null || !elsewhere.has(id));
}

function count(anonymous: Map<string, { mark: RowMark; count: number }>, mark: RowMark, by: 1 | -1): void {
  const known = anonymous.get(mark.digest);
  if (known === undefined) anonymous.set(mark.digest, { mark, count: by });
  else known.count += by;
}

/** A call that went from one window and came in another has changed its start. */
function joinChanges(
  gone: ReadonlyMap<string, RowMark>,
  here: ReadonlyMap<string, RowMark>,
  anonymous: ReadonlyMap<string, { mark: RowMark; count: number }>,
): RowChanges {
  const changes: RowChanges = { came: [], went: [], changed: [] };
  for (const [id, before] of gone) {
    const after = here.get(id);
    if (after === undefined) changes.went.push(before);
    else if (after.digest !== before.digest) changes.changed.push({ before, after });
  }
  for (const [id, after] of here) {
    if (!gone.has(id)) changes.came.push(after);
  }
  for (const { mark, count } of anonymous.values()) {
    const list = count > 0 ? changes.came : changes.went;
    for (let times = Math.abs(count); times > 0; times -= 1) list.push(mark);
  }
  return changes;
}
