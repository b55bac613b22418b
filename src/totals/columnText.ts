/** A string property holds 64 KiB of UTF-16; what is longer is cut here. */
export const MAX_COLUMN_LENGTH = 32_000;

// Line and paragraph separators break transactions of some implementations; an unpaired surrogate has no UTF-8.
const TO_ESCAPE = /[\u2028\u2029\p{Surrogate}]/gu;

/**
 * Text as a string column holds it: U+2028, U+2029 and unpaired surrogates written as in JSON (`\u2028`), then
 * cut to {@link MAX_COLUMN_LENGTH} UTF-16 units, never inside a surrogate pair. For people to read: the escapes
 * are not undone.
 */
export function columnText(text: string): string {
  const escaped = text.replace(
    TO_ESCAPE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (escaped.length <= MAX_COLUMN_LENGTH) return escaped;
  return escaped.slice(0, MAX_COLUMN_LENGTH).replace(/[\uD800-\uDBFF]$/, '');
}
