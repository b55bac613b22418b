import { BadMessageError, parseDayChanged, parseWindowJob, type WindowJob } from '../queues/messages.ts';
import { QUEUES } from '../queues/names.ts';
import type { DeadLetter } from '../queues/peek.ts';
import type { Window } from '../windows/grid.ts';

/** Clocks of Service Bus and of this machine may differ. */
const SKEW_MS = 60_000;

/** What lies in a dead-letter queue, each with the reason. */
export interface GivenUp {
  /** By window id. */
  windows: Map<string, string>;
  /** By date. */
  dates: Map<string, string>;
  /** Jobs that may not have sent on what they leave to their worker. */
  unsent: WindowJob[];
}

/** From when on dead letters count: those of an earlier command may still lie there. */
export interface Since {
  /** Real time; messages about days say nothing else of their age. */
  sentMs: number;
  /** By the pipeline's clock: when the jobs of this command were planned. */
  plannedMs: number;
}

/** Which of these windows, and of their days, were given up. Bodies that cannot be read belong to nobody. */
export function givenUp(letters: readonly DeadLetter[], windows: readonly Window[], since: Since): GivenUp {
  const found: GivenUp = { windows: new Map(), dates: new Map(), unsent: [] };
  const days = new Set(windows.map(({ date }) => date));
  for (const letter of letters) {
    if (letter.enqueuedAt === undefined || Date.parse(letter.enqueuedAt) < since.sentMs - SKEW_MS) continue;
    const subject = subjectOf(letter);
    if (subject === undefined) continue;
    const why = letter.description ?? letter.reason ?? 'no reason was left';
    const reason = `given up (${letter.queue}: ${why}); the log of the functions says more`;
    if ('date' in subject) {
      if (days.has(subject.date)) found.dates.set(subject.date, reason);
      continue;
    }
    if (Date.parse(subject.planned) < since.plannedMs) continue;
    const [fromMs, toMs] = [Date.parse(subject.from), Date.parse(subject.to)];
    for (const window of windows) {
      if (window.fromMs >= fromMs && window.toMs <= toMs) found.windows.set(window.id, reason);
    }
    if (subject.then !== undefined) found.unsent.push(subject);
  }
  return found;
}

function subjectOf(letter: DeadLetter): { date: string } | WindowJob | undefined {
  try {
    if (letter.queue !== QUEUES.days) return parseWindowJob(letter.body);
    const message = parseDayChanged(letter.body);
    return 'date' in message ? message : undefined;
  } catch (error) {
    if (error instanceof BadMessageError) return undefined;
    throw error;
  }
}
