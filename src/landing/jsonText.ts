/** Quotes, backslashes, control characters, line separators and halves of surrogate pairs. */
const NOT_PLAIN = /["\\\p{Cc}\p{Cs}\u2028\u2029]/u;
const LINE_SEPARATORS = /[\n\r\u2028\u2029]/g;
const ESCAPED: Readonly<Record<string, string>> = { '\u2028': '\\u2028', '\u2029': '\\u2029' };

/**
 * A string as JSON on one line of text, well-formed UTF-8 whatever it holds. U+2028 and U+2029 are escaped,
 * because some readers of lines take them for the end of one.
 */
export const quoted = (text: string): string => (isPlain(text) ? `"${text}"` : oneLine(JSON.stringify(text)));

/** True for text that is its own JSON between quotes. */
export const isPlain = (text: string): boolean => !NOT_PLAIN.test(text);

/**
 * JSON text on one line for every reader, the same value: U+2028 and U+2029 can only stand in a string, and are
 * escaped; CR and LF can only stand between tokens, and become blanks.
 */
export const oneLine = (json: string): string =>
  json.replace(LINE_SEPARATORS, (separator) => ESCAPED[separator] ?? ' ');

/** Levels of nesting that are landed: far more than a log has, far less than a stack holds. */
export const MAX_LEVELS = 100;

/** Whether a value as parsed from JSON has lists or objects below so many levels of them. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

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
