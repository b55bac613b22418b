/** The headers of an answer that say when to come back. */
export interface RetryAfterHeaders {
  /** `Retry-After`: seconds, or an HTTP date. */
  retryAfter: string | undefined;
  /** The answer's own `Date`: the clock by which a date in `Retry-After` was written. */
  date: string | undefined;
}

// The three forms that RFC 9110 asks a recipient to accept.
const RFC1123 = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * How long to send nothing, in milliseconds from the arrival of the answer; never less than the server said,
 * and 0 for a date that has passed. Undefined if the header is missing or makes no sense.
 *
 * @param nowMs the own clock; used for a date only if the answer has no `Date`.
 */
export function parseRetryAfter(headers: RetryAfterHeaders, nowMs: number): number | undefined {
  const text = headers.retryAfter?.trim();
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) {
    const ms = Math.ceil(Number(text) * 1_000);
    return Number.isSafeInteger(ms) ? ms : undefined;
  }
  const untilMs = parseHttpDate(text);
  if (untilMs === undefined) return undefined;
  const sentMs = headers.date === undefined ? undefined : parseHttpDate(headers.date.trim());
  return Math.max(0, untilMs - (sentMs ?? nowMs));
}

function parseHttpDate(text: string): number | undefined {
  if (RFC1123.test(text) || RFC850.test(text)) return validTime(Date.parse(text));
  // The one form that does not name its zone, which is GMT all the same.
  if (ASCTIME.test(text)) return validTime(Date.parse(`${text} GMT`));
  return undefined;
}

const validTime = (ms: number): number | undefined => (Number.isNaN(ms) ? undefined : ms);
