import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatedGraph, startSimulatedGraph } from '../../src/local/graph/server.ts';
import { frozenClock } from '../../src/runtime/clock.ts';
import { buildSdkClient, readWithSdk, type SdkRow } from './support/graphSdk.ts';
import { independentTotals, microsOf } from './support/independentTotals.ts';

const NOW_MS = Date.parse('2026-11-24T06:00:00.000Z');
const FROM = '2026-11-14T00:00:00Z';
const TO = '2026-11-21T00:00:00Z';

describe("Microsoft's Graph SDK for .NET reading the simulated Graph", () => {
  let graph: SimulatedGraph;
  let rows: SdkRow[];
  let walked: SdkRow[];

  beforeAll(async () => {
    const [started] = await Promise.all([
      startSimulatedGraph({
        clock: frozenClock(NOW_MS),
        requestsPerMinute: 3000,
        appRequestsPerMinute: 3000,
      }),
      buildSdkClient(),
    ]);
    graph = started;
    walked = await walk(graph.url);
    rows = await readWithSdk(graph.url, FROM, TO);
  });

  afterAll(() => graph.close());

  it('follows every page', () => {
    expect(walked.length).toBeGreaterThan(10_000);
    expect(rows).toHaveLength(walked.length);
    const sdkRequests = graph
      .requests()
      .filter(({ target }) => target.includes('microsoft.graph.callRecords'));
    expect(sdkRequests.map(({ status }) => status)).toEqual(
      Array.from({ length: Math.ceil(walked.length / 1000) }, () => 200),
    );
  });

  it('sees the same calls, to the digit, as whoever parses the answers by hand', () => {
    expect(rows.map(comparable)).toEqual(walked.map(comparable));
  });

  it('comes to the same totals for every day, user and currency', () => {
    const totals = independentTotals(rows);
    expect(totals.size).toBeGreaterThan(1000);
    expect(totals).toEqual(independentTotals(walked));
  });
});

/** All pages by plain requests, with the function's other name. */
async function walk(origin: string): Promise<SdkRow[]> {
  const rows: SdkRow[] = [];
  let next: string | undefined =
    `${origin}/v1.0/communications/callRecords/getPstnCalls(fromDateTime=${FROM},toDateTime=${TO})`;
  while (next !== undefined) {
    const answer = await fetch(next, { headers: { authorization: 'Bearer not-a-token' } });
    expect(answer.status).toBe(200);
    const page = (await answer.json()) as { value: WireRow[]; '@odata.nextLink'?: string };
    rows.push(...page.value.map(toSdkRow));
    next = page['@odata.nextLink'];
  }
  return rows;
}

type WireRow = Omit<SdkRow, 'charge' | 'connectionCharge'> & {
  charge: number | null;
  connectionCharge: number | null;
};

/** Only the columns that the SDK's client prints. */
const toSdkRow = (row: WireRow): SdkRow => ({
  id: row.id,
  userId: row.userId,
  startDateTime: row.startDateTime,
  duration: row.duration,
  charge: row.charge === null ? null : plain(row.charge),
  connectionCharge: row.connectionCharge === null ? null : plain(row.connectionCharge),
  currency: row.currency,
});

/** The shortest text of a double, without an exponent: `1e-6` is how JavaScript writes the smallest charge. */
const plain = (value: number): string => {
  const text = String(value);
  return text.includes('e') ? value.toFixed(6) : text;
};

/** Money in millionths and instants to 100 ns, so that `0.10` is `0.1` and `:00Z` is `:00.0000000Z`. */
const comparable = (row: SdkRow) => ({
  ...row,
  startDateTime: row.startDateTime?.replace(/(?:\.(\d{1,7}))?Z$/, (_, digits: string | undefined) => {
    return `.${(digits ?? '').padEnd(7, '0')}Z`;
  }),
  charge: row.charge === null ? null : microsOf(row.charge),
  connectionCharge: row.connectionCharge === null ? null : microsOf(row.connectionCharge),
});
