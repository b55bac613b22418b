import { GraphError, type GraphErrorKind } from '../graph/errors.ts';
import type { PstnCallsSource, ReadOptions } from '../graph/pstnCalls.ts';
import { LASTING_TRIES } from '../graph/rangeFault.ts';
import type { Window } from '../windows/grid.ts';
import type { LedgerEntry } from '../windows/ledger.ts';

export interface ServedInput {
  fault: 'refused' | 'failing';
  /** How often the job was sent anew. */
  tries: number;
  /** Of windows outside of the job: what was read before is the likeliest to be read again. */
  known: Iterable<LedgerEntry>;
  /** Where nothing is known, or that fails too: hours of which some may be sound, ascending. */
  hours: readonly Window[];
  source: PstnCallsSource;
  read: ReadOptions;
}

/** What is refused is asked for so many hours at once; what fails for an hour at a time, each time another one. */
const MOST_HOURS = 5;
/** These say nothing of Graph: who asks may ask again later. */
const UNTOLD: ReadonlySet<GraphErrorKind> = new Set(['budget', 'throttled', 'network']);
/** Fractions of it spread evenly, however many are taken. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Whether Graph gives the first page of another hour. Only then it is the range that it does not give, and not all of
 * Graph that fails: cutting every job would end an outage no sooner, and send thousands of requests into it.
 * @throws what kept it from finding out, such as an abort or a lack of requests
 */
export async function isServed({ fault, tries, known, hours, source, read }: ServedInput): Promise<boolean> {
  const candidates = [...lastRead(known), ...spread(hours)];
  const turn = candidates.length === 0 ? 0 : Math.max(0, tries - LASTING_TRIES) % candidates.length;
  const asked = fault === 'refused' ? candidates.slice(0, MOST_HOURS) : candidates.slice(turn, turn + 1);
  for (const { fromMs, toMs } of asked) {
    try {
      for await (const page of source.readPages(fromMs, toMs, read)) return page.number > 0;
    } catch (error) {
      if (!(error instanceof GraphError) || UNTOLD.has(error.kind)) throw error;
    }
  }
  return false;
}

/** The window that was read last, of these the one with the fewest rows. */
function lastRead(known: Iterable<LedgerEntry>): Window[] {
  const at = ({ lastReadAt }: LedgerEntry): number => Date.parse(lastReadAt ?? '');
  const [last] = [...known]
    .filter((entry) => entry.state === 'read' && entry.attempts === 0 && at(entry) > 0)
    .sort((a, b) => at(b) - at(a) || a.rows - b.rows);
  return last === undefined ? [] : [last.window];
}

/** Hours far from each other, the newest first. */
function spread(hours: readonly Window[]): Window[] {
  const found = new Set<Window>();
  for (let step = 0; step < hours.length && found.size < 4 * MOST_HOURS; step += 1) {
    const hour = hours[hours.length - 1 - Math.floor(((step * GOLDEN) % 1) * hours.length)];
    if (hour !== undefined) found.add(hour);
  }
  return [...found];
}
