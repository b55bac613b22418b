import { gunzipSync } from 'node:zlib';
import { createHttpHeaders, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';
import * as z from 'zod';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { azureMetrics } from '../../src/telemetry/azureMetrics.ts';

const CONNECTION =
  'InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://ingestion.example/';

const ENVELOPES = z.array(
  z.object({
    name: z.string(),
    data: z.object({
      baseType: z.string(),
      baseData: z.object({
        metrics: z.array(z.object({ name: z.string(), value: z.number() })),
        properties: z.record(z.string(), z.string()).optional(),
      }),
    }),
  }),
);

/** What an ingestion endpoint would have got; it answers with this status. */
function recorder(status = 200) {
  const requests: PipelineRequest[] = [];
  const httpClient: HttpClient = {
    sendRequest: (request) => {
      requests.push(request);
      return Promise.resolve({
        request,
        status,
        headers: createHttpHeaders({ 'content-type': 'application/json' }),
        bodyAsText: JSON.stringify({ itemsReceived: 1, itemsAccepted: 1, errors: [] }),
      });
    },
  };
  return { requests, httpClient };
}

const credential = {
  getToken: () => Promise.resolve({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
};

function bodyOf({ body }: PipelineRequest): unknown {
  if (typeof body === 'string') return JSON.parse(body);
  if (body instanceof Uint8Array) return JSON.parse(gunzipSync(body).toString('utf8'));
  throw new Error('a body of another kind');
}

const metricsOf = (requests: readonly PipelineRequest[]) =>
  requests
    .filter(({ url }) => url.includes('ingestion.example'))
    .flatMap((request) => ENVELOPES.parse(bodyOf(request)))
    .filter(({ data }) => data.baseType === 'MetricData')
    .flatMap(({ data: { baseData } }) =>
      baseData.metrics.map((metric) => ({ ...metric, of: baseData.properties ?? {} })),
    );

describe('metrics to Application Insights', () => {
  // As it is deployed: nothing is told to anybody else.
  beforeAll(() => vi.stubEnv('APPLICATION_INSIGHTS_NO_STATSBEAT', 'true'));
  afterAll(() => vi.unstubAllEnvs());

  it('are there when sending has resolved, with their values and attributes', async () => {
    const { requests, httpClient } = recorder();
    const { send, close } = azureMetrics(CONNECTION, credential, { httpClient });
    await send([
      { name: 'pstn.planner.ticks', value: 1 },
      { name: 'pstn.coverage.gap', value: 3 },
      { name: 'pstn.windows', value: 5, attributes: { state: 'failed' } },
      { name: 'pstn.windows', value: 7, attributes: { state: 'read' } },
    ]);
    const sent = metricsOf(requests);
    expect(sent.map(({ name, value, of }) => [name, value, of['state']])).toEqual([
      ['pstn.planner.ticks', 1, undefined],
      ['pstn.coverage.gap', 3, undefined],
      ['pstn.windows', 5, 'failed'],
      ['pstn.windows', 7, 'read'],
    ]);
    await close();
  });

  it('count each tick once', async () => {
    const { requests, httpClient } = recorder();
    const { send, close } = azureMetrics(CONNECTION, credential, { httpClient });
    await send([{ name: 'pstn.planner.ticks', value: 1 }]);
    await send([{ name: 'pstn.planner.ticks', value: 1 }]);
    expect(metricsOf(requests).map(({ value }) => value)).toEqual([1, 1]);
    await close();
  });

  it('come with a token of Entra and never without', async () => {
    const { requests, httpClient } = recorder();
    const { send, close } = azureMetrics(CONNECTION, credential, { httpClient });
    await send([{ name: 'pstn.coverage.gap', value: 0 }]);
    const ours = requests.filter(({ url }) => url.startsWith('https://ingestion.example/'));
    expect(ours.length).toBeGreaterThan(0);
    for (const { headers } of ours) expect(headers.get('authorization')).toBe('Bearer a-token');
    await close();
  });
});
