import { describe, expect, it } from 'vitest';
import { observeTick, senderOf } from '../../src/app/observeTick.ts';
import { readConfig } from '../../src/config/config.ts';
import { frozenClock } from '../../src/runtime/clock.ts';
import type { Log } from '../../src/runtime/log.ts';
import type { Measurement } from '../../src/telemetry/metrics.ts';
import { createPlannerState } from '../../src/windows/plannerState.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { windowOfId } from '../../src/windows/grid.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { memoryTable } from '../support/memoryTables.ts';

const NOW_MS = Date.parse('2026-11-24T06:20:00.000Z');

async function scene() {
  const config = readConfig({
    DATA_STORAGE: 'UseDevelopmentStorage=true',
    ServiceBusConnection:
      'Endpoint=sb://127.0.0.1;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;',
  });
  const control = memoryContainer('pstn-control');
  const ledger = createTableLedger(memoryTable('windows'));
  await createPlannerState(control, Date.parse('2026-11-24T00:00:00.000Z'));
  await ledger.markPlanned([windowOfId('2026-11-24T00Z')], 'live', NOW_MS);
  const said: string[] = [];
  const log: Log = {
    info: () => undefined,
    warn: (event) => void said.push(event),
    error: (event) => void said.push(event),
  };
  return {
    services: { config, clock: frozenClock(NOW_MS), control, ledger, budgetTable: memoryTable('budget') },
    log,
    said,
  };
}

describe('the end of a tick', () => {
  it('tells of ledger, coverage and budget', async () => {
    const { services, log, said } = await scene();
    const sent: Measurement[] = [];
    await observeTick(services, log, {
      realNowMs: NOW_MS,
      send: (measurements) => {
        sent.push(...measurements);
        return Promise.resolve();
      },
    });
    expect(sent).toContainEqual({ name: 'pstn.planner.ticks', value: 1 });
    expect(sent).toContainEqual({ name: 'pstn.coverage.gap', value: 4 });
    expect(sent).toContainEqual({ name: 'pstn.windows', value: 1, attributes: { state: 'planned' } });
    expect(said).toEqual([]);
  });

  it('does not fail the tick when nobody takes the measurements, and says so', async () => {
    const { services, log, said } = await scene();
    await observeTick(services, log, { send: () => Promise.reject(new Error('no way')), realNowMs: NOW_MS });
    expect(said).toEqual(['measurementsNotSent']);
  });

  it('tells nobody where the environment names no Application Insights', () => {
    expect(senderOf({})).toBeUndefined();
    expect(senderOf({ APPLICATIONINSIGHTS_CONNECTION_STRING: ' ' })).toBeUndefined();
    expect(senderOf({ APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=x' })).toBeTypeOf(
      'function',
    );
  });
});
