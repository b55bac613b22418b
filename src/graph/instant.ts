/** An instant to 100 ns, the resolution that Graph sends. */
export interface Instant {
  /** Milliseconds since the epoch, cut, never rounded up. */
  epochMs: number;
  /** Units of 100 ns after `epochMs`, 0 to 9,999. */
  ticks: number;
}

const PATTERN = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;
const TICKS_A_MS = 10_000;

/**
 * Reads an ISO 8601 instant of any number of fractional digits (what lies below 100 ns is cut) and any
 * offset. Undefined if the text is none, or names no real date or time (30 February, hour 25).
 */
export function parseInstant(text: string): Instant | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', offset = 'Z'] = match;
  const wall = `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}`;
  const wallMs = Date.parse(`${wall}.000Z`);
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString().slice(0, 19) !== wall) return undefined;
  const offsetMs = parseOffset(offset);
  if (offsetMs === undefined) return undefined;
  const ticks = Number(fraction.padEnd(7, '0').slice(0, 7));
  return { epochMs: wallMs - offsetMs + Math.floor(ticks / TICKS_A_MS), ticks: ticks % TICKS_A_MS };
}

export const compareInstants = (a: Instant, b: Instant): number => a.epochMs - b.epochMs || a.ticks - b.ticks;

function parseOffset(text: string): number | undefined {
  if (text === 'Z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(4, 6));
  if (hours > 14 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
