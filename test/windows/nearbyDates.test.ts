import { describe, expect, it } from 'vitest';
import { windowOfId, windowsBetween } from '../../src/windows/grid.ts';
import { nearbyDates } from '../../src/windows/nearbyDates.ts';
import { ms } from './memoryLedger.ts';

describe('the dates that tell what to expect of windows', () => {
  it('are their own, their neighbours, and the same weekday of two weeks on either side', () => {
    expect(nearbyDates([windowOfId('2026-10-14T10Z')], ms('2026-11-24T06:00Z'))).toEqual([
      '2026-09-30',
      '2026-10-07',
      '2026-10-13',
      '2026-10-14',
      '2026-10-15',
      '2026-10-21',
      '2026-10-28',
    ]);
  });

  it('have begun', () => {
    expect(nearbyDates([windowOfId('2026-11-23T10Z')], ms('2026-11-24T06:00Z'))).toEqual([
      '2026-11-09',
      '2026-11-16',
      '2026-11-22',
      '2026-11-23',
      '2026-11-24',
    ]);
  });

  it('are few more than those of a long range', () => {
    const windows = windowsBetween(ms('2026-07-01T00:00Z'), ms('2026-09-29T00:00Z'));
    expect(nearbyDates(windows, ms('2026-11-24T06:00Z'))).toHaveLength(90 + 28);
    expect(nearbyDates([], ms('2026-11-24T06:00Z'))).toEqual([]);
  });
});
