import { elementsOf, membersOf } from './jsonSpans.ts';

/** Whether a value has a number, at any depth, of which a double may not have kept every digit. */
export function hasInexactNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasInexactNumber);
}

/**
 * JSON of the properties of a row, from the row's text: each number with the digits that were sent, the
 * properties of every object in the order of their names.
 *
 * @returns the JSON of the property with a name; undefined if there is none
 */
export function exactMembers(rowText: string): (name: string) => string | undefined {
  const spans = new Map(membersOf(rowText, rowText.indexOf('{')).map((span) => [span.name, span]));
  return (name) => {
    const span = spans.get(name);
    return span && exactJson(rowText.slice(span.from, span.end));
  };
}

function exactJson(json: string): string {
  const part = (span: { from: number; end: number }): string => exactJson(json.slice(span.from, span.end));
  if (json.startsWith('{')) {
    // Of a name that stands twice, the later one counts.
    const members = new Map(membersOf(json, 0).map((member) => [member.name, part(member)]));
    const inOrder = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${inOrder.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
  }
  if (json.startsWith('[')) return `[${elementsOf(json, 0).map(part).join(',')}]`;
  return json.startsWith('"') ? JSON.stringify(JSON.parse(json)) : json;
}
