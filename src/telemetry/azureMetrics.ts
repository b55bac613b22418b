import type { TokenCredential } from '@azure/core-auth';
import {
  AzureMonitorMetricExporter,
  type AzureMonitorExporterOptions,
} from '@azure/monitor-opentelemetry-exporter';
import type { Counter, Gauge } from '@opentelemetry/api';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { METRICS, type MetricName, type SendMeasurements } from './metrics.ts';

/** Sending is asked for at the end of a tick: an instance may be gone before any interval is over. */
const NEVER_MS = 2 ** 31 - 1;
const GIVE_UP_AFTER_MS = 20_000;

/**
 * Metrics to Application Insights by OpenTelemetry, signed in with Entra: the component takes nothing without a token.
 * A module of its own, loaded by the first tick: it is large, and most instances never send any.
 * @param connectionString names the component; no secret
 */
export function azureMetrics(
  connectionString: string,
  credential: TokenCredential,
  options: AzureMonitorExporterOptions = {},
): { send: SendMeasurements; close: () => Promise<void> } {
  const exporter = new AzureMonitorMetricExporter({
    ...options,
    connectionString,
    credential,
    // What could not be sent is old by the next tick; an instance has no disk that stays.
    disableOfflineStorage: true,
  });
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: NEVER_MS,
    exportTimeoutMillis: GIVE_UP_AFTER_MS,
  });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('pstn-usage');
  const instruments = new Map<MetricName, Gauge | Counter>();

  function instrument(name: MetricName): Gauge | Counter {
    const known = instruments.get(name);
    if (known !== undefined) return known;
    const { kind, unit, help } = METRICS[name];
    const options = { unit, description: help };
    const made = kind === 'counter' ? meter.createCounter(name, options) : meter.createGauge(name, options);
    instruments.set(name, made);
    return made;
  }

  return {
    send: async (measurements) => {
      for (const { name, value, attributes } of measurements) {
        const one = instrument(name);
        if ('add' in one) one.add(value, attributes);
        else one.record(value, attributes);
      }
      await reader.forceFlush({ timeoutMillis: GIVE_UP_AFTER_MS });
    },
    close: () => provider.shutdown(),
  };
}
