/** Quotes, backslashes, control characters, line separators and halves of surrogate pairs. */
const NOT_PLAIN = /["\\\p{Cc}\p{Cs}\u2028\u2029]/u;
const LINE_SEPARATORS = /[\u2028\u2029]/g;

/**
 * A string as JSON on one line of text, well-formed UTF-8 whatever it holds. U+2028 and U+2029 are escaped,
 * because some readers of lines take them for the end of one.
 */
export const quoted = (text: string): string => (isPlain(text) ? `"${text}"` : oneLine(JSON.stringify(text)));

/** True for text that is its own JSON between quotes. */
export const isPlain = (text: string): boolean => !NOT_PLAIN.test(text);

/** JSON text with U+2028 and U+2029 escaped: the same value, on one line for every reader. */
export const oneLine = (json: string): string =>
  json.replace(LINE_SEPARATORS, (separator) => (separator === '\u2028' ? '\\u2028' : '\\u2029'));

/** JSON with the properties of every object in the order of their names: equal values have equal text. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${stableJson(member)}`);
  return `{${members.join(',')}}`;
}
