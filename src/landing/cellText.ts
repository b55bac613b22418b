import type { ColumnKind } from '../graph/columns.ts';
import { isDeeperThan, MAX_LEVELS, quoted, stableJson } from './jsonText.ts';
import { moneyFault, moneyText } from './moneyText.ts';

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

/**
 * JSON of one value that is not null, as its column is landed. Undefined if it does not fit.
 * @param json JSON of a collection
 */
export function cellText(
  kind: ColumnKind,
  value: unknown,
  json: () => string = () => stableJson(value),
): string | undefined {
  switch (kind) {
    case 'text':
    case 'instant':
      return typeof value === 'string' ? quoted(value) : undefined;
    case 'seconds':
      // -0 is 0; it has no text of its own.
      return isInt32(value) ? String(value) : undefined;
    case 'money':
      return typeof value === 'number' ? moneyText(value) : undefined;
    case 'collection':
      // JSON in a string: `[]` and `[{...}]` would be inferred as two different types.
      return Array.isArray(value) && !isDeeperThan(value, MAX_LEVELS) ? quoted(json()) : undefined;
  }
}

/** Why a value does not fit its column; undefined if it does, or is null. */
export function cellFault(kind: ColumnKind, value: unknown): string | undefined {
  if (value === undefined || value === null || cellText(kind, value) !== undefined) return undefined;
  switch (kind) {
    case 'text':
    case 'instant':
      return `${typeOf(value)} where text is expected`;
    case 'seconds':
      return typeof value === 'number'
        ? `${value} is no whole number of 32 bits`
        : `${typeOf(value)} where a number of seconds is expected`;
    case 'money':
      return typeof value === 'number' ? moneyFault(value) : `${typeOf(value)} where a number is expected`;
    case 'collection':
      return Array.isArray(value)
        ? `nested deeper than ${MAX_LEVELS} levels`
        : `${typeOf(value)} where a list is expected`;
  }
}

const isInt32 = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= INT32_MIN && (value as number) <= INT32_MAX;

/** What kind of JSON value it is; never the value, which may be personal. */
const typeOf = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
