import type { Columns } from './entities.ts';

/** A value for a person; texts in quotes, so that "1" and 1 differ. */
export function told(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** What a value is, and what it has to be; nothing if they are equal. */
export const differs = (what: string, is: unknown, shouldBe: unknown): string[] =>
  is === shouldBe ? [] : [`${what} is ${told(is)}, not ${told(shouldBe)}`];

/** All columns of one thing that are not as they have to be, or do not belong there, in one sentence. */
export function columnDifferences(
  what: string,
  found: Columns,
  expected: Columns,
  ignored: readonly string[] = [],
): string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  const wrong = [...names].filter((name) => found[name] !== expected[name] && !ignored.includes(name));
  if (wrong.length === 0) return [];
  return [`${what}: ${wrong.flatMap((name) => differs(name, found[name], expected[name])).join('; ')}`];
}

/** What is in one list and not in the other, each as often as it is. */
export function unmatched(
  found: readonly string[],
  expected: readonly string[],
): { missing: string[]; added: string[] } {
  const open = new Map<string, number>();
  for (const one of expected) open.set(one, (open.get(one) ?? 0) + 1);
  const added = found.filter((one) => {
    const left = open.get(one) ?? 0;
    if (left > 0) open.set(one, left - 1);
    return left === 0;
  });
  const missing = [...open].flatMap(([one, left]) => Array.from({ length: left }, () => one));
  return { missing, added };
}

/** Two objects of texts, such as vectors. */
export function mapDifferences(
  what: string,
  found: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .sort()
    .flatMap((name) => differs(`${what}[${name}]`, found[name], expected[name]));
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** True for ISO text to the millisecond. */
export const isInstant = (value: unknown): value is string =>
  typeof value === 'string' && INSTANT.test(value);

/** Undefined for what is no JSON object. */
export function objectIn(text: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
