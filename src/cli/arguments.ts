import { InvalidArgumentError } from 'commander';
import { parseInstant } from '../graph/instant.ts';
import { QUEUE_NAMES, type QueueName } from '../queues/names.ts';

/** As messages may name them: a year beyond is a slip. */
const FIRST_MS = Date.UTC(2000, 0, 1);
const LAST_MS = Date.UTC(2100, 0, 1);
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * An instant given on the command line, in milliseconds since the epoch: a UTC date (its first moment) or an
 * ISO 8601 instant with a time zone.
 * @throws InvalidArgumentError, which commander prints with the option's name.
 */
export function instantArgument(text: string): number {
  const instant = parseInstant(DATE.test(text) ? `${text}T00:00:00Z` : text);
  if (instant === undefined) {
    throw new InvalidArgumentError(
      'It must be a date such as 2026-11-23 or an instant such as 2026-11-23T10:00:00Z.',
    );
  }
  if (instant.epochMs < FIRST_MS || instant.epochMs > LAST_MS) {
    throw new InvalidArgumentError('It must lie in the years 2000 to 2099.');
  }
  return instant.epochMs;
}

/** @throws InvalidArgumentError for an empty path: it would be the folder one happens to stand in. */
export function folderArgument(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must be a folder such as .pstn.');
  return text;
}

/**
 * A UTC date given on the command line, as its first moment in milliseconds since the epoch.
 * @throws InvalidArgumentError, which commander prints with the option's name.
 */
export function dateArgument(text: string): number {
  if (!DATE.test(text)) throw new InvalidArgumentError('It must be a date such as 2026-11-23.');
  return instantArgument(text);
}

/** @throws InvalidArgumentError for a queue that the pipeline does not have; names those that it has. */
export function queueArgument(text: string): QueueName {
  const queue = QUEUE_NAMES.find((name) => name === text);
  if (queue === undefined) throw new InvalidArgumentError(`The queues are ${QUEUE_NAMES.join(', ')}.`);
  return queue;
}
