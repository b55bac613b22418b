import { setTimeout as pause } from 'node:timers/promises';
import type { World } from './world.ts';

const WITHIN_MS = 150_000;
const POLL_MS = 60;

/**
 * Waits until no message is left and no host is at work. Messages that wait for their time are brought forward once
 * nothing else is left to do.
 * @returns how many were brought forward
 * @throws if there is no end
 */
export async function comeToRest({ bus, hosts, queues }: World): Promise<number> {
  const deadlineMs = Date.now() + WITHIN_MS;
  let hastened = 0;
  for (;;) {
    const counts = Object.values(await bus.ask({ ask: 'counts' }));
    const sum = (of: (one: (typeof counts)[number]) => number): number =>
      counts.reduce((all, one) => all + of(one), 0);
    const waiting = sum(({ active, locked }) => active + locked);
    const running = waiting > 0 ? undefined : await hosts.running();
    if (running === 0) {
      const scheduled = sum((one) => one.scheduled);
      // What was running may have sent something since the queues were looked at.
      if (scheduled === 0 && (await isEmpty({ bus }))) return hastened;
      hastened += await queues.hasten();
    }
    if (Date.now() > deadlineMs) {
      throw new Error(
        `no rest within ${WITHIN_MS / 1000} s: ${JSON.stringify(await bus.ask({ ask: 'counts' }))}, ` +
          `${await hosts.running()} invocations at work`,
      );
    }
    await pause(POLL_MS);
  }
}

async function isEmpty({ bus }: Pick<World, 'bus'>): Promise<boolean> {
  const counts = Object.values(await bus.ask({ ask: 'counts' }));
  return counts.every(({ active, scheduled, locked }) => active + scheduled + locked === 0);
}
