import { BodyBuffer } from './bodyBuffer.ts';
import { GraphError } from './errors.ts';
import { fetchPage, type FetchPageDeps } from './fetchPage.ts';
import { PageRows } from './pageRows.ts';
import type { PstnCallsPage, PstnCallsSource, ReadOptions } from './pstnCalls.ts';
import { requestUrl, type ApiVersion, type PstnCallsRange } from './requestUrl.ts';

export interface PstnCallsSourceOptions extends FetchPageDeps {
  version: ApiVersion;
  /** Called after every few pages, when much of what they came in has become garbage. */
  collectGarbage?: () => void;
}

/** Every page leaves two copies of its bytes behind, in the pieces in which it came. */
const COLLECT_AFTER_BYTES = 2 * 1024 * 1024;

/**
 * Reads the PSTN call log page by page, each page when it is asked for, into the memory of the one before.
 * `readPages` throws a RangeError at once for a range that is reversed or wider than 90 days.
 */
export function createPstnCallsSource(options: PstnCallsSourceOptions): PstnCallsSource {
  return {
    readPages(fromMs, toMs, readOptions = {}) {
      const range = { fromMs, toMs };
      const url = requestUrl(options.origin, options.version, range);
      return settled(followLinks(options, url, range, readOptions), options.pacer);
    },
  };
}

/** Whoever stops in between has made requests, too. */
async function* settled(
  pages: AsyncIterable<PstnCallsPage>,
  pacer: FetchPageDeps['pacer'],
): AsyncGenerator<PstnCallsPage, void, undefined> {
  try {
    yield* pages;
  } finally {
    // The rows do not wait for figures.
    void pacer.settle?.();
  }
}

async function* followLinks(
  deps: Omit<PstnCallsSourceOptions, 'version'>,
  first: string,
  range: PstnCallsRange,
  options: ReadOptions,
): AsyncGenerator<PstnCallsPage, void, undefined> {
  const asked = new Set<string>();
  const memory = { body: new BodyBuffer(), rows: new PageRows() };
  let url: string | undefined = first;
  let uncollectedBytes = 0;
  for (let page = 1; url !== undefined; page++) {
    asked.add(url);
    const { rows, nextLink, requestId } = await fetchPage(deps, { ...options, url, page, range, memory });
    if (nextLink !== undefined && asked.has(nextLink)) {
      throw new GraphError(
        'badLink',
        'Graph answered with a nextLink that was followed before: the pages go round in a circle, so the log was not read whole',
        { page, range, requestId },
      );
    }
    url = nextLink;
    yield { number: page, rows, requestId, isLast: nextLink === undefined };
    uncollectedBytes += memory.body.length;
    if (uncollectedBytes >= COLLECT_AFTER_BYTES) {
      uncollectedBytes = 0;
      deps.collectGarbage?.();
    }
  }
}
