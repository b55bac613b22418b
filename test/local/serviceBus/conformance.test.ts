import { afterAll } from 'vitest';
import { type ServiceBusEndpoint, startServiceBusEndpoint } from '../../../src/local/serviceBus/endpoint.ts';
import { describeConformance } from './conformance/describeConformance.ts';

const queues = Array.from({ length: 50 }, (_, index) => `Queue-${index}`);
let endpoint: ServiceBusEndpoint | undefined;
afterAll(() => endpoint?.close());

describeConformance('the local Service Bus', async () => {
  endpoint = await startServiceBusEndpoint({ queues, maxDeliveryCount: 3 });
  let used = 0;
  return {
    connectionString: endpoint.connectionString,
    maxDeliveryCount: 3,
    freshQueue: () => queues[used++] ?? 'no queue is left: make more of them',
  };
});
