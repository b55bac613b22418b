import { hash } from 'node:crypto';
import { isUnknown, LANDED_COLUMNS, sorted } from '../../support/expectedDay.ts';
import { landedLine } from '../../support/storedLines.ts';
import { type Call, callOf } from './call.ts';

type Row = Readonly<Record<string, unknown>>;

const MONEY: ReadonlySet<string> = new Set(['charge', 'connectionCharge']);

/** A string on one line for every reader. */
const quoted = (text: string): string =>
  JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

/** The line of a row as Graph gives it, but for digits that a double does not hold in its lists. */
export function expectedLine(row: Row): string {
  const others = Object.entries(row).filter(([name]) => isUnknown(name));
  return encode((name) => {
    if (name === 'additionalProperties') {
      return others.length === 0 ? null : sorted(Object.fromEntries(others));
    }
    const value = row[name] ?? null;
    return Array.isArray(value) ? sorted(value) : value;
  });
}

function encode(cell: (name: string) => unknown): string {
  const cells = LANDED_COLUMNS.map((name) => {
    const value = cell(name);
    if (MONEY.has(name) && typeof value === 'number') return `"${name}":${value.toFixed(6)}`;
    if (typeof value === 'number') return `"${name}":${value + 0}`;
    return `"${name}":${typeof value === 'string' ? quoted(value) : 'null'}`;
  });
  return `{${cells.join(',')}}`;
}

/** A blob of rows that fit, as it stands. */
export interface LandedBlob {
  lines: string[];
  calls: Call[];
  digest: string;
  /** What is wrong with the bytes themselves. */
  faults: string[];
}

const parsed = new WeakMap<object, LandedBlob>();

/** @param version whose text it is: it is parsed once. */
export function landedBlob(version: object, text: string): LandedBlob {
  let blob = parsed.get(version);
  if (blob === undefined) parsed.set(version, (blob = parse(text)));
  return blob;
}

function parse(text: string): LandedBlob {
  const { lines, faults } = linesOf(text);
  const calls: Call[] = [];
  for (const line of lines) {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      faults.push(`a line is no JSON: ${shortly(line)}`);
      continue;
    }
    if (typeof row !== 'object' || row === null) faults.push(`a line is no object: ${shortly(line)}`);
    else calls.push(callOf(row as Row, line));
  }
  return { lines, calls, digest: digestOf(lines), faults };
}

/** The lines of a blob, which has to end with the last one. */
export function linesOf(text: string): { lines: string[]; faults: string[] } {
  if (text === '') return { lines: [], faults: [] };
  const lines = text.split('\n');
  const faults = lines.at(-1) === '' ? [] : ['does not end in a line feed'];
  if (lines.at(-1) === '') lines.pop();
  return { lines, faults };
}

/**
 * A line in the form of `landedForm` of the expected rows, if its bytes are those of the landing format.
 * @throws Error naming what is wrong.
 */
export function strictForm(line: string): string {
  const form = landedLine(line);
  const row = JSON.parse(line) as Row;
  if (encode((name) => row[name]) !== line) throw new Error(`written in another way: ${shortly(line)}`);
  return form;
}

const MODULUS = 2n ** 256n;
const hashes = new Map<string, bigint>();
const MAX_HASHES = 50_000;

/** Sum modulo 2^256 of the SHA-256 of each line, 64 hexadecimal digits. */
export function digestOf(lines: readonly string[]): string {
  let sum = 0n;
  for (const line of lines) sum += hashOf(line);
  return (sum % MODULUS).toString(16).padStart(64, '0');
}

/** Versions of a blob have most lines in common. */
function hashOf(line: string): bigint {
  let hashed = hashes.get(line);
  if (hashed === undefined) {
    if (hashes.size >= MAX_HASHES) hashes.clear();
    hashes.set(line, (hashed = BigInt(`0x${hash('sha256', line)}`)));
  }
  return hashed;
}

/** A row for a person. */
export const shortly = (line: string): string => (line.length > 120 ? `${line.slice(0, 120)}...` : line);
