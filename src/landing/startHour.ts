import { parseInstant } from '../graph/instant.ts';
import { WINDOW_MS } from '../windows/grid.ts';

/** The window in which a call started. */
export interface StartHour {
  /** Begin of the window, milliseconds since the epoch. */
  hourMs: number;
  /** The call started exactly when the window begins: a range that ends there returns it as well. */
  onTheHour: boolean;
}

/** Undefined if the text is no instant that {@link parseInstant} reads. */
export function startHour(text: string): StartHour | undefined {
  const start = parseInstant(text);
  if (start === undefined) return undefined;
  const hourMs = Math.floor(start.epochMs / WINDOW_MS) * WINDOW_MS;
  return { hourMs, onTheHour: start.epochMs === hourMs && start.ticks === 0 };
}
