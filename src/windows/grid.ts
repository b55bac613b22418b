/** The grid is fixed: a size that could change would leave overlapping blobs, and a fold would count both. */
export const WINDOW_MS = 3_600_000;
export const DAY_MS = 24 * WINDOW_MS;
export const WINDOWS_A_DAY = 24;

/** One UTC hour `[fromMs, toMs)`, in milliseconds since the epoch. */
export interface Window {
  /** For example `2026-11-23T10Z`. */
  id: string;
  /** UTC date, `YYYY-MM-DD`. */
  date: string;
  /** 0 to 23. */
  hour: number;
  fromMs: number;
  toMs: number;
}

/** The window that contains an instant. */
export function windowAt(instantMs: number): Window {
  const fromMs = Math.floor(instantMs / WINDOW_MS) * WINDOW_MS;
  const text = new Date(fromMs).toISOString();
  return {
    id: `${text.slice(0, 13)}Z`,
    date: text.slice(0, 10),
    hour: Number(text.slice(11, 13)),
    fromMs,
    toMs: fromMs + WINDOW_MS,
  };
}

/** All windows of the range `[fromMs, toMs)`; both bounds must be whole hours. */
export function windowsBetween(fromMs: number, toMs: number): Window[] {
  if (fromMs % WINDOW_MS !== 0 || toMs % WINDOW_MS !== 0) {
    throw new RangeError(`windows are whole hours, not ${toInstant(fromMs)} to ${toInstant(toMs)}`);
  }
  const windows: Window[] = [];
  for (let at = fromMs; at < toMs; at += WINDOW_MS) windows.push(windowAt(at));
  return windows;
}

/** @throws RangeError if the text is no window id. */
export function windowOfId(id: string): Window {
  const fromMs = Date.parse(id.replace(/Z$/, ':00:00.000Z'));
  if (Number.isNaN(fromMs) || windowAt(fromMs).id !== id) throw new RangeError(`no window id: ${id}`);
  return windowAt(fromMs);
}

export const windowsOfDay = (date: string): Window[] => {
  const fromMs = Date.parse(`${date}T00:00:00.000Z`);
  return windowsBetween(fromMs, fromMs + DAY_MS);
};

/** UTC dates that the range `[fromMs, toMs)` touches, ascending. */
export function datesBetween(fromMs: number, toMs: number): string[] {
  const dates: string[] = [];
  for (let at = Math.floor(fromMs / DAY_MS) * DAY_MS; at < toMs; at += DAY_MS) dates.push(dateOf(at));
  return dates;
}

/** Windows that begin before this instant are read by command only: Graph may no longer have their calls. */
export const sourceStartMs = (nowMs: number, sourceDays: number): number => nowMs - sourceDays * DAY_MS;

/** UTC date of an instant, `YYYY-MM-DD`. */
export const dateOf = (instantMs: number): string => new Date(instantMs).toISOString().slice(0, 10);

/** Instant without fractions, as in messages and requests: `2026-11-23T10:00:00Z`. Fractions are cut. */
export const toInstant = (instantMs: number): string => `${new Date(instantMs).toISOString().slice(0, 19)}Z`;

/** Path below the container, shared by raw, rejected and aside. */
export const blobPathOf = (window: Window): string =>
  `callDate=${window.date}/pstn-calls-${String(window.hour).padStart(2, '0')}00-PT60M.jsonl`;
export const rawBlobName = (window: Window): string => `ndjson/v1/${blobPathOf(window)}`;
export const rejectedBlobName = (window: Window): string => `rejected/v1/${blobPathOf(window)}`;
export const asideBlobName = (window: Window): string => `aside/v1/${blobPathOf(window)}`;
export const rawDayPrefix = (date: string): string => `ndjson/v1/callDate=${date}/`;
export const asideDayPrefix = (date: string): string => `aside/v1/callDate=${date}/`;

const RAW_BLOB = /^ndjson\/v1\/callDate=(\d{4}-\d\d-\d\d)\/pstn-calls-(\d\d)00-PT60M\.jsonl$/;

/** The window whose raw blob has this name; undefined for any other blob. */
export function windowOfRawBlob(name: string): Window | undefined {
  const [, date, hour] = RAW_BLOB.exec(name) ?? [];
  const fromMs = Date.parse(`${date}T${hour}:00:00.000Z`);
  if (Number.isNaN(fromMs)) return undefined;
  const window = windowAt(fromMs);
  return rawBlobName(window) === name ? window : undefined;
}
