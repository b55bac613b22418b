import { GraphError, type GraphErrorKind } from './errors.ts';

/** Failures of a job after which what Graph may mend by itself counts as lasting: three, 45 s at least. */
const LASTING_FAILURES = 3;
/** `tries` of a job that has failed so often but once. */
export const LASTING_TRIES = LASTING_FAILURES - 1;

/** An answer that stays the same, however often one asks. */
const REFUSED: ReadonlySet<GraphErrorKind> = new Set(['refused', 'rangeTooWide']);
/** Rows that Graph cannot read or send make it fail wherever they are asked for, as an outage does. */
const FAILING: ReadonlySet<GraphErrorKind> = new Set(['server', 'timeout', 'badPage', 'badLink']);

/**
 * What an error says of the range that was asked for, if it may be the range: `refused`, or `failing` again and again.
 * Undefined for what concerns all of Graph (rights, address, limits, network), and for what may still pass.
 * @param tries how often the job was sent anew because Graph failed
 */
export function rangeFault(error: unknown, tries: number): 'refused' | 'failing' | undefined {
  if (!(error instanceof GraphError)) return undefined;
  if (REFUSED.has(error.kind)) return 'refused';
  return FAILING.has(error.kind) && tries >= LASTING_TRIES ? 'failing' : undefined;
}
