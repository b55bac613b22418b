import * as z from 'zod';

/**
 * Bodies of queue messages. The envelope `{"v":1,"data":{...}}` has nothing else on its top level: the
 * Functions host copies top-level scalars of a JSON body over the message's own metadata.
 */
export const MESSAGE_VERSION = 1;

/** Nobody's calls lie outside: a year beyond is a slip, and would be read hour by hour all the same. */
const possibleYear = (text: string): boolean => /^20\d\d-/.test(text);
const YEARS = 'must lie in the years 2000 to 2099';
const instant = z.iso
  .datetime({ error: 'must be an instant in UTC such as 2026-11-23T10:00:00Z', abort: true })
  .refine(possibleYear, { error: YEARS, abort: true });
const date = z.iso
  .date({ error: 'must be a date such as 2026-11-23', abort: true })
  .refine(possibleYear, YEARS);
const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11')
  .refine(possibleYear, YEARS);
const wholeHours = (range: { from: string; to: string }): boolean => isHour(range.from) && isHour(range.to);
const ascending = (range: { from: string; to: string }): boolean =>
  Date.parse(range.from) < Date.parse(range.to);
const narrow = (range: { from: string; to: string }): boolean =>
  Date.parse(range.to) - Date.parse(range.from) <= 90 * 24 * HOUR_MS;
const range = z
  .strictObject({ from: instant, to: instant })
  .refine(wholeHours, 'from and to must be whole hours')
  .refine(ascending, 'from must be before to');

/** A run of adjacent windows `[from, to)` to be read by one page sequence. */
const windowJob = z
  .strictObject({
    from: instant,
    to: instant,
    lane: z.enum(['live', 'backfill']),
    /** When it was planned: windows read since then are dropped on delivery. */
    planned: instant,
    expectedRows: z.number().int().nonnegative(),
    /** A range that the worker which ends this job packs and sends on. */
    then: range.optional(),
    /** Somebody waits: what follows is sent without the delay that only saves work. */
    soon: z.boolean().optional(),
    /** How often it was sent anew because it had to wait. */
    tries: z.number().int().nonnegative().optional(),
  })
  .refine(wholeHours, 'from and to must be whole hours')
  .refine(ascending, 'from must be before to')
  .refine(narrow, 'spans more than 90 days');

/** `seen`: ETag of the head as a run saw it that found another at work. `tries`: folds that have failed so far. */
const repeat = { seen: z.string().optional(), tries: z.number().int().nonnegative().optional() };
const dayOf = z.strictObject({ date, ...repeat });
const monthOf = z.strictObject({ month, ...repeat });

export type WindowJob = z.infer<typeof windowJob>;
export type DayChanged = z.infer<typeof dayOf> | z.infer<typeof monthOf>;
/** A day's or a month's Parquet file no longer matches its source. */
export type ParquetStale = { date: string } | { month: string };
export type MessageData = WindowJob | DayChanged | ParquetStale;
export interface Message<T extends MessageData = MessageData> {
  v: typeof MESSAGE_VERSION;
  data: T;
}

export const toMessage = <T extends MessageData>(data: T): Message<T> => ({ v: MESSAGE_VERSION, data });

/** A body that cannot be acted on, whatever happens next: it ends in the dead-letter queue with this reason. */
export class BadMessageError extends Error {
  override readonly name = 'BadMessageError';
}

/** @throws BadMessageError naming the field and its fault. */
export const parseWindowJob = (body: unknown): WindowJob =>
  checked(windowJob, 'window job', dataOf('window job', body));

/** @throws BadMessageError naming the field and its fault. */
export function parseDayChanged(body: unknown): DayChanged {
  const what = 'day message';
  const data = dataOf(what, body);
  // One schema at a time: of a union, only "invalid" could be said.
  return isObject(data) && 'month' in data ? checked(monthOf, what, data) : checked(dayOf, what, data);
}

const HOUR_MS = 3_600_000;

function isHour(text: string): boolean {
  return Date.parse(text) % HOUR_MS === 0;
}

/** What the envelope holds. A trigger gives JSON parsed, anything else as text, and bytes where it is told to. */
function dataOf(what: string, body: unknown): unknown {
  const text = body instanceof Uint8Array ? decoded(what, body) : body;
  const envelope = typeof text === 'string' ? fromJson(what, text) : text;
  const fields = isObject(envelope) ? Object.keys(envelope).sort().join() : '';
  if (!isObject(envelope) || fields !== 'data,v') {
    throw new BadMessageError(
      `${what}: the body is not an envelope {"v":${MESSAGE_VERSION},"data":{...}} and nothing else`,
    );
  }
  const { v, data } = envelope;
  if (v === MESSAGE_VERSION) return data;
  // Only a number of a few digits is quoted: anything else may be anything.
  const version = typeof v === 'number' && Math.abs(v) < 1000 ? `version ${v}` : 'the version';
  throw new BadMessageError(`${what}: ${version} is unknown, this app reads version ${MESSAGE_VERSION}`);
}

/** Names the fields and their faults; nothing of the body is quoted, names of unknown fields included: it may be anything. */
function checked<T>(schema: z.ZodType<T>, what: string, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const fault = issue.code === 'unrecognized_keys' ? 'has fields that are not known' : issue.message;
    return `${issue.path.join('.') || 'data'}: ${fault}`;
  });
  throw new BadMessageError(`${what}: ${faults.join('; ')}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function decoded(what: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BadMessageError(`${what}: the body is not UTF-8 text`);
  }
}

function fromJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without its cause: the parser's message quotes the text.
    throw new BadMessageError(`${what}: the body is not JSON`);
  }
}
