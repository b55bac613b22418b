import type { Entity } from '../../../src/storage/tables.ts';
import type { Call } from './call.ts';
import { differs, objectIn } from './differences.ts';
import { countedCalls, type FoldedBlob, foldCalls } from './fold.ts';
import { blobName } from './hours.ts';
import { landedBlob } from './landing.ts';
import { totalsDifferences } from './partition.ts';
import type { BlobVersion } from './state.ts';

type History = ReadonlyMap<string, BlobVersion>;
type Vector = Readonly<Record<string, unknown>>;

/** The blobs that a vector names, as they were then; what is wrong with the vector goes to `differences`. */
export function blobsOfVector(
  what: string,
  vector: Vector,
  history: History,
  differences: string[],
): FoldedBlob[] {
  return Object.entries(vector).flatMap(([windowId, etag]): FoldedBlob[] => {
    const version = typeof etag === 'string' ? history.get(etag) : undefined;
    if (version?.name !== blobName('ndjson', windowId)) {
      differences.push(`${what}: names ${String(etag)} of ${windowId}, a blob that never was`);
      return [];
    }
    const { calls } = landedBlob(version, version.text);
    return [{ windowId, claim: Number(version.metadata['claim']), calls }];
  });
}

/**
 * What a reader sees in the middle of a run, who found one and the same head before and after the entities: of a
 * complete head they are the fold of exactly the blobs that it names. Nothing is said of a head that is not complete.
 * @param entities of the day's partition, with the head or without it.
 */
export function judgeDay(head: Entity, entities: Iterable<Entity>, history: History): string[] {
  if (head.properties['complete'] !== true) return [];
  const what = `day ${head.partitionKey} while it runs`;
  const differences: string[] = [];
  const calls = callsOfVector(what, vectorOf(what, head, differences), history, differences);
  return [...differences, ...readDifferences(what, head, entities, calls)];
}

/**
 * The same of a month: of a complete head they are the fold of exactly the snapshots that it names.
 * @param snapshots texts of all that were ever written, by blob name.
 */
export function judgeMonth(
  head: Entity,
  entities: Iterable<Entity>,
  snapshots: ReadonlyMap<string, string>,
  history: History,
): string[] {
  if (head.properties['complete'] !== true) return [];
  const what = `month ${head.partitionKey} while it runs`;
  const differences: string[] = [];
  const calls = Object.entries(vectorOf(what, head, differences)).flatMap(([date, name]) => {
    const text = typeof name === 'string' ? snapshots.get(name) : undefined;
    const vector = objectIn(text)?.['vector'];
    if (typeof vector !== 'object' || vector === null) {
      differences.push(`${what}: names ${String(name)} of ${date}, a snapshot that never was`);
      return [];
    }
    return callsOfVector(`${what}: ${date}`, vector as Vector, history, differences);
  });
  return [...differences, ...readDifferences(what, head, entities, calls)];
}

function vectorOf(what: string, { properties }: Entity, differences: string[]): Vector {
  const vector = objectIn(properties['vector']);
  if (vector === undefined) differences.push(`${what}: vector is no JSON object`);
  return vector ?? {};
}

const callsOfVector = (what: string, vector: Vector, history: History, differences: string[]): Call[] =>
  countedCalls(blobsOfVector(what, vector, history, differences));

function readDifferences(
  what: string,
  { properties }: Entity,
  entities: Iterable<Entity>,
  calls: readonly Call[],
): string[] {
  const fold = foldCalls(calls);
  return [
    ...differs(`${what}: rows`, properties['rows'], fold.rows),
    ...totalsDifferences(what, entities, fold),
  ];
}
