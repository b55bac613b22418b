import type { QueueName } from '../queues/names.ts';
import type { QueuePeeker } from '../queues/peek.ts';
import { inParallel } from '../runtime/inParallel.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import { TABLES } from '../storage/names.ts';
import type { ReadDayHead } from '../windows/dayHeads.ts';
import type { Ledger, LedgerEntry } from '../windows/ledger.ts';
import { datesOfLetter, explainDeadLetter, type ExplainedDeadLetter, unexplained } from './deadLetters.ts';
import { missingParts } from './missingParts.ts';

export interface ListedDeadLetter extends ExplainedDeadLetter {
  /** The queue gives it, and no other letter of the queue has it. */
  sequenceNumber: string;
  /** How often it was delivered before it was given up. */
  deliveries: number;
}

export interface ListServices {
  peeker: Pick<QueuePeeker, 'deadLetters'>;
  control: BlobContainer;
  ledger: Pick<Ledger, 'readDay'>;
  readDayHead: ReadDayHead;
}

const PARALLEL = 8;

/**
 * The letters of these queues, newest first, each with its reason as far as anybody knows it: at most the oldest 1,000
 * of each queue. Reads what ledger and day say of the days that they name; a table or container that is missing leaves
 * the queue's own words.
 */
export async function listDeadLetters(
  queues: readonly QueueName[],
  { peeker, control, ledger, readDayHead }: ListServices,
): Promise<ListedDeadLetter[]> {
  const letters = (await Promise.all(queues.map((queue) => peeker.deadLetters(queue)))).flat();
  const parts = missingParts();
  const entries: LedgerEntry[] = [];
  const foldErrors = new Map<string, string>();
  await inParallel(new Set(letters.flatMap(datesOfLetter)), PARALLEL, async (date) => {
    entries.push(...(await parts.orElse(`table ${TABLES.windows}`, [], () => ledger.readDay(date))));
    const head = await parts.orElse(`table ${TABLES.dailyTotals}`, undefined, () => readDayHead(date));
    if (head?.lastError !== undefined) foldErrors.set(date, head.lastError);
  });
  const listed: ListedDeadLetter[] = [];
  await inParallel(letters, PARALLEL, async (letter) => {
    const explained = await parts.orElse(`container ${control.name}`, unexplained(letter), () =>
      explainDeadLetter(letter, { control, entries, foldErrors }),
    );
    const { sequenceNumber, deliveryCount: deliveries } = letter;
    listed.push({ ...explained, sequenceNumber, deliveries });
  });
  return listed.sort(newestFirst);
}

const newestFirst = (a: ListedDeadLetter, b: ListedDeadLetter): number =>
  a.queue.localeCompare(b.queue) || (b.enqueuedAt ?? '').localeCompare(a.enqueuedAt ?? '');
