import { z } from 'zod';

/**
 * Bodies of queue messages. The envelope `{"v":1,"data":{...}}` has nothing else on its top level: the
 * Functions host copies top-level scalars of a JSON body over the message's own metadata.
 */
export const MESSAGE_VERSION = 1;

const instant = z.iso.datetime();
const date = z.iso.date();
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11');
const range = z.strictObject({ from: instant, to: instant });

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
  })
  .refine((job) => isHour(job.from) && isHour(job.to), 'from and to must be whole hours')
  .refine((job) => Date.parse(job.from) < Date.parse(job.to), 'from must be before to')
  .refine((job) => Date.parse(job.to) - Date.parse(job.from) <= 90 * 24 * HOUR_MS, 'spans more than 90 days');

/** `seen`: ETag of the head as a run saw it that found another at work. `tries`: folds that have failed so far. */
const repeat = { seen: z.string().optional(), tries: z.number().int().nonnegative().optional() };
const dayChanged = z.union([z.strictObject({ date, ...repeat }), z.strictObject({ month, ...repeat })]);

export type WindowJob = z.infer<typeof windowJob>;
export type DayChanged = z.infer<typeof dayChanged>;
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

export const parseWindowJob = (body: unknown): WindowJob => parse(windowJob, 'window job', body);
export const parseDayChanged = (body: unknown): DayChanged => parse(dayChanged, 'day message', body);

const HOUR_MS = 3_600_000;

function isHour(text: string): boolean {
  return Date.parse(text) % HOUR_MS === 0;
}

/** @throws BadMessageError naming the field and its fault; the body itself is not quoted, it may be anything. */
function parse<T>(schema: z.ZodType<T>, what: string, body: unknown): T {
  const envelope: unknown = typeof body === 'string' ? fromJson(what, body) : body;
  if (typeof envelope !== 'object' || envelope === null || !('v' in envelope) || !('data' in envelope)) {
    throw new BadMessageError(`${what}: the body is not an envelope {"v":${MESSAGE_VERSION},"data":{...}}`);
  }
  if (envelope.v !== MESSAGE_VERSION) {
    throw new BadMessageError(
      `${what}: version ${JSON.stringify(envelope.v)} is unknown, this app reads version ${MESSAGE_VERSION}`,
    );
  }
  const parsed = schema.safeParse(envelope.data);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'data'}: ${issue.message}`);
  throw new BadMessageError(`${what}: ${faults.join('; ')}`);
}

function fromJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadMessageError(`${what}: the body is not JSON`, { cause });
  }
}
