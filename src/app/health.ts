import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../runtime/log.ts';
import type { Services } from './services.ts';

type Probed = Pick<Services, 'ledger' | 'raw'>;

/** Anybody may ask, so an answer stands for a while: asking often costs nothing. */
const ANSWER_STANDS_MS = 15_000;
const GIVE_UP_AFTER_MS = 10_000;

/**
 * Makes the check behind `health`: true if the configuration is right and the data storage answers in time.
 * Never rejects; why it is down goes to the log and not to whoever asked.
 */
export function healthCheck(connect: () => Promise<Probed>): (log: Log, nowMs: number) => Promise<boolean> {
  let last: { up: boolean; atMs: number } | undefined;
  return async (log, nowMs) => {
    if (last === undefined || nowMs - last.atMs >= ANSWER_STANDS_MS) {
      last = { up: await isUp(connect, log), atMs: nowMs };
    }
    return last.up;
  };
}

async function isUp(connect: () => Promise<Probed>, log: Log): Promise<boolean> {
  const stop = new AbortController();
  try {
    await Promise.race([probe(connect), giveUp(stop.signal)]);
    return true;
  } catch (error) {
    log.error('healthDown', { reason: error instanceof Error ? error.message : String(error) });
    return false;
  } finally {
    stop.abort();
  }
}

async function probe(connect: () => Promise<Probed>): Promise<void> {
  const { ledger, raw } = await connect();
  await Promise.all([ledger.readDay('1970-01-01'), raw.properties('health')]);
}

async function giveUp(signal: AbortSignal): Promise<never> {
  await pause(GIVE_UP_AFTER_MS, undefined, { signal });
  throw new Error(`the data storage did not answer within ${GIVE_UP_AFTER_MS} ms`);
}
