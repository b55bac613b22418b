import {
  type SimulatedGraph,
  type SimulatedGraphOptions,
  startSimulatedGraph,
} from '../../../src/local/graph/server.ts';
import { startGraphRouter } from '../../support/graphRouter.ts';
import { type PlainGraph, startPlainGraph, type WireRow } from '../../support/plainGraph.ts';
import { servePart } from './servePart.ts';

export type GraphQuestion =
  /** Serves rows as they are given, for requests whose range begins on this date. */
  | { ask: 'rows'; date: string; rows: WireRow[]; pageRows: number }
  /** Serves the tenant as it stands at an instant; asked again, only the instant changes. */
  | { ask: 'tenant'; date: string; atMs: number; options: Omit<SimulatedGraphOptions, 'clock' | 'port'> };
export interface GraphReady {
  url: string;
}
/** Requests of the date so far. */
export type GraphAnswer = number;

const router = await startGraphRouter();
const plain = new Map<string, PlainGraph>();
const tenants = new Map<string, { graph: SimulatedGraph; clock: { atMs: number } }>();

async function serveRows({ date, rows, pageRows }: Extract<GraphQuestion, { ask: 'rows' }>): Promise<void> {
  const known = plain.get(date);
  if (known !== undefined) {
    known.rows = rows;
    return;
  }
  const graph = await startPlainGraph(rows, pageRows);
  plain.set(date, graph);
  // It writes its own origin into links, and the functions follow only those of the router.
  router.route(date, () => graph.url);
}

async function serveTenant(question: Extract<GraphQuestion, { ask: 'tenant' }>): Promise<void> {
  const { date, atMs, options } = question;
  const known = tenants.get(date);
  if (known !== undefined) {
    known.clock.atMs = atMs;
    return;
  }
  const clock = { atMs };
  const graph = await startSimulatedGraph({ ...options, clock: { nowMs: () => clock.atMs } });
  tenants.set(date, { graph, clock });
  router.route(date, () => graph.url);
}

const ready: GraphReady = { url: router.url };
servePart(
  ready,
  async (question: GraphQuestion): Promise<GraphAnswer> => {
    if (question.ask === 'rows') await serveRows(question);
    else await serveTenant(question);
    return router.requested(question.date).length;
  },
  async () => {
    await Promise.all(
      [...plain.values(), ...[...tenants.values()].map(({ graph }) => graph)].map((graph) => graph.close()),
    );
    await router.close();
  },
);
