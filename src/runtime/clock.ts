/**
 * The time by which the pipeline decides: which windows have ended, when a read was claimed, what is due.
 * Injected everywhere, so that tests and the local pipeline can stand at a chosen instant. Delays of queue
 * messages, pauses and timeouts are durations of real time and never read this clock.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** A clock that stands still: every run over the same simulated data decides the same. */
export const frozenClock = (atMs: number): Clock => ({ nowMs: () => atMs });

/** A clock that runs at the pace of `base`, shifted by `offsetMs`. */
export const shiftedClock = (offsetMs: number, base: Clock = systemClock): Clock => ({
  nowMs: () => base.nowMs() + offsetMs,
});
