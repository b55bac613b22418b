/**
 * The JSON of each row of a page, exactly as it was sent. Parsing loses some of it (digits that a double does not
 * hold, a key that stands twice); a row that is kept because it does not fit has to keep that, too.
 *
 * Nothing is looked at before the first call, which goes through the body once and remembers where rows begin.
 *
 * @param body a JSON object with an array `value`, as `JSON.parse` has taken it
 * @returns the text of the row with an index, as a copy: it does not keep the page in memory
 * @throws RangeError (from what is returned) for an index that is none
 */
export function rowTexts(body: string): (index: number) => string {
  let spans: readonly Span[] | undefined;
  return (index) => {
    spans ??= elementsOfValue(body);
    const span = spans[index];
    if (span === undefined) throw new RangeError(`the page has no row ${index}, it has ${spans.length}`);
    // A slice alone would hold the whole body for as long as it lives.
    return Buffer.from(body.slice(span.from, span.end)).toString();
  };
}

interface Span {
  from: number;
  end: number;
}

/** Of a name that stands twice, the later one counts, as in `JSON.parse`. */
function elementsOfValue(body: string): Span[] {
  let spans: Span[] = [];
  let at = body.indexOf('{') + 1;
  for (;;) {
    at = skipTo(body, at, MEMBER);
    if (body[at] !== '"') return spans;
    const nameEnd = endOfText(body, at);
    const name: unknown = JSON.parse(body.slice(at, nameEnd));
    const from = skipTo(body, body.indexOf(':', nameEnd) + 1, NO_SPACE);
    if (name === 'value') spans = body[from] === '[' ? elements(body, from) : [];
    at = endOfValue(body, from);
  }
}

/** @param from place of the opening bracket */
function elements(body: string, from: number): Span[] {
  const spans: Span[] = [];
  let at = from + 1;
  for (;;) {
    at = skipTo(body, at, ELEMENT);
    if (body[at] === ']') return spans;
    const end = endOfValue(body, at);
    spans.push({ from: at, end });
    at = end;
  }
}

const NO_SPACE = /[^ \t\r\n]/g;
/** Begin of the next member, or end of the object. */
const MEMBER = /["}]/g;
/** Begin of the next element, or end of the array. */
const ELEMENT = /[^ \t\r\n,]/g;
const BRACKET_OR_TEXT = /[[\]{}"]/g;
const END_OF_SCALAR = /[ \t\r\n,\]}]|$/g;

/** Place of the first match of a pattern at or after `at`. */
function skipTo(body: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  const match = pattern.exec(body);
  if (match === null) throw new RangeError('the body of a page ends in the middle');
  return match.index;
}

/** By counting, not by recursion: rows may be nested deeper than the stack. */
function endOfValue(body: string, from: number): number {
  const first = body[from];
  if (first === '"') return endOfText(body, from);
  if (first !== '{' && first !== '[') return skipTo(body, from, END_OF_SCALAR);
  let depth = 0;
  for (let at = from; ; ) {
    const found = skipTo(body, at, BRACKET_OR_TEXT);
    const bracket = body[found];
    if (bracket === '"') {
      at = endOfText(body, found);
      continue;
    }
    depth += bracket === '{' || bracket === '[' ? 1 : -1;
    at = found + 1;
    if (depth === 0) return at;
  }
}

/** @param from place of the opening quote */
function endOfText(body: string, from: number): number {
  for (let at = from + 1; ; at++) {
    at = body.indexOf('"', at);
    if (at < 0) throw new RangeError('the body of a page ends in the middle of a text');
    let backslashes = 0;
    while (body[at - 1 - backslashes] === '\\') backslashes += 1;
    // Each backslash of a pair is a character of the text.
    if (backslashes % 2 === 0) return at + 1;
  }
}
