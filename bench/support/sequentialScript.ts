import { Client, PageIterator, type PageCollection } from '@microsoft/microsoft-graph-client';
import { VirtualTime } from '../../test/support/virtualTime.ts';
import { COLLECTION_LIMIT, limitedServer } from './limitedServer.ts';

export interface ScriptFigures {
  /** Requests answered, over those that the limit would have allowed. */
  share: number;
  /** Answers 429. */
  refused: number;
}

const MINUTE_MS = 60_000;
const START_MS = Date.parse('2026-11-24T06:00:00Z');
const PAGES = 30;
const ORIGIN = 'https://graph.microsoft.com';

/**
 * One script that reads one log after the other with Microsoft's Graph client, its page iterator and its own handling
 * of `Retry-After`, against the same limits. The client knows only `fetch` and `setTimeout`: both go by virtual time
 * here until the script is over.
 */
export async function simulateScript(latencyMs: number, minutes: number): Promise<ScriptFigures> {
  const time = new VirtualTime(START_MS);
  const server = limitedServer();
  const real = { fetch: globalThis.fetch, setTimeout: globalThis.setTimeout };
  const endMs = START_MS + minutes * MINUTE_MS;
  globalThis.fetch = async (input) => {
    await time.sleep(latencyMs);
    const refusal = server.arrive(time.nowMs);
    if (refusal === undefined) return Response.json(pageAfter(input instanceof Request ? input.url : input));
    const headers = { 'Retry-After': String(Math.ceil(refusal.retryAfterMs / 1_000)) };
    return Response.json(
      { error: { code: 'TooManyRequests', message: 'Please retry' } },
      { status: 429, headers },
    );
  };
  const virtual = (act: () => void, ms = 0): unknown => time.at(time.nowMs + ms, act);
  globalThis.setTimeout = virtual as typeof setTimeout;
  try {
    const script = readAll(() => time.nowMs < endMs);
    await time.run();
    await script;
    return { share: server.answered / (minutes * COLLECTION_LIMIT), refused: server.refused };
  } finally {
    Object.assign(globalThis, real);
  }
}

async function readAll(isTimeLeft: () => boolean): Promise<void> {
  const client = Client.init({ authProvider: (done) => done(null, 'a token of the simulation') });
  while (isTimeLeft()) {
    const first = (await client.api('/communications/callRecords/getPstnCalls').get()) as PageCollection;
    await new PageIterator(client, first, isTimeLeft).iterate();
  }
}

function pageAfter(url: string | URL): PageCollection {
  const page = Number(/skip=(\d+)/.exec(url.toString())?.[1] ?? 0) + 1;
  const next = `${ORIGIN}/v1.0/communications/callRecords/getPstnCalls?skip=${page}`;
  return { value: [{ id: page }], ...(page < PAGES && { '@odata.nextLink': next }) };
}
