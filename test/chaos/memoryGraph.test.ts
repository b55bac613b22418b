import { describe, expect, it } from 'vitest';
import { MemoryGraph, ORIGIN } from './memoryGraph.ts';
import type { RowHistory } from './schedule.ts';

const START = Date.parse('2026-11-23T00:00:00Z');
const MINUTE_MS = 60_000;
const at = (minute: number): string => new Date(START + minute * MINUTE_MS).toISOString();
const row = (id: string, start: string | null): string => JSON.stringify({ id, startDateTime: start });

function graphOf(rows: readonly RowHistory[], nowMinute: () => number): MemoryGraph {
  return new MemoryGraph({ rows, startMs: START, pageSize: 2, nowMs: () => START + nowMinute() * MINUTE_MS });
}

const first = (from: number, to: number): string =>
  `${ORIGIN}/v1.0/communications/callRecords/getPstnCalls(fromDateTime=${at(from)},toDateTime=${at(to)})`;

/** Ids of all pages. */
function idsOf(graph: MemoryGraph, from: number, to: number): string[] {
  const ids: string[] = [];
  for (let url: string | undefined = first(from, to); url !== undefined;) {
    const body = JSON.parse(graph.answer(url, undefined).body) as {
      value: { id: string }[];
      '@odata.nextLink'?: string;
    };
    ids.push(...body.value.map(({ id }) => id));
    url = body['@odata.nextLink'];
  }
  return ids;
}

describe('the log', () => {
  it('answers with rows that start within the range, both ends included, page by page', () => {
    const rows = [60, 61, 120, 121].map((minute, order): RowHistory => ({
      order,
      states: [[-1, row(`r${minute}`, at(minute))]],
    }));
    expect(
      idsOf(
        graphOf(rows, () => 200),
        60,
        120,
      ),
    ).toEqual(['r60', 'r61', 'r120']);
  });

  it('has a row from when it comes until it goes, and where it has moved to', () => {
    const moves: RowHistory = {
      order: 0,
      states: [
        [10 * MINUTE_MS, row('m', at(5))],
        [20 * MINUTE_MS, row('m', at(65))],
        [30 * MINUTE_MS, null],
      ],
      lastly: row('m', at(7)),
    };
    let minute = 9;
    const graph = graphOf([moves], () => minute);
    const seen = (): string[][] => [idsOf(graph, 0, 60), idsOf(graph, 60, 120)];
    expect(seen()).toEqual([[], []]);
    minute = 10;
    expect(seen()).toEqual([['m'], []]);
    minute = 25;
    expect(seen()).toEqual([[], ['m']]);
    minute = 31;
    expect(seen()).toEqual([[], []]);
    graph.isLastAct = true;
    expect(seen()).toEqual([['m'], []]);
  });

  it('gives a row that names no instant with every range', () => {
    const graph = graphOf([{ order: 0, states: [[-1, row('n', null)]] }], () => 1);
    expect([idsOf(graph, 0, 60), idsOf(graph, 600, 660)]).toEqual([['n'], ['n']]);
  });
});
