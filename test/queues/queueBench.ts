import { afterEach } from 'vitest';
import { type Message, toMessage } from '../../src/queues/messages.ts';
import { QUEUES, type QueueName } from '../../src/queues/names.ts';
import type { Held, OpenSide, QueueSide, SideOptions } from './queueSides.ts';

export const LOCK_MS = 60_000;
export const MAX_DELIVERY_COUNT = 3;
/** The one that the suite is about. */
export const QUEUE = QUEUES.days;
/** The counts of a queue that is empty. */
export const nothing = { active: 0, scheduled: 0, locked: 0, deadLettered: 0 };

/** A message that can be told from others. */
export const numbered = (day: number): Message =>
  toMessage({ date: `2026-10-${String(day).padStart(2, '0')}`, seen: `étag "${day}"` });

export type Bench = ReturnType<typeof queueBench>;

/** Opens a side for each test, and closes it afterwards. */
export function queueBench(openSide: OpenSide) {
  const sides: QueueSide[] = [];
  afterEach(async () => {
    for (const side of sides.splice(0)) await side.close();
  });
  const open = async (options: Partial<SideOptions> = {}) => {
    const side = await openSide({ lockMs: LOCK_MS, maxDeliveryCount: MAX_DELIVERY_COUNT, ...options });
    sides.push(side);
    const receive = async (queue: QueueName = QUEUE): Promise<Held> => {
      const held = await side.receive(queue);
      if (held === undefined) throw new Error('no message is ready');
      return held;
    };
    const receiveBodies = async (count: number): Promise<unknown[]> => {
      const bodies: unknown[] = [];
      while (bodies.length < count) bodies.push((await receive()).body);
      return bodies;
    };
    const isSilent = async (): Promise<boolean> => (await side.receive(QUEUE)) === undefined;
    const send = (day: number, delayMs = 0) => side.sender.send(QUEUE, numbered(day), { delayMs });
    return { side, send, receive, receiveBodies, isSilent, counts: () => side.counts(QUEUE) };
  };
  return open;
}
