import { createHash } from 'node:crypto';
import type { BreakdownDimension } from './breakdown.ts';

/** Longest part of a key. Two of them and what a key has besides stay below Table storage's 512 characters. */
export const MAX_KEY_PART_LENGTH = 200;

/** What stands in a key for a call without user, or without currency. */
export const NO_USER = '-';
export const NO_CURRENCY = '---';

/** Keys that begin with this are not totals: heads, breakdowns, restatements. */
export const RESERVED_KEY_PREFIX = '!';

// Unpaired surrogates have no UTF-8: the client would send U+FFFD for each, and keys would fall together. Line
// and paragraph separators break transactions of some implementations.
const TO_ENCODE = /[/\\#?%|\p{Cc}\u2028\u2029\p{Surrogate}]|^!/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const LOOKS_CUT = /~[0-9a-f]{64}$/;
const KEPT_LENGTH = MAX_KEY_PART_LENGTH - 65;

/** Keys of breakdowns, and the next text after all of them. */
export const BREAKDOWN_KEY_PREFIX = '!by|';
export const BREAKDOWN_KEY_END = '!by}';
const NO_VALUE = '-';

/** Row key of the sums of one value of a column in one currency; null for none. */
export const breakdownKey = (
  dimension: BreakdownDimension,
  value: string | null,
  currency: string | null,
): string =>
  `${BREAKDOWN_KEY_PREFIX}${dimension}|${keyPart(value, NO_VALUE)}|${keyPart(currency, NO_CURRENCY)}`;

/** Row key of a user's totals in one currency; null for none. */
export const totalsKey = (userId: string | null, currency: string | null): string =>
  `${keyPart(userId, NO_USER)}|${keyPart(currency, NO_CURRENCY)}`;

/**
 * One part of a key, at most {@link MAX_KEY_PART_LENGTH} characters: characters that a key may not hold are
 * percent-encoded, and a longer part is cut and ends in `~` and the SHA-256 of the value. Different values
 * have different parts; null is `none`, which no value has.
 */
export function keyPart(value: string | null, none: string): string {
  if (value === null) return none;
  if (value === NO_USER || value === NO_CURRENCY) return value.replaceAll('-', '%2D');
  const encoded = value.replace(TO_ENCODE, percentEncode);
  // A short value that happens to look like the cut form of a long one is cut as well, or the two could meet.
  if (encoded.length <= MAX_KEY_PART_LENGTH && !LOOKS_CUT.test(encoded)) return encoded;
  const kept = encoded.slice(0, KEPT_LENGTH).replace(/%[0-9A-F]?$|[\uD800-\uDBFF]$/, '');
  return `${kept}~${sha256(value)}`;
}

const percentEncode = (character: string): string =>
  [...utf8(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** UTF-8, in which an unpaired surrogate keeps its three bytes as if it were a character. */
function utf8(character: string): Uint8Array {
  const unit = character.charCodeAt(0);
  if (unit < 0xd800 || unit > 0xdfff || character.length > 1) return Buffer.from(character, 'utf8');
  return Uint8Array.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
}

function sha256(value: string): string {
  const hash = createHash('sha256');
  let at = 0;
  for (const lone of value.matchAll(LONE_SURROGATE)) {
    hash.update(value.slice(at, lone.index), 'utf8').update(utf8(lone[0]));
    at = lone.index + 1;
  }
  return hash.update(value.slice(at), 'utf8').digest('hex');
}
