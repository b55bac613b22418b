import { ANSWER_MS } from '../storage/answered.ts';

/** How long a service that gives no answer is waited for, and how often it is asked again. */
export interface Patience {
  /** Until an answer of the storage begins, repeated requests included. */
  answerMs: number;
  /** Requests to the storage, with pauses that double from the first on. */
  tries: number;
  firstDelayMs: number;
  serviceBus: { maxRetries: number; retryDelayInMs: number; timeoutInMs: number };
}

/** Nobody waits for a function, and its message would come back at once: better to sit a short failure out. */
export const FUNCTION_PATIENCE: Patience = {
  answerMs: ANSWER_MS,
  tries: 4,
  firstDelayMs: 2_000,
  serviceBus: { maxRetries: 3, retryDelayInMs: 5_000, timeoutInMs: 60_000 },
};

/** Somebody sits in front of a command, and a wrong address must not look like work. */
export const COMMAND_PATIENCE: Patience = {
  answerMs: 20_000,
  tries: 4,
  firstDelayMs: 500,
  serviceBus: { maxRetries: 1, retryDelayInMs: 1_000, timeoutInMs: 10_000 },
};
