import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { narrow, type Offset, offsetMs, serviceClock } from '../../src/runtime/serviceClock.ts';

const LOCAL_MS = Date.parse('2026-11-24T06:00:00.000Z');

/** An answer that was sent for at a local time, as a service whose clock is ahead by `aheadMs` dates it. */
function sampleAt(sentMs: number, aheadMs: number, thereMs: number, backMs: number) {
  const dateMs = Math.floor((sentMs + thereMs + aheadMs) / 1_000) * 1_000;
  return { sentMs, receivedMs: sentMs + thereMs + backMs, dateMs };
}

const exchange = fc.record({
  pauseMs: fc.integer({ min: 0, max: 600_000 }),
  thereMs: fc.integer({ min: 0, max: 3_000 }),
  backMs: fc.integer({ min: 0, max: 3_000 }),
});

describe('what Date headers say about a clock', () => {
  it('is at most half a second wrong after one quick answer', () => {
    for (const aheadMs of [-3_600_000, -501, 0, 499, 86_400_000]) {
      const known = narrow(undefined, sampleAt(LOCAL_MS + 123, aheadMs, 0, 0));
      expect(Math.abs(offsetMs(known) - aheadMs)).toBeLessThanOrEqual(500);
    }
  });

  it('comes close to the truth with answers at different parts of the second', () => {
    let known: Offset | undefined;
    for (let i = 0; i < 20; i++) known = narrow(known, sampleAt(LOCAL_MS + i * 1_050, 7_777, 10, 10));
    expect(Math.abs(offsetMs(known) - 7_777)).toBeLessThan(50);
  });

  it('never leaves out the truth, whatever the ways and the pauses, and for a clock that runs 0.01 % fast', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000_000, max: 100_000_000 }),
        fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
        fc.array(exchange, { minLength: 1, maxLength: 40 }),
        (aheadMs, drift, exchanges) => {
          let known: Offset | undefined;
          let nowMs = LOCAL_MS;
          const aheadAt = (ms: number): number => aheadMs + (ms - LOCAL_MS) * drift;
          for (const { pauseMs, thereMs, backMs } of exchanges) {
            nowMs += pauseMs;
            known = narrow(known, sampleAt(nowMs, aheadAt(nowMs + thereMs), thereMs, backMs));
            nowMs += thereMs + backMs;
            // What the clock has run on since the answer was dated is less than a millisecond.
            expect(known.fromMs).toBeLessThanOrEqual(aheadAt(nowMs) + 1);
            expect(known.toMs).toBeGreaterThanOrEqual(aheadAt(nowMs) - 1);
          }
        },
      ),
    );
  });

  it('follows a clock that is set, by however much', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10_000_000, max: 10_000_000 }), (jumpMs) => {
        let known: Offset | undefined;
        for (let i = 0; i < 20; i++) known = narrow(known, sampleAt(LOCAL_MS + i * 1_050, 0, 10, 10));
        for (let i = 20; i < 40; i++) known = narrow(known, sampleAt(LOCAL_MS + i * 1_050, jumpMs, 10, 10));
        expect(Math.abs(offsetMs(known) - jumpMs)).toBeLessThan(100);
      }),
    );
  });

  it('stays near the middle of machines whose clocks differ a little, and does not leap between them', () => {
    let known: Offset | undefined;
    for (let i = 0; i < 200; i++) {
      known = narrow(known, sampleAt(LOCAL_MS + i * 1_037, i % 2 === 0 ? 100 : 300, 5, 5));
      if (i > 40) expect(Math.abs(offsetMs(known) - 200)).toBeLessThan(150);
    }
  });
});

describe('the clock of the service', () => {
  it('is this machine until an answer has come, and corrected afterwards', () => {
    let localMs = LOCAL_MS;
    const clock = serviceClock(() => localMs);
    expect(clock.nowMs()).toBe(LOCAL_MS);
    clock.heard({ sentMs: LOCAL_MS, receivedMs: LOCAL_MS + 20, date: 'Tue, 24 Nov 2026 06:01:00 GMT' });
    localMs += 5_000;
    expect(clock.nowMs()).toBe(LOCAL_MS + 65_490);
    expect(clock.localNowMs()).toBe(LOCAL_MS + 5_000);
  });

  it('does not listen to what is no date, or was received before it was sent for', () => {
    const clock = serviceClock(() => LOCAL_MS);
    clock.heard({ sentMs: LOCAL_MS, receivedMs: LOCAL_MS, date: undefined });
    clock.heard({ sentMs: LOCAL_MS, receivedMs: LOCAL_MS, date: 'soon' });
    clock.heard({ sentMs: LOCAL_MS, receivedMs: LOCAL_MS - 1, date: 'Tue, 24 Nov 2026 07:00:00 GMT' });
    expect(clock.nowMs()).toBe(LOCAL_MS);
  });
});
