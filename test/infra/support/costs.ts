import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { BYTES_PER_ROW } from '../../../src/cli/estimate/estimateBackfill.ts';
import { spacingMs } from '../../../src/graph/budget/spacing.ts';
import { at, list, ofType, type ParameterSet, readSnapshot } from './snapshot.ts';

const number = z.number();
const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8'));

const MONTH = z.object({
  ...{ callsAMonth: number, ticks: number, jobs: number, folds: number, requests: number, rowsRead: number },
  ...{ blobWrites: number, blobReads: number, blobLists: number, tableOperations: number, messages: number },
});
type Month = z.output<typeof MONTH>;

/** What was counted by `bench/month.ts`. */
export const MONTHS = z.object({ months: z.array(MONTH) }).parse(read('operations.json')).months;

export const PRICES = z
  .object({
    ...{ asOf: z.iso.date(), region: z.string(), currency: z.string(), note: z.string() },
    functions: z.object({ gigabyteSecond: number, millionExecutions: number }),
    serviceBus: z.object({ standardMonth: number, premiumUnitMonth: number, basicMillionOperations: number }),
    storage: z.object({
      ...{ blobWritesPer10000: number, blobListsPer10000: number, blobReadsPer10000: number },
      ...{ tableOperationsPer10000: number, gigabyteMonth: number },
    }),
    monitor: z.object({
      ingestedGigabyte: number,
      logAlertSeriesMonth: z.record(z.string(), number),
      metricAlertSeriesMonth: number,
    }),
    network: z.object({
      ...{
        privateEndpointMonth: number,
        dnsZoneMonth: number,
        natGatewayMonth: number,
        publicAddressMonth: number,
      },
    }),
    assumed: z.object({
      ...{ secondsATick: number, secondsAJob: number, secondsARequest: number, secondsAFold: number },
      ...{ instanceGigabytes: number, logRecordsATick: number, logRecordsAnExecution: number },
      ...{ logRecordsARequest: number, bytesALogRecord: number, operationsAMessage: number },
      ...{ functions: number, queues: number },
    }),
  })
  .parse(read('prices.json'));

/** What there is to pay for each month whether anybody calls or not, by what it is for. */
export function fixedCosts(set: ParameterSet): Record<string, number> {
  const resources = readSnapshot(set);
  const count = (type: string): number => ofType(resources, type).length;
  const { assumed, monitor, network, serviceBus } = PRICES;
  const tier = at(ofType(resources, 'Microsoft.ServiceBus/namespaces')[0], 'sku.name');
  const queryAlerts = ofType(resources, 'Microsoft.Insights/scheduledQueryRules').map((rule) => {
    const price = monitor.logAlertSeriesMonth[String(rule.properties['evaluationFrequency'])];
    if (price === undefined) throw new Error(`no price for ${rule.name}`);
    const split = list(at(rule, 'properties.criteria.allOf.0.dimensions')).length > 0;
    return price * (split ? assumed.functions : 1);
  });
  const metricSeries = ofType(resources, 'Microsoft.Insights/metricAlerts').map((rule) => {
    const values = at(rule, 'properties.criteria.allOf.0.dimensions.0.values');
    const named = z.array(z.string()).parse(values);
    return named[0] === '*' ? assumed.queues : named.length;
  });
  const all = {
    'Service Bus': tier === 'Premium' ? serviceBus.premiumUnitMonth : serviceBus.standardMonth,
    'alert rules': sum(queryAlerts) + sum(metricSeries) * monitor.metricAlertSeriesMonth,
    'private endpoints': count('Microsoft.Network/privateEndpoints') * network.privateEndpointMonth,
    'private DNS zones': count('Microsoft.Network/privateDnsZones') * network.dnsZoneMonth,
    'way out (NAT gateway, address)':
      count('Microsoft.Network/natGateways') * network.natGatewayMonth +
      count('Microsoft.Network/publicIPAddresses') * network.publicAddressMonth,
  };
  return Object.fromEntries(Object.entries(all).filter(([, cost]) => cost > 0));
}

/** What the work of a month costs, by what it is for. */
export function workCosts(
  month: Month,
): Record<'functions' | 'storage calls' | 'messages' | 'telemetry' | 'raw files kept for a year', number> {
  const { assumed, functions, monitor, serviceBus, storage } = PRICES;
  const executions = month.ticks + month.jobs + month.folds;
  const seconds =
    month.ticks * assumed.secondsATick +
    month.jobs * assumed.secondsAJob +
    month.requests * assumed.secondsARequest +
    month.folds * assumed.secondsAFold;
  const records =
    month.ticks * assumed.logRecordsATick +
    executions * assumed.logRecordsAnExecution +
    month.requests * assumed.logRecordsARequest;
  return {
    functions:
      seconds * assumed.instanceGigabytes * functions.gigabyteSecond +
      (executions / 1e6) * functions.millionExecutions,
    'storage calls':
      (month.blobWrites * storage.blobWritesPer10000 +
        month.blobLists * storage.blobListsPer10000 +
        month.blobReads * storage.blobReadsPer10000 +
        month.tableOperations * storage.tableOperationsPer10000) /
      10_000,
    messages: ((month.messages * assumed.operationsAMessage) / 1e6) * serviceBus.basicMillionOperations,
    telemetry: ((records * assumed.bytesALogRecord) / 1e9) * monitor.ingestedGigabyte,
    'raw files kept for a year': ((month.callsAMonth * 12 * BYTES_PER_ROW) / 1e9) * storage.gigabyteMonth,
  };
}

export const sum = (values: Iterable<number>): number =>
  [...values].reduce((total, value) => total + value, 0);

/** The first day of a tenant: everything that Graph still has. */
export function firstDay(calls: number): {
  requests: [number, number];
  minutes: [number, number];
  rawBytes: number;
} {
  const pages = Math.ceil(calls / 1000);
  // Pages that are not full: the bench of requests holds them below a tenth.
  const requests: [number, number] = [pages, Math.ceil(pages * 1.1)];
  const minutes = requests.map((count) => (count * spacingMs(50, 2500)) / 60_000);
  return { requests, minutes: [minutes[0] ?? 0, minutes[1] ?? 0], rawBytes: calls * BYTES_PER_ROW };
}
