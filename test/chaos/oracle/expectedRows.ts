import {
  exactly,
  expectedCells,
  faultsOf,
  landedForm,
  nameWithoutDay,
  rejectedForm,
  ticksOf,
} from '../../support/expectedDay.ts';
import { type Call, callOf } from './call.ts';
import { windowIdAt } from './hours.ts';
import { expectedLine } from './landing.ts';

/** A row that fits, as it has to be landed. */
export interface ExpectedLine {
  call: Call;
  /** What it says, however its lists are written. */
  form: () => string;
}

/** What has to be stored, by window, of all rows that Graph gives. */
export interface ExpectedRows {
  fitting: Map<string, ExpectedLine[]>;
  /** Rows that do not fit, in the form of `rejectedForm`. */
  rejected: Map<string, string[]>;
  /** By blob name, rows that belong to no day. */
  withoutDay: Map<string, string>;
}

type Row = Readonly<Record<string, unknown>>;

/** A row that came twice is one: it is known by its id, or by all it says. */
export function expectedRows(texts: readonly string[]): ExpectedRows {
  const expected: ExpectedRows = { fitting: new Map(), rejected: new Map(), withoutDay: new Map() };
  const seen = new Set<string>();
  for (const text of texts) {
    const parsed: unknown = JSON.parse(text);
    const row = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
    const faults = row === undefined ? [] : faultsOf(row as Row);
    const ticks = row === undefined ? undefined : ticksOf((row as Row)['startDateTime']);
    if (row === undefined || ticks === undefined) {
      expected.withoutDay.set(nameWithoutDay(text), rejectedForm(faults, text));
      continue;
    }
    const windowId = windowIdAt(Number(ticks / 10_000n));
    const line = faults.length === 0 ? expectedLine(row as Row) : text;
    const { id } = row as { id?: unknown };
    const key = `${windowId} ${typeof id === 'string' && id !== '' ? `id ${id}` : `line ${line}`}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (faults.length > 0) {
      add(expected.rejected, windowId, rejectedForm(faults, text));
    } else {
      const form = () => landedForm(expectedCells(row as Row, exactly(text) as Row));
      add(expected.fitting, windowId, { call: callOf(row as Row, line), form });
    }
  }
  return expected;
}

function add<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
