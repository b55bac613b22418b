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
const REST_OF_HOUR = /^:[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;
/** What lies below 100 ns is cut, as {@link parseInstant} does. */
const STROKE = /^:00:00(?:\.(?:0{1,7}|0{7}\d{1,2}))?Z$/;
const KNOWN_HOURS = 5_000;

/** Begins of the hours met so far, by their text: nearly every row of a job repeats one. */
const hours = new Map<string, number>();

/** Undefined if the text is no instant that {@link parseInstant} reads. */
export function startHour(text: string): StartHour | undefined {
  const rest = text.slice(HOUR_LENGTH);
  if (!REST_OF_HOUR.test(rest)) return startHourOfAny(text);
  const hour = text.slice(0, HOUR_LENGTH);
  const hourMs = hours.get(hour) ?? learn(hour);
  return hourMs === undefined ? undefined : { hourMs, onTheHour: STROKE.test(rest) };
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
