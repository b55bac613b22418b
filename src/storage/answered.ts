import { StorageUnreachableError } from './blobs.ts';
import { originOf, toStorageError } from './restErrors.ts';

/** Longer than the service's own limit for a request, repeated a few times. */
export const ANSWER_MS = 100_000;

/**
 * Runs one call of a storage SDK, which repeats a request that failed, and gives its errors as
 * {@link toStorageError} does. A host that takes the connection and stays silent would be waited for without end:
 * after `answerMs` of real time the call counts as unanswered. What is streamed afterwards has no limit.
 *
 * @param what what was being done, to begin the message of an error
 * @param url of the service
 */
export async function answered<T>(
  what: string,
  url: string,
  answerMs: number,
  call: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), answerMs);
  try {
    return await call(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw toStorageError(error, what);
    throw new StorageUnreachableError(
      `${what}: ${originOf(url)} gave no answer within ${answerMs / 1000} s`,
      {
        cause: error,
      },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** The pages of a listing, each {@link answered} by itself. */
export async function* answeredPages<T>(
  what: string,
  url: string,
  answerMs: number,
  open: (abortSignal: AbortSignal) => AsyncIterator<T>,
): AsyncIterable<T> {
  // One signal goes with the whole listing; each page has a time limit of its own.
  const stop = new AbortController();
  const pages = open(stop.signal);
  for (;;) {
    const next = await answered(what, url, answerMs, (abortSignal) => {
      abortSignal.addEventListener('abort', () => stop.abort());
      return pages.next();
    });
    if (next.done === true) return;
    yield next.value;
  }
}
