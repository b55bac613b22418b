import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlobContainer, StorageError } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { bytes, textOf } from './reading.ts';
import { entitiesOf } from './tableConformance.ts';

/**
 * ETags of one side, of each blob or entity by the order in which they came: those of two sides differ, and mean the
 * same. Two entities may have the same one.
 */
class Etags {
  readonly #none: string;
  readonly #known = new Map<string, string[]>();

  /** @param none an ETag that nothing has. */
  constructor(none: string) {
    this.#none = none;
  }

  /** @param index of an ETag that `key` had, modulo their number; the first of them it never had */
  at(key: string, index: number): string {
    const known = this.#of(key);
    return known[index % known.length] ?? this.#none;
  }

  numbered(key: string, etag: string): number {
    const known = this.#of(key);
    if (!known.includes(etag)) known.push(etag);
    return known.indexOf(etag);
  }

  #of(key: string): string[] {
    const known = this.#known.get(key) ?? [this.#none];
    this.#known.set(key, known);
    return known;
  }
}

interface Side<S> {
  store: S;
  etags: Etags;
}

/** What a call gave, or how it was refused, in a form that is equal if two sides agree. */
async function outcomeOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return { gave: await call() };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { status: error.status, code: error.code };
  }
}

/** Runs each step on both sides, one after the other, and compares what they say. */
async function runInStep<S, Step>(
  sides: readonly S[],
  noEtag: string,
  steps: readonly Step[],
  run: (side: Side<S>, step: Step) => Promise<unknown>,
): Promise<void> {
  const all = sides.map((store) => ({ store, etags: new Etags(noEtag) }));
  for (const [index, step] of steps.entries()) {
    const outcomes = [];
    for (const side of all) outcomes.push(await outcomeOf(() => run(side, step)));
    expect(outcomes[0], `step ${index}: ${fc.stringify(step)}`).toEqual(outcomes[1]);
  }
}

const etagIndex = fc.nat({ max: 20 });
const condition = fc.oneof(
  { weight: 2, arbitrary: fc.constant('none' as const) },
  { weight: 1, arbitrary: fc.constant('absent' as const) },
  { weight: 3, arbitrary: etagIndex },
);
const blobName = fc.constantFrom('a', 'b');
const blockId = fc.constantFrom('x', 'y', 'z');
const text = fc.constantFrom('', '1', 'two');
const metadata = fc.constantFrom({}, { claim: '1' }, { claim: '2', rows: '3' });

type BlobStep =
  | { kind: 'put'; name: string; text: string; condition: 'none' | 'absent' | number; metadata: object }
  | { kind: 'stage'; name: string; id: string; text: string }
  | { kind: 'commit'; name: string; ids: string[]; condition: 'none' | 'absent' | number; metadata: object }
  | { kind: 'read' | 'delete'; name: string; etag: number | undefined }
  | { kind: 'list' };

const blobStep: fc.Arbitrary<BlobStep> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), name: blobName, text, condition, metadata }),
  fc.record({ kind: fc.constant('stage' as const), name: blobName, id: blockId, text }),
  fc.record({ kind: fc.constant('stage' as const), name: blobName, id: blockId, text }),
  fc.record({
    kind: fc.constant('commit' as const),
    name: blobName,
    ids: fc.array(blockId, { maxLength: 4 }),
    condition,
    metadata,
  }),
  fc.record({
    kind: fc.constantFrom('read' as const, 'delete' as const),
    name: blobName,
    etag: fc.option(etagIndex, { nil: undefined }),
  }),
  fc.constant({ kind: 'list' as const }),
);

async function runBlobStep(
  { store, etags }: Side<{ container: BlobContainer; prefix: string }>,
  step: BlobStep,
) {
  const { container, prefix } = store;
  const numbered = (name: string, { etag }: { etag: string }) => etags.numbered(name, etag);
  if (step.kind === 'list') {
    const items = [];
    for await (const item of container.list(prefix)) items.push({ ...item, etag: numbered(item.name, item) });
    return items;
  }
  const name = `${prefix}${step.name}`;
  switch (step.kind) {
    case 'put':
    case 'commit': {
      const { condition: wanted } = step;
      const given =
        wanted === 'none'
          ? {}
          : { condition: wanted === 'absent' ? wanted : { ifMatch: etags.at(name, wanted) } };
      const options = { ...given, metadata: { ...step.metadata } };
      if (step.kind === 'put') return numbered(name, await container.put(name, bytes(step.text), options));
      return numbered(name, await container.commitBlocks(name, step.ids, options));
    }
    case 'stage':
      return container.stageBlock(name, step.id, bytes(step.text));
    case 'delete':
    case 'read': {
      const under = step.etag === undefined ? {} : { ifMatch: etags.at(name, step.etag) };
      if (step.kind === 'delete') return container.delete(name, under);
      const content = await container.read(name, under);
      if (content === undefined) return undefined;
      const { sizeBytes, metadata: stored } = content;
      return { etag: numbered(name, content), sizeBytes, stored, text: await textOf(container, name) };
    }
  }
}

/** @param open a container with the semantics of Azurite */
export function blobsInStep(open: () => Promise<BlobContainer>): void {
  describe('a container of the tests and one over the Azure SDK', () => {
    it('say the same of the same calls, whatever they are', async () => {
      const container = await open();
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(blobStep, { minLength: 1, maxLength: 40 }), (steps) => {
          const prefix = `${++runs}/`;
          const memory = { container: memoryContainer('c', { semantics: 'azurite' }), prefix };
          return runInStep([memory, { container, prefix }], '0x8D000000000000', steps, runBlobStep);
        }),
        { numRuns: 40 },
      );
    });
  });
}

const rowKey = fc.constantFrom('!day', 'a', 'b', 'c');
const properties = fc.constantFrom({}, { a: 1 }, { b: 2n, c: 'x' }, { a: undefined, c: 'y' });
const operation = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), rowKey, properties }),
  fc.record({
    kind: fc.constantFrom('replace' as const, 'merge' as const),
    rowKey,
    properties,
    etag: fc.option(etagIndex, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('delete' as const), rowKey }),
);
const tableStep = fc.oneof(
  fc.record({
    operations: fc.uniqueArray(operation, { minLength: 1, maxLength: 4, selector: (one) => one.rowKey }),
  }),
  fc.record({ from: fc.option(rowKey, { nil: undefined }), below: fc.option(rowKey, { nil: undefined }) }),
);
type TableStep = typeof tableStep extends fc.Arbitrary<infer T> ? T : never;

async function runTableStep({ store, etags }: Side<{ table: Table; partition: string }>, step: TableStep) {
  const { table, partition } = store;
  if (!('operations' in step)) {
    const range = {
      ...(step.from === undefined ? {} : { from: step.from }),
      ...(step.below === undefined ? {} : { below: step.below }),
    };
    const found = await entitiesOf(table, partition, range);
    return found.map((entity) => ({ ...entity, etag: etags.numbered(entity.rowKey, entity.etag) }));
  }
  const operations = step.operations.map((one) => {
    if (!('etag' in one) || one.etag === undefined) return one;
    const { kind, rowKey: key, properties: values } = one;
    return { kind, rowKey: key, properties: values, ifMatch: etags.at(key, one.etag) };
  });
  const given = await table.transact(partition, operations);
  return given.map((etag, at) => etag && etags.numbered(operations[at]?.rowKey ?? '', etag));
}

export function tablesInStep(open: () => Promise<Table>): void {
  describe('a table of the tests and one over the Azure SDK', () => {
    it('say the same of the same calls, whatever they are', async () => {
      const table = await open();
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(tableStep, { minLength: 1, maxLength: 30 }), (steps) => {
          const partition = String(++runs);
          return runInStep(
            [
              { table: memoryTable('t'), partition },
              { table, partition },
            ],
            `W/"datetime'2026-01-01T00%3A00%3A00.0000000Z'"`,
            steps,
            runTableStep,
          );
        }),
        { numRuns: 40 },
      );
    });
  });
}
