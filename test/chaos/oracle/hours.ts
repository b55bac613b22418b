/** Names of hours, days, months and of the blobs that belong to them, as the documents give them. */

export const HOUR_MS = 3_600_000;

/** Id of the window that contains an instant: `2026-11-23T10Z`. */
export const windowIdAt = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 13)}Z`;

/** End of a window. */
export const endOfWindowMs = (windowId: string): number =>
  Date.parse(windowId.replace('Z', ':00:00Z')) + HOUR_MS;

export const dateOfWindow = (windowId: string): string => windowId.slice(0, 10);

/** Ids of the windows in `[fromMs, toMs)`, whole hours. */
export function windowIds(fromMs: number, toMs: number): string[] {
  const ids: string[] = [];
  for (let at = fromMs; at < toMs; at += HOUR_MS) ids.push(windowIdAt(at));
  return ids;
}

export const windowsOfDate = (date: string): string[] =>
  windowIds(Date.parse(`${date}T00:00:00Z`), Date.parse(`${date}T00:00:00Z`) + 24 * HOUR_MS);

export type BlobRoot = 'ndjson' | 'rejected' | 'aside';

export const blobName = (root: BlobRoot, windowId: string): string =>
  `${root}/v1/callDate=${windowId.slice(0, 10)}/pstn-calls-${windowId.slice(11, 13)}00-PT60M.jsonl`;

const NAME = /^(ndjson|rejected|aside)\/v1\/callDate=(\d{4}-\d\d-\d\d)\/pstn-calls-(\d\d)00-PT60M\.jsonl$/;

/** Undefined for a blob of another name. */
export function placeOfBlob(name: string): { root: BlobRoot; windowId: string } | undefined {
  const [, root, date, hour] = NAME.exec(name) ?? [];
  if (date === undefined || hour === undefined) return undefined;
  return { root: root as BlobRoot, windowId: `${date}T${hour}Z` };
}

/** The billing month of a date, named after the date on which it begins. */
export function monthOfDate(date: string, billingDay: number): string {
  const begin = new Date(Date.parse(`${date}T00:00:00Z`));
  if (begin.getUTCDate() < billingDay) begin.setUTCMonth(begin.getUTCMonth() - 1, 1);
  return begin.toISOString().slice(0, 7);
}

/** The dates of a billing month, ascending. */
export function datesOfMonth(month: string, billingDay: number): string[] {
  const at = new Date(Date.parse(`${month}-01T00:00:00Z`));
  at.setUTCDate(billingDay);
  const dates: string[] = [];
  for (;;) {
    const date = at.toISOString().slice(0, 10);
    if (monthOfDate(date, billingDay) !== month) return dates;
    dates.push(date);
    at.setUTCDate(at.getUTCDate() + 1);
  }
}
