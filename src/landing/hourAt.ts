import { parseInstant } from '../graph/instant.ts';

const HOUR_BYTES = 'YYYY-MM-DDTHH'.length;
const FRACTION_AT = 'YYYY-MM-DDTHH:MM:SS'.length;
const MAX_FRACTION_DIGITS = 9;
const KNOWN_HOURS = 5_000;
const ZERO = '0'.charCodeAt(0);
const FIVE = '5'.charCodeAt(0);
const NINE = '9'.charCodeAt(0);
const COLON = ':'.charCodeAt(0);
const POINT = '.'.charCodeAt(0);
const Z = 'Z'.charCodeAt(0);

/** Begins of the hours met so far, by their text. */
const hours = new Map<string, number>();
/** The hour met last: nearly every row of a job repeats it. */
const lastHour = new Uint8Array(HOUR_BYTES);
let lastHourMs = NaN;

/**
 * Begin of the hour, in milliseconds since the epoch, of an instant that stands in `[from, end)` as Graph writes
 * it. NaN for any other text, of which only `startHour` can tell whether it is an instant.
 */
export function hourAt(bytes: Buffer, from: number, end: number): number {
  if (!isWithinHour(bytes, from, end)) return NaN;
  for (let index = 0; index < HOUR_BYTES; index++) {
    if (bytes[from + index] !== lastHour[index]) return lookUp(bytes, from);
  }
  return lastHourMs;
}

/** Whether `:MM:SS.fffZ`, or without a fraction, is what follows the hour. */
function isWithinHour(bytes: Buffer, from: number, end: number): boolean {
  const zone = end - 1;
  const fraction = from + FRACTION_AT;
  if (zone < fraction || bytes[zone] !== Z) return false;
  if (bytes[from + 13] !== COLON || !isSixty(bytes, from + 14)) return false;
  if (bytes[from + 16] !== COLON || !isSixty(bytes, from + 17)) return false;
  if (zone === fraction) return true;
  const digits = zone - fraction - 1;
  if (bytes[fraction] !== POINT || digits < 1 || digits > MAX_FRACTION_DIGITS) return false;
  for (let at = fraction + 1; at < zone; at++) if (!isDigit(bytes[at] ?? 0)) return false;
  return true;
}

/** Two digits, 00 to 59. */
function isSixty(bytes: Buffer, at: number): boolean {
  const tens = bytes[at] ?? 0;
  return tens >= ZERO && tens <= FIVE && isDigit(bytes[at + 1] ?? 0);
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

function lookUp(bytes: Buffer, from: number): number {
  const hour = bytes.toString('latin1', from, from + HOUR_BYTES);
  let hourMs = hours.get(hour);
  if (hourMs === undefined) {
    hourMs = parseInstant(`${hour}:00:00Z`)?.epochMs ?? NaN;
    if (hours.size >= KNOWN_HOURS) hours.clear();
    hours.set(hour, hourMs);
  }
  lastHour.set(bytes.subarray(from, from + HOUR_BYTES));
  lastHourMs = hourMs;
  return hourMs;
}
