import { afterEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { CLOUDS, defaultScope } from '../../src/graph/clouds.ts';
import { SIMULATOR_TOKEN } from '../../src/graph/credential.ts';
import { budgetFromConfig } from '../../src/graph/budget/budgetFromConfig.ts';
import { graphFromConfig } from '../../src/graph/graphFromConfig.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { memoryTable } from '../support/memoryTables.ts';
import { graphServer, page, type GraphServer } from './graphServer.ts';
import { readAll } from './setup.ts';

let graph: GraphServer | undefined;
afterEach(async () => {
  await graph?.close();
});

const REQUIRED = {
  DATA_STORAGE: 'UseDevelopmentStorage=true',
  ServiceBusConnection:
    'Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;',
};

describe('graphFromConfig', () => {
  it('reads a simulator of the configured version with a token that opens nothing', async () => {
    graph = await graphServer(
      page([1], (origin) => `${origin}/2`),
      page([2]),
    );
    const config = readConfig({
      ...REQUIRED,
      GRAPH_ENDPOINT: graph.origin,
      GRAPH_API_VERSION: 'beta',
      GRAPH_REQUESTS_PER_MINUTE: '60000',
      GRAPH_APP_REQUESTS_PER_MINUTE: '60000',
      GRAPH_BUDGET_MARGIN_MS: '0',
    });
    // An app registration in the environment changes nothing about that.
    const environment = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' };
    const pacer = budgetFromConfig(config, { table: memoryTable('budget'), nowMs: Date.now });
    const source = graphFromConfig(config, { pacer, newId: () => 'id-1', environment })(silentLog);
    expect(await readAll(source)).toHaveLength(2);
    expect(graph.seen[0]?.target).toMatch(/^\/beta\/communications\/callRecords\/getPstnCalls\(/);
    for (const { headers } of graph.seen) {
      expect(headers.authorization).toBe(`Bearer ${SIMULATOR_TOKEN}`);
      expect(headers['client-request-id']).toBe('id-1');
      expect(headers['user-agent']).toMatch(/^teams-pstn-usage-pipeline /);
    }
  });

  it('shows no token to an endpoint that is not on this machine', () => {
    const config = { ...readConfig(REQUIRED), GRAPH_ENDPOINT: 'https://graph.example.com' };
    const pacer = budgetFromConfig(config, { table: memoryTable('budget'), nowMs: Date.now });
    expect(() => graphFromConfig(config, { pacer, newId: () => 'id' })).toThrow(/not on this machine/);
  });
});

describe('CLOUDS', () => {
  it('asks each cloud for a token of its own', () => {
    expect(Object.values(CLOUDS).map(({ graphOrigin }) => defaultScope(graphOrigin))).toEqual([
      'https://graph.microsoft.com/.default',
      'https://graph.microsoft.us/.default',
      'https://dod-graph.microsoft.us/.default',
    ]);
  });
});
