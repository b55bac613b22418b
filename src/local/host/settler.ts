import { setImmediate as nextTick } from 'node:timers/promises';

/** Begins one settlement at a time, each in a turn of the event loop of its own. */
export type Settler = (settle: () => Promise<void>) => Promise<void>;

/**
 * The AMQP library merges dispositions that are written in one turn of the event loop without comparing the
 * outcomes of the first two: "completed" next to "abandoned" becomes "completed" for both, and the second
 * message is lost. So settlements of one receiver never share a turn. They need not wait for each other's
 * answers.
 */
export function createSettler(): Settler {
  let turn: Promise<void> = Promise.resolve();
  return (settle) => {
    const settled = turn.then(settle);
    turn = turn.then(() => nextTick());
    return settled;
  };
}
