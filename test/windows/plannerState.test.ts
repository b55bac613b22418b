import { describe, expect, it } from 'vitest';
import {
  coverageStartMs,
  createPlannerState,
  PLANNER_STATE_BLOB,
  readPlannerState,
  savePlannerState,
} from '../../src/windows/plannerState.ts';
import { memoryContainer } from '../support/memoryBlobs.ts';
import { iso, ms } from './memoryLedger.ts';
import { settings } from './settings.ts';

const coverageFromMs = ms('2026-08-31T00:00:00Z');

describe('the start of coverage', () => {
  const nowMs = ms('2026-11-24T06:30:00Z');
  const start = (initialBackfillDays: number, sourceDays = 88) =>
    iso(coverageStartMs(nowMs, { ...settings, initialBackfillDays, sourceDays }));

  it('is the beginning of the day so many days ago', () => {
    expect(start(85)).toBe('2026-08-31T00:00:00.000Z');
    expect(start(0)).toBe('2026-11-24T00:00:00.000Z');
  });

  it('is no earlier than Graph is trusted to answer, in whole hours', () => {
    expect(start(300)).toBe('2026-08-28T07:00:00.000Z');
    expect(start(88)).toBe('2026-08-28T07:00:00.000Z');
  });
});

describe("the planner's state", () => {
  it('is missing before the first planning, and then what was written', async () => {
    const control = memoryContainer('pstn-control');
    expect(await readPlannerState(control)).toBeUndefined();
    const { state, etag } = await createPlannerState(control, coverageFromMs);
    const openHeads = { '2026-11-23': 'W/"1"' };
    const next = { ...state, lastTickAt: '2026-11-24T06:30:00.000Z', openHeads };
    expect(await savePlannerState(control, { state: next, etag })).toBe(true);
    expect((await readPlannerState(control))?.state).toEqual(next);
  });

  it('keeps the start of coverage that another tick wrote first', async () => {
    const control = memoryContainer('pstn-control');
    await createPlannerState(control, coverageFromMs);
    const second = await createPlannerState(control, coverageFromMs + 3_600_000);
    expect(second).toEqual(await readPlannerState(control));
    expect(second.state.coverageFrom).toBe('2026-08-31T00:00:00.000Z');
  });

  it('is not written over what another tick wrote since', async () => {
    const control = memoryContainer('pstn-control');
    const mine = await createPlannerState(control, coverageFromMs);
    const other = { ...mine.state, lastTickAt: '2026-11-24T06:30:00.000Z' };
    await savePlannerState(control, { state: other, etag: mine.etag });
    expect(await savePlannerState(control, mine)).toBe(false);
    expect((await readPlannerState(control))?.state).toEqual(other);
  });

  it('keeps what a newer version added', async () => {
    const control = memoryContainer('pstn-control');
    const text =
      '{"coverageFrom":"2026-08-31T00:00:00.000Z","days":{"2026-11-24":{"head":"h","later":2}},"openMonths":{},"later":[1]}';
    await control.put(PLANNER_STATE_BLOB, Buffer.from(text));
    const stored = await readPlannerState(control);
    if (stored !== undefined) await savePlannerState(control, stored);
    expect(JSON.parse(control.text(PLANNER_STATE_BLOB) ?? '')).toEqual(JSON.parse(text));
  });

  it.each(['', 'null', '{"days":{}}', '{"coverageFrom":"yesterday"}'])(
    'that cannot be read says which blob it is and what to do: %j',
    async (text) => {
      const control = memoryContainer('pstn-control');
      await control.put(PLANNER_STATE_BLOB, Buffer.from(text));
      await expect(readPlannerState(control)).rejects.toThrow(
        /pstn-control\/planner\/v1\/state\.json .*delete this blob/,
      );
    },
  );

  it('is not hidden by a failure that is no conflict', async () => {
    const control = {
      ...memoryContainer('pstn-control'),
      put: () => Promise.reject(new Error('storage is away')),
    };
    await expect(createPlannerState(control, coverageFromMs)).rejects.toThrow('storage is away');
    const state = { coverageFrom: iso(coverageFromMs), days: {}, openMonths: {} };
    await expect(savePlannerState(control, { state, etag: '1' })).rejects.toThrow('storage is away');
  });
});
