import { GraphError } from '../../src/graph/errors.ts';
import { QueueError } from '../../src/queues/queueError.ts';
import { QUEUES } from '../../src/queues/names.ts';
import type { MessageSender } from '../../src/queues/sender.ts';
import { type BlobContainer, type BlobContent, StorageUnreachableError } from '../../src/storage/blobs.ts';
import type { Table } from '../../src/storage/tables.ts';
import { steppedContainer, steppedSender, steppedTable } from '../support/steps.ts';
import type { Gate, Invocation, Unanswered } from './gate.ts';
import type { Random } from './random.ts';

export const storageSilent: Unanswered = (why) => new StorageUnreachableError(why);
export const queueSilent: Unanswered = (why) => new QueueError('unreachable', QUEUES.windows, why);
export const graphSilent: Unanswered = (why) => new GraphError('network', why);

/** How often a download is held up once it has begun. */
const HELD_UP = 0.2;

/** A container as one run of a handler sees it: each call waits for its turn, now and then a download as well. */
export function gatedContainer(
  inner: BlobContainer,
  store: string,
  gate: Gate,
  of: Invocation,
  random: Random,
): BlobContainer {
  const stepped = steppedContainer(inner, (name, call) =>
    gate.pass(of, `${store}.${wordOf(name)}`, restOf(name), call, storageSilent),
  );
  const heldUp = async function* (content: BlobContent): AsyncGenerator<Uint8Array> {
    for await (const chunk of content.chunks) {
      yield chunk;
      if (random.chance(HELD_UP)) {
        await gate.pass(of, `${store}.download`, content.name, () => Promise.resolve(), storageSilent);
      }
    }
  };
  // What a request carries does not change any more, whenever it lands.
  return {
    ...stepped,
    put: (name, content, options) => stepped.put(name, Uint8Array.from(content), options),
    stageBlock: (name, id, content) => stepped.stageBlock(name, id, Uint8Array.from(content)),
    read: async (name, options) => {
      const content = await stepped.read(name, options);
      return content && { ...content, chunks: heldUp(content) };
    },
  };
}

export const gatedTable = (inner: Table, gate: Gate, of: Invocation): Table =>
  steppedTable(inner, (name, call) =>
    gate.pass(of, `${inner.name}.${wordOf(name)}`, restOf(name), call, storageSilent),
  );

export const gatedSender = (inner: MessageSender, gate: Gate, of: Invocation): MessageSender =>
  steppedSender(inner, (name, call) =>
    gate.pass(of, `queue.${wordOf(name)}`, restOf(name), call, queueSilent),
  );

const wordOf = (name: string): string => name.slice(0, name.indexOf(' '));
const restOf = (name: string): string => name.slice(name.indexOf(' ') + 1);
