/** What an AMQP address names. Names of queues are in lower case, as they are matched. */
export type Address =
  | { kind: 'cbs' }
  | { kind: 'queue'; queue: string; deadLetters: boolean }
  | { kind: 'management'; queue: string; deadLetters: boolean };

const CBS = '$cbs';
const MANAGEMENT = '/$management';
const DEAD_LETTERS = '/$deadletterqueue';

/**
 * Reads `$cbs`, `<queue>`, `<queue>/$DeadLetterQueue` and either with `/$management` behind it, case
 * insensitively, with or without `amqp(s)://host/` or `/` before it. Undefined for anything else.
 */
export function parseAddress(text: string | null | undefined): Address | undefined {
  let rest = (text ?? '')
    .toLowerCase()
    .replace(/^(amqps?|sb):\/\/[^/]*/, '')
    .replace(/^\/+/, '');
  if (rest === CBS) return { kind: 'cbs' };
  const kind = rest.endsWith(MANAGEMENT) ? 'management' : 'queue';
  if (kind === 'management') rest = rest.slice(0, -MANAGEMENT.length);
  const deadLetters = rest.endsWith(DEAD_LETTERS);
  if (deadLetters) rest = rest.slice(0, -DEAD_LETTERS.length);
  return rest === '' ? undefined : { kind, queue: rest, deadLetters };
}
