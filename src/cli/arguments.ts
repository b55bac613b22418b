import { InvalidArgumentError } from 'commander';
import { parseInstant } from '../graph/instant.ts';

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
  return instant.epochMs;
}
