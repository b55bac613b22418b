import { COLUMNS, type ColumnName } from '../../graph/columns.ts';

export type ApiVersion = 'v1.0' | 'beta';

/** A JSON number written exactly so: Graph sends decimals with their scale, `0.00` and not `0`. */
export interface NumberLiteral {
  readonly literal: string;
}

export type WireValue = string | number | boolean | null | NumberLiteral | readonly object[] | object;

/** A row as the server holds it: every column, in wire order. Traps may add properties. */
export type PstnCallRow = Readonly<Record<ColumnName, WireValue>>;
export type WireRow = Readonly<Record<string, WireValue>>;

const BETA_ONLY: ReadonlySet<string> = new Set<ColumnName>([
  'otherPartyCountryCode',
  'clientPublicIpV4Address',
  'clientPublicIpV6Address',
  'clientLocalIpV4Address',
  'clientLocalIpV6Address',
  'administrativeUnitInfos',
]);

const MICROS = 1_000_000;
const LEAST_DECIMALS = 2;

/** Micro-units as a decimal of 2 to 6 places: 13500 is `0.0135`, 0 is `0.00`. */
export function moneyLiteral(micros: number): NumberLiteral {
  const fraction = String(micros % MICROS).padStart(6, '0');
  const kept = fraction.replace(/0+$/, '').padEnd(LEAST_DECIMALS, '0');
  return { literal: `${Math.floor(micros / MICROS)}.${kept}` };
}

/** A row as JSON text, without the columns that the version does not have. */
export function rowJson(row: WireRow, version: ApiVersion): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(row)) {
    if (version === 'v1.0' && BETA_ONLY.has(name)) continue;
    parts.push(`${JSON.stringify(name)}:${valueJson(value)}`);
  }
  return `{${parts.join(',')}}`;
}

const isLiteral = (value: object): value is NumberLiteral => 'literal' in value;

const valueJson = (value: WireValue): string => {
  if (value === null) return 'null';
  return typeof value === 'object' && isLiteral(value) ? value.literal : JSON.stringify(value);
};

export const COLUMN_NAMES: readonly ColumnName[] = COLUMNS.map((column) => column.name);
