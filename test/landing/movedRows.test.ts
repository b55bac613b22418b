import { describe, expect, it } from 'vitest';
import { whereRowsMayBe } from '../../src/landing/movedRows.ts';
import { windowOfId, windowsOfDay } from '../../src/windows/grid.ts';

const NOW = Date.parse('2026-11-24T06:30:00Z');
const near = (ids: string[], nowMs = NOW, sourceDays = 88) =>
  whereRowsMayBe(ids.map(windowOfId), nowMs, sourceDays).map(({ id }) => id);
const idsOf = (...dates: string[]) => dates.flatMap(windowsOfDay).map(({ id }) => id);

describe('where a row may be that is no longer found', () => {
  it('is the day of its window, once for all windows that lost rows', () => {
    expect(near(['2026-11-20T10Z'])).toEqual(idsOf('2026-11-20'));
    expect(near(['2026-11-20T22Z', '2026-11-20T01Z'])).toEqual(idsOf('2026-11-20'));
  });

  it('is the neighbouring day as well, for the hours at midnight', () => {
    expect(near(['2026-11-20T00Z'])).toEqual(idsOf('2026-11-19', '2026-11-20'));
    expect(near(['2026-11-20T23Z'])).toEqual(idsOf('2026-11-20', '2026-11-21'));
    expect(near(['2026-11-20T23Z', '2026-11-20T00Z'])).toEqual(
      idsOf('2026-11-19', '2026-11-20', '2026-11-21'),
    );
  });

  it('is no window that has not ended', () => {
    expect(near(['2026-11-24T03Z'])).toEqual(idsOf('2026-11-24').slice(0, 6));
    expect(near(['2026-11-23T23Z'])).toEqual([...idsOf('2026-11-23'), ...idsOf('2026-11-24').slice(0, 6)]);
  });

  it('is no window that is read by command only', () => {
    expect(near(['2026-11-21T00Z'], NOW, 3)).toEqual([...idsOf('2026-11-21').slice(7)]);
    expect(near(['2026-08-01T10Z'])).toEqual([]);
  });
});
