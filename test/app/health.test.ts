import { describe, expect, it } from 'vitest';
import { healthCheck } from '../../src/app/health.ts';
import type { Log } from '../../src/runtime/log.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { memoryTable } from '../support/memoryTables.ts';

const connected = () =>
  Promise.resolve({ ledger: createTableLedger(memoryTable('windows')), raw: memoryContainer('pstn-raw') });

function recordingLog(): { log: Log; reasons: unknown[] } {
  const reasons: unknown[] = [];
  const log: Log = {
    info: () => undefined,
    warn: () => undefined,
    error: (_event, fields) => void reasons.push(fields?.['reason']),
  };
  return { log, reasons };
}

describe('health', () => {
  it('is up when the storage answers', async () => {
    const { log, reasons } = recordingLog();
    expect(await healthCheck(connected)(log, 0)).toBe(true);
    expect(reasons).toEqual([]);
  });

  it('is down when it does not, and the reason goes to the log', async () => {
    const { log, reasons } = recordingLog();
    const check = healthCheck(() => Promise.reject(new Error('DATA_STORAGE is wrong')));
    expect(await check(log, 0)).toBe(false);
    expect(reasons).toEqual(['DATA_STORAGE is wrong']);
  });

  it('asks the storage once in 15 seconds, however often it is asked', async () => {
    const { log } = recordingLog();
    let asked = 0;
    const check = healthCheck(() => {
      asked += 1;
      return connected();
    });
    for (const nowMs of [0, 1, 14_999]) await check(log, nowMs);
    expect(asked).toBe(1);
    await check(log, 15_000);
    expect(asked).toBe(2);
  });
});
