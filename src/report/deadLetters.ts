import { BadMessageError, parseDayChanged, parseWindowJob } from '../queues/messages.ts';
import { QUEUES, type QueueName } from '../queues/names.ts';
import type { DeadLetter } from '../queues/peek.ts';
import { readRefusal } from '../queues/refusals.ts';
import type { BlobContainer } from '../storage/blobs.ts';
import { datesBetween } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';

/** A message that was given up, and why, as far as anybody knows. */
export interface ExplainedDeadLetter {
  queue: QueueName;
  messageId: string;
  /** ISO instant; when it was first sent. */
  enqueuedAt: string | undefined;
  reason: string;
}

/** Where reasons are kept. */
export interface Reasons {
  control: BlobContainer;
  entries: readonly LedgerEntry[];
  /** By UTC date: why the last fold of a day failed. */
  foldErrors: ReadonlyMap<string, string>;
}

/** Why a message was given up: by its refusal, else by what the ledger or the day says, else by the queue's own word. */
export async function explainDeadLetter(letter: DeadLetter, reasons: Reasons): Promise<ExplainedDeadLetter> {
  const found = unexplained(letter);
  const refusal = await readRefusal(reasons.control, letter);
  return { ...found, reason: refusal?.reason ?? reasonOfWork(letter, reasons) ?? found.reason };
}

/** With what the queue itself says, which is how often it tried. */
export function unexplained({ queue, messageId, enqueuedAt, ...said }: DeadLetter): ExplainedDeadLetter {
  return { queue, messageId, enqueuedAt, reason: said.description ?? said.reason ?? 'no reason was left' };
}

/** UTC dates of which {@link explainDeadLetter} wants to know something. */
export function datesOfLetter(letter: DeadLetter): string[] {
  try {
    if (letter.queue === QUEUES.days) {
      const message = parseDayChanged(letter.body);
      return 'date' in message ? [message.date] : [];
    }
    const { from, to } = parseWindowJob(letter.body);
    return datesBetween(Date.parse(from), Date.parse(to));
  } catch (error) {
    if (error instanceof BadMessageError) return [];
    throw error;
  }
}

function reasonOfWork(letter: DeadLetter, { entries, foldErrors }: Reasons): string | undefined {
  try {
    if (letter.queue === QUEUES.days) {
      const message = parseDayChanged(letter.body);
      const error = 'date' in message ? foldErrors.get(message.date) : undefined;
      return error === undefined ? undefined : `the day could not be summed: ${error}`;
    }
    const { from, to } = parseWindowJob(letter.body);
    return entries.find(
      ({ window, lastError }) =>
        lastError !== undefined && window.fromMs >= Date.parse(from) && window.toMs <= Date.parse(to),
    )?.lastError;
  } catch (error) {
    if (error instanceof BadMessageError) return undefined;
    throw error;
  }
}
