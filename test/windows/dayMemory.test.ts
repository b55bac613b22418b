import { describe, expect, it } from 'vitest';
import { considerDay, type DayMemory, isWatched } from '../../src/windows/dayMemory.ts';
import type { StaleReason } from '../../src/windows/staleDay.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-11-24T06:00:00Z');

interface Look {
  afterMs: number;
  reason?: StaleReason;
  head?: string;
  open?: boolean;
  lastError?: string;
}

/** Which of the looks woke the day. */
function looks(...given: Look[]): { woken: number[]; memory: DayMemory | undefined } {
  let memory: DayMemory | undefined;
  const woken: number[] = [];
  for (const { afterMs, reason, head, open = false, lastError } of given) {
    const stored = head === undefined ? undefined : { etag: head, open, lastError };
    const considered = considerDay(reason, stored, memory, START + afterMs);
    ({ memory } = considered);
    if (considered.wake) woken.push(afterMs);
  }
  return { woken, memory };
}

const everyQuarter = (hours: number, look: Omit<Look, 'afterMs'>): Look[] =>
  Array.from({ length: hours * 4 }, (_, tick) => ({ afterMs: tick * 15 * MINUTE, ...look }));

describe('a day that lags behind', () => {
  const stale = { reason: 'raw changed', head: 'h1' } as const;

  it('is woken at the first look, and at the first one after it turned stale', () => {
    expect(looks({ afterMs: 0, ...stale }).woken).toEqual([0]);
    expect(looks({ afterMs: 0, head: 'h1' }, { afterMs: 1, ...stale }).woken).toEqual([1]);
    expect(looks({ afterMs: 0 }, { afterMs: 1, reason: 'never folded' }).woken).toEqual([1]);
  });

  it('is not woken while its head moves from look to look', () => {
    const { woken, memory } = looks(
      { afterMs: 0, head: 'h0' },
      { afterMs: 1, ...stale },
      { afterMs: 2, ...stale, head: 'h2' },
      { afterMs: 3, ...stale, head: 'h2' },
    );
    expect(woken).toEqual([3]);
    expect(memory).toMatchObject({ head: 'h2', woken: 1 });
  });

  it('is not woken again and again while its message waits: after 1, 2, 4 ... hours, a day at most', () => {
    const hours = looks(...everyQuarter(100, stale)).woken.map((ms) => ms / HOUR);
    expect(hours).toEqual([0, 1, 3, 7, 15, 31, 55, 79]);
  });

  it('is woken at once again when it had been right in between', () => {
    const { woken } = looks(
      { afterMs: 0, ...stale },
      { afterMs: 1, head: 'h2' },
      { afterMs: 2, ...stale, head: 'h2' },
    );
    expect(woken).toEqual([0, 2]);
  });

  it('is not held for good by a clock that ran ahead once', () => {
    expect(looks({ afterMs: 10_000 * HOUR, ...stale }, { afterMs: 0, ...stale }).woken).toHaveLength(2);
  });
});

describe('a day that no fold can serve', () => {
  const poisoned = { reason: 'raw changed', lastError: 'line 3 is no row' } as const;

  it('is left to its own tries: woken an hour after the last one, not at each tick', () => {
    const tries = [0, 15, 30].map((minutes) => ({
      afterMs: minutes * MINUTE,
      ...poisoned,
      head: `h${minutes}`,
    }));
    const quiet = everyQuarter(4, { ...poisoned, head: 'h30' }).slice(3);
    expect(looks(...tries, ...quiet).woken).toEqual([90 * MINUTE, 150 * MINUTE]);
  });

  it('gets fewer and fewer chains of tries, one a day in the end', () => {
    let chain = 0;
    let memory: DayMemory | undefined;
    const hours: number[] = [];
    for (let tick = 0; tick < 10 * 96; tick++) {
      const nowMs = START + tick * 15 * MINUTE;
      // A chain moves the head for three quarters of an hour.
      const moves = hours.length > 0 && nowMs < START + ((hours.at(-1) ?? 0) + 0.75) * HOUR;
      if (moves) chain += 1;
      const head = { etag: `h${chain}`, open: false, lastError: poisoned.lastError };
      const considered = considerDay(poisoned.reason, head, memory, nowMs);
      ({ memory } = considered);
      if (considered.wake) hours.push((nowMs - START) / HOUR);
    }
    const pauses = hours.slice(1).map((at, index) => at - (hours[index] ?? 0));
    expect(hours.length).toBeLessThanOrEqual(15);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(24);
  });
});

describe('what is remembered', () => {
  it('of a day that is right is its head alone', () => {
    const { memory } = looks({ afterMs: 0, reason: 'incomplete', head: 'h1' }, { afterMs: 1, head: 'h2' });
    expect(memory).toEqual({ head: 'h2' });
    expect(memory && isWatched(memory)).toBe(false);
  });

  it('of a day that is being written says to look at it again', () => {
    const { memory, woken } = looks({ afterMs: 0, head: 'h1', open: true });
    expect(woken).toEqual([]);
    expect(memory && isWatched(memory)).toBe(true);
  });
});
