import { parseInstant } from '../graph/instant.ts';
import { WINDOW_MS } from '../windows/grid.ts';

/** The window in which a call started. */
export interface StartHour {
  /** Begin of the window, milliseconds since the epoch. */
  hourMs: number;
  /** The call started exactly when the window begins: a range that ends there returns it as well. */
  onTheHour: boolean;
}

const HOUR_LENGTH = 'YYYY-MM-DDTHH'.length;
const FRACTION_AT = 'YYYY-MM-DDTHH:MM:SS'.length;
const MAX_FRACTION_DIGITS = 9;
/** Digits that count; what lies below 100 ns is cut, as {@link parseInstant} does. */
const EXACT_DIGITS = 7;
const KNOWN_HOURS = 5_000;
const ZERO = '0'.charCodeAt(0);
const FIVE = '5'.charCodeAt(0);
const NINE = '9'.charCodeAt(0);
const COLON = ':'.charCodeAt(0);
const POINT = '.'.charCodeAt(0);
const Z = 'Z'.charCodeAt(0);

/** Begins of the hours met so far, by their text: nearly every row of a job repeats one. */
const hours = new Map<string, number>();

/** Undefined if the text is no instant that {@link parseInstant} reads. */
export function startHour(text: string): StartHour | undefined {
  const rest = restOfHour(text);
  if (rest === 'other') return startHourOfAny(text);
  const hour = text.slice(0, HOUR_LENGTH);
  const hourMs = hours.get(hour) ?? learn(hour);
  return hourMs === undefined ? undefined : { hourMs, onTheHour: rest === 'zero' };
}

/**
 * Whether `:MM:SS.fffZ` follows the hour, and is zero. By hand, for every row passes here; whatever looks
 * different is left to {@link parseInstant}.
 */
function restOfHour(text: string): 'zero' | 'later' | 'other' {
  const last = text.length - 1;
  const digits = last - FRACTION_AT - 1;
  if (last < FRACTION_AT || text.charCodeAt(last) !== Z) return 'other';
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return 'other';
  if (!isSixty(text, 14) || !isSixty(text, 17)) return 'other';
  const hasFraction = last > FRACTION_AT;
  if (hasFraction && (text.charCodeAt(FRACTION_AT) !== POINT || digits < 1 || digits > MAX_FRACTION_DIGITS)) {
    return 'other';
  }
  let isZero = text.startsWith('00:00', 14);
  for (let at = 1; at <= digits; at++) {
    const code = text.charCodeAt(FRACTION_AT + at);
    if (code < ZERO || code > NINE) return 'other';
    if (code !== ZERO && at <= EXACT_DIGITS) isZero = false;
  }
  return isZero ? 'zero' : 'later';
}

/** Two digits, 00 to 59. */
function isSixty(text: string, at: number): boolean {
  const tens = text.charCodeAt(at);
  const ones = text.charCodeAt(at + 1);
  return tens >= ZERO && tens <= FIVE && ones >= ZERO && ones <= NINE;
}

function learn(hour: string): number | undefined {
  const hourMs = parseInstant(`${hour}:00:00Z`)?.epochMs;
  if (hourMs === undefined) return undefined;
  if (hours.size >= KNOWN_HOURS) hours.clear();
  // A slice of a page's text would keep the whole page in memory.
  hours.set(Buffer.from(hour).toString(), hourMs);
  return hourMs;
}

/** Other offsets than `Z`, and what is no instant. */
function startHourOfAny(text: string): StartHour | undefined {
  const start = parseInstant(text);
  if (start === undefined) return undefined;
  const hourMs = Math.floor(start.epochMs / WINDOW_MS) * WINDOW_MS;
  return { hourMs, onTheHour: start.epochMs === hourMs && start.ticks === 0 };
}
