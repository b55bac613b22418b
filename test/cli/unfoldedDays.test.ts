import { describe, expect, it } from 'vitest';
import { UnfoldedDays } from '../../src/cli/unfoldedDays.ts';

const waiting = [{ date: '2026-11-20' }];
const failing = (reason: string) => [{ date: '2026-11-20', reason }];

describe('a day that is read and not folded', () => {
  it('is left alone at first, then woken, and again each 20 seconds', () => {
    const days = new UnfoldedDays();
    const wokenAt = Array.from({ length: 60 }, (_, second) => second).filter(
      (second) => days.look(waiting, second * 1000).wake.length > 0,
    );
    expect(wokenAt).toEqual([2, 22, 42]);
  });

  it('is given up when nobody has summed it for ten minutes', () => {
    const days = new UnfoldedDays();
    expect(days.look(waiting, 0).stuck).toEqual([]);
    expect(days.look(waiting, 599_999).stuck).toEqual([]);
    expect(days.look(waiting, 600_000).stuck).toEqual([
      ['2026-11-20', expect.stringContaining('aggregateDay')],
    ]);
  });

  it('that is summed and not settled is soon taken as it is: the app may have settings of its own', () => {
    const days = new UnfoldedDays();
    const settling = [{ date: '2026-11-20', settling: true }];
    expect(days.look(settling, 0)).toMatchObject({ asTheyAre: [], stuck: [] });
    expect(days.look(settling, 2_000).wake).toEqual(['2026-11-20']);
    expect(days.look(settling, 15_000).asTheyAre).toEqual(['2026-11-20']);
  });

  it('whose fold fails is told once for each reason, and given up after a minute of failing', () => {
    const days = new UnfoldedDays();
    expect(days.look(failing('blob missing'), 0).news).toEqual([
      'day 2026-11-20 could not be summed and is tried again: blob missing',
    ]);
    expect(days.look(failing('blob missing'), 1000)).toMatchObject({ news: [], stuck: [] });
    expect(days.look(failing('another'), 59_999)).toMatchObject({ news: [expect.any(String)], stuck: [] });
    expect(days.look(failing('another'), 60_000).stuck).toEqual([['2026-11-20', 'another']]);
  });
});
