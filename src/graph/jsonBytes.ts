/*
 * Where values end in JSON as it comes over the wire. Bytes, not characters: what most rows need is to be copied,
 * and decoding a page costs as much as parsing it. The bytes must be valid UTF-8.
 */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
/** As a bit it makes a small letter of a capital one. */
const SMALL = 0x20;
const E = 0x65;
const NULL = Buffer.from('null');

/** First byte of U+2028 and U+2029. */
const SEPARATOR_0 = 0xe2;
const SEPARATOR_1 = 0x80;
const SEPARATORS_2 = [0xa8, 0xa9];

/** Bytes inside a text that are more than a part of a character: 1, and 0 for all others. */
const IS_SPECIAL = new Uint8Array(256).fill(1, 0, SPACE);
for (const code of [QUOTE, BACKSLASH, SEPARATOR_0]) IS_SPECIAL[code] = 1;

/** The first place from `at` on that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  while (isSpace(bytes[at])) at += 1;
  return at;
}

const isSpace = (code: number | undefined): boolean =>
  code === SPACE || code === 0x0a || code === 0x0d || code === 0x09;

/** Whether `[from, end)` is JSON. */
export function isJson(bytes: Buffer, from: number, end: number): boolean {
  try {
    JSON.parse(bytes.toString('utf8', from, end));
    return true;
  } catch {
    // Who asks says what is wrong: the parser's message quotes the text, which may hold names and numbers.
    return false;
  }
}

/**
 * End of a value that is JSON and plain: null, a number, an empty list, or a text in which nothing is escaped, nor
 * has to be in a file of lines.
 * @returns 0 if it is of another form: nothing is known of it then
 */
export function endOfPlainValue(bytes: Uint8Array, from: number): number {
  const first = bytes[from] ?? 0;
  if (first === QUOTE) return endOfPlainText(bytes, from);
  if (first === NULL[0]) return endOfNull(bytes, from);
  if (first === OPEN_LIST) return bytes[from + 1] === CLOSE_LIST ? from + 2 : 0;
  return endOfNumber(bytes, from);
}

function endOfPlainText(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; ; at++) {
    while (IS_SPECIAL[bytes[at] ?? 0] === 0) at += 1;
    const code = bytes[at];
    if (code === QUOTE) return at + 1;
    if (code !== SEPARATOR_0) return 0;
    if (bytes[at + 1] === SEPARATOR_1 && SEPARATORS_2.includes(bytes[at + 2] ?? 0)) return 0;
  }
}

function endOfNull(bytes: Uint8Array, from: number): number {
  for (let index = 1; index < NULL.length; index++) if (bytes[from + index] !== NULL[index]) return 0;
  return from + NULL.length;
}

function endOfNumber(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from;
  if (bytes[at] === ZERO) at += 1;
  else if ((at = endOfDigits(bytes, at)) === 0) return 0;
  if (bytes[at] === POINT && (at = endOfDigits(bytes, at + 1)) === 0) return 0;
  if (((bytes[at] ?? 0) | SMALL) !== E) return at;
  const sign = bytes[at + 1];
  return endOfDigits(bytes, sign === MINUS || sign === PLUS ? at + 2 : at + 1);
}

/** 0 if there are none. */
function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at] ?? 0)) at += 1;
  return at === from ? 0 : at;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

/**
 * End of any value, if it is one: JSON.parse has to say that. Counts brackets instead of recursing, for a value
 * may be nested deeper than the stack.
 * @returns 0 if the bytes end before
 */
export function endOfValue(bytes: Uint8Array, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return endOfText(bytes, from);
  if (first !== OPEN_LIST && first !== OPEN_OBJECT) return endOfScalar(bytes, from);
  let depth = 0;
  for (let at = from; at < bytes.length;) {
    const code = bytes[at];
    if (code === QUOTE) {
      at = endOfText(bytes, at);
      if (at === 0) return 0;
      continue;
    }
    at += 1;
    if (code === OPEN_LIST || code === OPEN_OBJECT) depth += 1;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth -= 1;
    if (depth === 0) return at;
  }
  return 0;
}

/** @param from place of the opening quote */
export function endOfText(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    const code = bytes[at];
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  return 0;
}

function endOfScalar(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const code = bytes[at];
    if (code === COMMA || code === CLOSE_LIST || code === CLOSE_OBJECT || isSpace(code)) return at;
  }
  return bytes.length;
}
