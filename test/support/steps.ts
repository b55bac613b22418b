import type { MessageSender } from '../../src/queues/sender.ts';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';

/** Runs one storage or queue call; decides when, and whether its effect or its answer is lost. */
export type Step = <T>(name: string, call: () => Promise<T>) => Promise<T>;

/** The same container, each of its calls one step. */
export function steppedContainer(inner: BlobContainer, step: Step): BlobContainer {
  return {
    name: inner.name,
    list: (prefix) => steppedIterable(`list ${prefix}`, () => inner.list(prefix), step),
    properties: (name) => step(`properties ${name}`, () => inner.properties(name)),
    read: (name, options) => step(`read ${name}`, () => inner.read(name, options)),
    put: (name, content, options) => step(`put ${name}`, () => inner.put(name, content, options)),
    stageBlock: (name, id, content) => step(`stage ${name}`, () => inner.stageBlock(name, id, content)),
    commitBlocks: (name, ids, options) =>
      step(`commit ${name}`, () => inner.commitBlocks(name, ids, options)),
    delete: (name, options) => step(`delete ${name}`, () => inner.delete(name, options)),
  };
}

/** The same table, each of its calls one step; a query is one as a whole. */
export function steppedTable(inner: Table, step: Step): Table {
  return {
    name: inner.name,
    get: (partition, row) => step(`get ${partition} ${row}`, () => inner.get(partition, row)),
    query: (partition, range) =>
      steppedIterable(`query ${partition}`, () => inner.query(partition, range), step),
    scan: () => steppedIterable('scan', () => inner.scan(), step),
    transact: (partition, operations) =>
      step(`transact ${partition}`, () => inner.transact(partition, operations)),
  };
}

export function steppedSender(inner: MessageSender, step: Step): MessageSender {
  return {
    send: (queue, message, options) => step(`send ${queue}`, () => inner.send(queue, message, options)),
    sendAll: (queue, messages, options) =>
      step(`send ${queue}`, () => inner.sendAll(queue, messages, options)),
  };
}

async function* steppedIterable<T>(name: string, open: () => AsyncIterable<T>, step: Step): AsyncIterable<T> {
  yield* await step(name, async () => {
    const items: T[] = [];
    for await (const item of open()) items.push(item);
    return items;
  });
}

export class Fault extends Error {
  override readonly name = 'Fault';
}

export type FaultKind =
  /** The process dies before the call: nothing after it happens either. */
  | 'crashBefore'
  /** The process dies after the call. */
  | 'crashAfter'
  /** The call does its work, its answer is lost, the process goes on. */
  | 'lostAnswer'
  /** The call does nothing and fails, the process goes on. */
  | 'refused'
  /** The answer is lost, the client sends the call again by itself, and the second answer is the one that is seen. */
  | 'sentTwice';

/** Steps of which the one with number `at` (from 0) goes wrong. */
export function faultAt(
  at: number,
  kind: FaultKind,
): { step: Step; readonly happened: boolean; place: string } {
  let count = 0;
  let dead = false;
  const fault = {
    happened: false,
    place: '',
    step: async <T>(name: string, call: () => Promise<T>): Promise<T> => {
      if (dead) throw new Fault('the process is dead');
      if (count++ !== at) return call();
      fault.happened = true;
      fault.place = name;
      dead = kind === 'crashBefore' || kind === 'crashAfter';
      if (kind === 'crashAfter' || kind === 'lostAnswer' || kind === 'sentTwice') await call();
      if (kind === 'sentTwice') return call();
      throw new Fault(`${kind} at ${name}`);
    },
  };
  return fault;
}
