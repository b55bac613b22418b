/** How far ahead of this machine's clock another one is, in milliseconds: somewhere in `[fromMs, toMs]`. */
export interface Offset {
  fromMs: number;
  toMs: number;
  /** When it was last made sure of, by this machine's clock. */
  atMs: number;
}

/** An answer whose `Date` header says what time it was elsewhere, to the second. */
export interface DateSample {
  sentMs: number;
  receivedMs: number;
  /** Of the header, whole seconds: the other clock was between this and a second later. */
  dateMs: number;
}

const DATE_RESOLUTION_MS = 1_000;
/** Clocks run apart: what was found out becomes vaguer with time. */
const DRIFT = 200e-6;

/**
 * What is known of the offset after one more answer. Each one alone leaves more than a second open; many together,
 * at different parts of the second, leave little. Where they contradict each other by a little, several machines
 * answer, and the truth is between them; by more, a clock was set, and only the newest counts.
 */
export function narrow(known: Offset | undefined, { sentMs, receivedMs, dateMs }: DateSample): Offset {
  const sample = {
    fromMs: dateMs - receivedMs,
    toMs: dateMs + DATE_RESOLUTION_MS - sentMs,
    atMs: receivedMs,
  };
  if (known === undefined) return sample;
  const vagueMs = Math.abs(receivedMs - known.atMs) * DRIFT;
  const fromMs = Math.max(sample.fromMs, known.fromMs - vagueMs);
  const toMs = Math.min(sample.toMs, known.toMs + vagueMs);
  if (fromMs - toMs > DATE_RESOLUTION_MS) return sample;
  return { fromMs: Math.min(fromMs, toMs), toMs: Math.max(fromMs, toMs), atMs: receivedMs };
}

/** The middle: at most half of what is open away from the truth. */
export const offsetMs = (known: Offset | undefined): number =>
  known === undefined ? 0 : (known.fromMs + known.toMs) / 2;

/** The time of a service that many machines talk to: their own clocks may be wrong, its clock is the same for all. */
export interface ServiceClock {
  /** This machine's time, corrected by what answers of the service have told. */
  nowMs: () => number;
  /** This machine's time, by which answers are to be measured. */
  localNowMs: () => number;
  /** An answer has come. A header that is missing or no date changes nothing. */
  heard: (answer: { sentMs: number; receivedMs: number; date: string | undefined }) => void;
}

/** @param localNowMs best a clock that nobody sets: it runs on evenly, and its error is found out */
export function serviceClock(localNowMs: () => number): ServiceClock {
  let known: Offset | undefined;
  return {
    localNowMs,
    nowMs: () => localNowMs() + offsetMs(known),
    heard: ({ sentMs, receivedMs, date }) => {
      const dateMs = Date.parse(date ?? '');
      if (!Number.isNaN(dateMs) && receivedMs >= sentMs)
        known = narrow(known, { sentMs, receivedMs, dateMs });
    },
  };
}

/** Of this process: begins at the machine's time, and is not set with it. */
export const steadyNowMs = (): number => performance.timeOrigin + performance.now();
