import { elementsOf, type JsonSpan, membersOf } from './jsonSpans.ts';

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
  let spans: readonly JsonSpan[] | undefined;
  return (index) => {
    spans ??= rowsOf(body);
    const span = spans[index];
    if (span === undefined) throw new RangeError(`the page has no row ${index}, it has ${spans.length}`);
    // A slice alone would hold the whole body for as long as it lives.
    return Buffer.from(body.slice(span.from, span.end)).toString();
  };
}

/** Of a name that stands twice, the later one counts, as in `JSON.parse`. */
function rowsOf(body: string): JsonSpan[] {
  const value = membersOf(body, body.indexOf('{')).findLast(({ name }) => name === 'value');
  return value === undefined || body[value.from] !== '[' ? [] : elementsOf(body, value.from);
}
