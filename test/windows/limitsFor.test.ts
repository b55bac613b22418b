import { describe, expect, it } from 'vitest';
import { limitsFor } from '../../src/windows/limitsFor.ts';
import { PACK_LIMITS } from '../../src/windows/packJobs.ts';

describe('limits for rows that are read at the same time', () => {
  it('leave some twenty pages to one page sequence', () => {
    expect(limitsFor(0)).toEqual(PACK_LIMITS);
    expect(limitsFor(23_999)).toEqual(PACK_LIMITS);
  });

  it('make jobs of some twelve pages of more, and not of fewer', () => {
    expect(limitsFor(24_000).maxRows).toBeCloseTo(12_600);
    expect(limitsFor(48_000).maxRows).toBeCloseTo(12_600);
    expect(limitsFor(35_000).maxRows).toBeCloseTo(18_375);
  });

  it('make no more jobs than can run at once, with the slowest pages', () => {
    expect(limitsFor(340_000).maxRows).toBeCloseTo(21_000);
    expect(limitsFor(170_000, 340_000).maxRows).toBeCloseTo(21_000);
    expect(limitsFor(20_000, 340_000)).toEqual(PACK_LIMITS);
  });

  it('keep jobs of a large range as small as any', () => {
    expect(limitsFor(10_000_000)).toEqual(PACK_LIMITS);
  });
});
