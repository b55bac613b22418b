import type { NewId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { BodyBuffer } from './bodyBuffer.ts';
import { LONGEST_BLOCK_MS } from './budget/budgetState.ts';
import { GraphError } from './errors.ts';
import type { PageRows } from './pageRows.ts';
import type { ReadOptions, RequestPacer } from './pstnCalls.ts';
import { readPage, type CheckedPage } from './readPage.ts';
import { instantText, type PstnCallsRange } from './requestUrl.ts';
import { parseRetryAfter } from './retryAfter.ts';
import { decideRetry } from './retryStrategy.ts';
import { statusError } from './statusError.ts';
import type { Answer, AnswerHead, Transport } from './transport.ts';
import type { Wait } from './wait.ts';

/** Whoever waits longer wants to know why nothing comes. */
const LONG_BLOCK_MS = 3_600_000;

export interface FetchPageDeps {
  /** The only origin that is asked. */
  origin: string;
  transport: Transport;
  /** Shared by all that send to this Graph. */
  pacer: RequestPacer;
  log: Log;
  newId: NewId;
  /** In `[0, 1)`. */
  random: () => number;
  wait: Wait;
  monotonicNowMs: () => number;
  /** Real time, never a simulated clock: a date in `Retry-After` is compared with it. */
  nowMs: () => number;
}

/** Where a page lies; the next one takes its place. */
export interface PageMemory {
  body: BodyBuffer;
  rows: PageRows;
}

export interface PageRequest extends ReadOptions {
  /** Sent exactly as written. */
  url: string;
  /** 1 for the first page of the range. */
  page: number;
  range: PstnCallsRange;
  memory: PageMemory;
}

export interface FetchedPage extends CheckedPage {
  requestId: string | undefined;
}

/**
 * Fetches one page, trying again as {@link decideRetry} says. Each try takes its own permit and is logged.
 * @throws GraphError of the last try; or an `AbortError`.
 */
export async function fetchPage(deps: FetchPageDeps, request: PageRequest): Promise<FetchedPage> {
  const { transport, pacer, monotonicNowMs, wait } = deps;
  const { signal } = request;
  let firstTryMs: number | undefined;
  let tokenWasRenewed = false;
  for (let tries = 1; ; tries++) {
    const beganMs = monotonicNowMs();
    try {
      // Before the permit, so that the request leaves as soon as it may.
      await transport.prepare(signal);
      await pacer.take(request.lane ?? 'live', signal);
      const sentMs = monotonicNowMs();
      firstTryMs ??= sentMs;
      return await tryPage(deps, request, { tries, waitMs: sentMs - beganMs });
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      const elapsedMs = monotonicNowMs() - (firstTryMs ?? beganMs);
      const decision = decideRetry({ error, tries, elapsedMs, tokenWasRenewed, random: deps.random() });
      if (!decision.again) throw error.at({ page: request.page, range: request.range, attempts: tries });
      tokenWasRenewed ||= error.kind === 'unauthorized';
      // Too many requests concern everybody, and so does what Graph says of the time; any other failure only this page.
      if (error.kind === 'throttled') {
        if (error.retryAfterMs === undefined) await tellAll(deps, decision.delayMs);
      } else await wait(decision.delayMs, signal);
    }
  }
}

/** Nobody sends for so long. That this could not be stored is made up for by the next permit of this process. */
async function tellAll({ pacer, log }: FetchPageDeps, ms: number): Promise<void> {
  try {
    await pacer.blockFor(ms);
  } catch (error) {
    log.warn('retryAfterNotShared', { ms, reason: error instanceof Error ? error.message : String(error) });
  }
}

/** Sends the request once and checks the answer. */
async function tryPage(
  deps: FetchPageDeps,
  request: PageRequest,
  { tries, waitMs }: { tries: number; waitMs: number },
): Promise<FetchedPage> {
  const clientRequestId = deps.newId();
  const sentMs = deps.monotonicNowMs();
  let head: AnswerHead | undefined;
  let retryAfterMs: number | undefined;
  let told: Promise<void> | undefined;
  const onHead = (answer: AnswerHead): void => {
    head = answer;
    const saidMs = parseRetryAfter(
      { retryAfter: answer.header('retry-after'), date: answer.header('date') },
      deps.nowMs(),
    );
    retryAfterMs = saidMs === undefined ? undefined : Math.min(saidMs, LONGEST_BLOCK_MS);
    if (saidMs !== undefined && saidMs > LONG_BLOCK_MS) {
      deps.log.warn('retryAfterLong', { retryAfterMs: saidMs, keptMs: retryAfterMs });
    }
    // Whatever the status is: nobody sends before that.
    if (retryAfterMs !== undefined) told = tellAll(deps, retryAfterMs);
  };
  const report = (bytes: number | undefined, error?: GraphError): void => {
    const fields = {
      clientRequestId,
      requestId: requestIdOf(head),
      from: instantText(request.range.fromMs),
      to: instantText(request.range.toMs),
      lane: request.lane,
      page: request.page,
      try: tries,
      status: head?.status,
      bytes,
      waitMs: Math.round(waitMs),
      durationMs: Math.round(deps.monotonicNowMs() - sentMs),
    };
    if (error === undefined) deps.log.info('graphRequest', fields);
    else deps.log.warn('graphRequest', { ...fields, failure: error.kind, code: error.code, retryAfterMs });
  };

  let answer: Answer | undefined;
  try {
    const { signal, memory } = request;
    answer = await deps.transport.send(request.url, { clientRequestId, signal, into: memory.body, onHead });
    if (answer.status !== 200) throw statusError(answer.status, answer.body.toString());
    const page = readPage(answer.body, deps.origin, memory.rows);
    report(answer.bytes);
    return { ...page, requestId: requestIdOf(head) };
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    report(answer?.bytes, error);
    const status = head?.status;
    throw error.at({ status, requestId: requestIdOf(head), clientRequestId, retryAfterMs });
  } finally {
    await told;
  }
}

/** Graph's id of an answer, unless it is something that must not stand in a log. */
function requestIdOf(head: AnswerHead | undefined): string | undefined {
  const id = head?.header('request-id');
  return id !== undefined && /^[\w.-]{1,80}$/.test(id) ? id : undefined;
}
