import type { EntityValue } from '../storage/tables.ts';

/** By what was folded (a window, a day), which version of it. What is missing was not there. */
export type HeadVector = Readonly<Record<string, string>>;

export const textOf = (value: EntityValue | undefined): string => (typeof value === 'string' ? value : '');
export const wholeOf = (value: EntityValue | undefined): number => (typeof value === 'number' ? value : 0);

/** Undefined for a column that holds no vector. */
export function parseVector(value: EntityValue | undefined): HeadVector | undefined {
  try {
    const parsed: unknown = JSON.parse(textOf(value));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    const entries = Object.entries(parsed).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return Object.fromEntries(entries);
  } catch {
    return undefined;
  }
}

/** True if both name the same versions of the same. */
export function sameVector(a: HeadVector, b: HeadVector): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
