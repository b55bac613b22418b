import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type PipelineRequest,
} from '@azure/core-rest-pipeline';
import type { BodyBuffer } from './bodyBuffer.ts';
import { GraphError } from './errors.ts';
import { createGraphPipeline, type GraphPipelineOptions } from './pipeline.ts';
import { BadBodyError, readBody } from './readBody.ts';
import { abortError } from './wait.ts';

export interface TransportOptions extends GraphPipelineOptions {
  /** From sending to the answer's head; Graph may think for long about a page. Default: 45 s. */
  headTimeoutMs?: number;
  /** Between two pieces of the body. Default: 20 s. */
  bodyTimeoutMs?: number;
  /** For the whole body. Default: 5 min. */
  wholeBodyTimeoutMs?: number;
  /** Largest page. Default: 256 MiB, well below the longest string of V8. */
  maxBodyBytes?: number;
}

export interface AnswerHead {
  status: number;
  /** By its name in any case; undefined if the answer has none. */
  header(name: string): string | undefined;
}

export interface Answer extends AnswerHead {
  /** UTF-8 text, decompressed; it lies in the memory that {@link SendOptions} named. */
  body: Buffer;
  /** As they came over the wire, compressed or not. */
  bytes: number;
}

export interface SendOptions {
  clientRequestId: string;
  signal?: AbortSignal | undefined;
  /** Where the body is put. */
  into: BodyBuffer;
  /** Called when the head has come, before the body. */
  onHead?: (head: AnswerHead) => void;
}

/** Sends one GET, once. */
export interface Transport {
  /** Makes the token ready, so that the request leaves at once when its permit comes. */
  prepare(signal?: AbortSignal): Promise<void>;
  /**
   * Resolves with any answer that came whole, whatever its status. The address is sent exactly as it is written.
   * @throws GraphError `network`, `timeout`, `badPage` (too large, not UTF-8), `badLink`, `credential`; or an `AbortError`.
   */
  send(url: string, options: SendOptions): Promise<Answer>;
}

/** Of a body that is not a page, only an error code is read. */
const MAX_ERROR_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

export function createTransport(options: TransportOptions): Transport {
  const { headTimeoutMs = 45_000, bodyTimeoutMs = 20_000, wholeBodyTimeoutMs = 300_000 } = options;
  const { maxBodyBytes = 256 * 1024 * 1024 } = options;
  const pipeline = createGraphPipeline(options);
  const client = createDefaultHttpClient();

  async function send(url: string, { clientRequestId, signal, into, onHead }: SendOptions): Promise<Answer> {
    if (signal !== undefined && isAborted(signal)) throw abortError(signal);
    const stop = new AbortController();
    const onStop = (): void => stop.abort();
    signal?.addEventListener('abort', onStop, { once: true });
    let timer = setTimeout(onStop, headTimeoutMs);
    try {
      const request = graphRequest(url, clientRequestId, stop.signal, options.loopback);
      const response = await pipeline.sendRequest(client, request);
      const { status, headers, readableStreamBody: stream } = response;
      const head: AnswerHead = { status, header: (name) => headers.get(name) };
      onHead?.(head);
      const bodyEndsMs = performance.now() + wholeBodyTimeoutMs;
      let bytes = 0;
      const onBytes = (count: number): void => {
        bytes += count;
        clearTimeout(timer);
        timer = setTimeout(onStop, Math.min(bodyTimeoutMs, bodyEndsMs - performance.now()));
      };
      onBytes(0);
      const encoding = headers.get('content-encoding');
      const how = { into, encoding, onBytes, maxBytes: status === 200 ? maxBodyBytes : MAX_ERROR_BYTES };
      const body = stream === undefined ? NOTHING : await readBody(stream, how).catch(orNothing(status));
      return { ...head, body, bytes };
    } catch (error) {
      if (signal !== undefined && isAborted(signal)) throw abortError(signal);
      if (stop.signal.aborted) throw timeoutError(headTimeoutMs, bodyTimeoutMs);
      throw transportError(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onStop);
    }
  }

  const prepare = async (signal?: AbortSignal): Promise<void> => {
    await options.tokens.get(signal);
  };
  return { prepare, send };
}

function graphRequest(
  url: string,
  requestId: string,
  abortSignal: AbortSignal,
  loopback: boolean,
): PipelineRequest {
  return createPipelineRequest({
    url,
    requestId,
    abortSignal,
    allowInsecureConnection: loopback,
    // Compressed bodies are taken, but not asked for: within Azure bytes are free and unpacking is not.
    headers: createHttpHeaders({ Accept: 'application/json', 'Accept-Encoding': 'identity' }),
    streamResponseStatusCodes: new Set([Number.POSITIVE_INFINITY]),
    requestOverrides: verbatimPath(url),
  });
}

// A call, because the compiler takes a property that it has seen for constant.
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** URL would rewrite some characters (quotes, braces): a link goes out as Graph wrote it wherever HTTP allows. */
function verbatimPath(url: string): Record<string, unknown> {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/, '');
  return /^\/[!-~]*$/.test(path) ? { path } : {};
}

/** Of an answer that is no page the status is what counts, even if its body is endless or no text. */
const orNothing =
  (status: number) =>
  (error: unknown): Buffer => {
    if (status !== 200 && error instanceof BadBodyError) return NOTHING;
    throw error;
  };

const timeoutError = (headTimeoutMs: number, bodyTimeoutMs: number): GraphError =>
  new GraphError(
    'timeout',
    `Graph did not answer within ${headTimeoutMs / 1_000} s, or stopped for ${bodyTimeoutMs / 1_000} s in the middle of a page`,
  );

function transportError(error: unknown): GraphError {
  if (error instanceof GraphError) return error;
  if (error instanceof BadBodyError) {
    return new GraphError('badPage', `Graph's answer is no page of calls: ${error.message}`);
  }
  // The library's errors carry the request, and with it the token: only a code passes.
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return new GraphError(
    'network',
    'The connection to Graph failed, or was cut in the middle of an answer: if it stays so, check network, DNS and proxy',
    { code: typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : undefined },
  );
}
