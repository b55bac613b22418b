import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LOCK_MS, numbered, QUEUE } from './queueBench.ts';
import { type Held, openEndpointSide, openMemorySide, type QueueSide } from './queueSides.ts';

const options = fc.record(
  { timeToLiveMs: fc.constantFrom(45_000, 200_000), maxDeliveryCount: fc.constantFrom(1, 2, 5) },
  { requiredKeys: ['maxDeliveryCount'] },
);
const delayMs = fc.constantFrom(0, 0, 1000, 30_000, 100_000);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      count: fc.integer({ min: 1, max: 3 }),
      delayMs,
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('receive' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('complete' as const, 'abandon' as const, 'deadLetter' as const, 'renew' as const),
      held: fc.nat({ max: 10 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 999, 15_000, 29_999, LOCK_MS - 1, LOCK_MS),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One side, what it has handed out so far, and how many messages were sent to it. */
interface Play {
  side: QueueSide;
  held: Held[];
  sent: number;
}

async function run(play: Play, one: Step): Promise<unknown> {
  const { side, held } = play;
  switch (one.kind) {
    case 'send': {
      const messages = Array.from({ length: one.count }, () => numbered(++play.sent));
      return side.sender.sendAll(QUEUE, messages, { delayMs: one.delayMs });
    }
    case 'receive': {
      const message = await side.receive(QUEUE);
      if (message === undefined) return undefined;
      held.push(message);
      const { body, deliveryCount, sequenceNumber } = message;
      return { body, deliveryCount, sequenceNumber, lockedUntilMs: message.lockedUntilMs() };
    }
    case 'pass':
      side.pass(one.ms);
      return undefined;
    case 'complete':
    case 'abandon':
    case 'deadLetter':
    case 'renew': {
      const message = held[one.held % held.length];
      if (message === undefined) return undefined;
      if (one.kind !== 'renew')
        return one.kind === 'deadLetter' ? message.deadLetter('R', 'D') : message[one.kind]();
      await message.renew();
      return message.lockedUntilMs();
    }
  }
}

/** All that can be seen of the queue. Each side has its own ids. */
const stateOf = async ({ side }: Play) => ({
  counts: side.counts(QUEUE),
  messages: (await side.messages(QUEUE)).map((message) => ({ ...message, messageId: undefined })),
  dead: (await side.deadLetters(QUEUE)).map((message) => ({ ...message, messageId: undefined })),
});

/** What a step gave, or by which code it was refused. */
const outcomeOf = (result: Promise<unknown>): Promise<unknown> =>
  result.then(
    (gave) => ({ gave }),
    (error: unknown) => {
      if (!(error instanceof Error && 'code' in error)) throw error;
      return { code: error.code };
    },
  );

it('the broker of the tests and the local Service Bus say the same of the same calls, whatever they are', async () => {
  await fc.assert(
    fc.asyncProperty(options, fc.array(step, { minLength: 1, maxLength: 40 }), async (given, steps) => {
      // The clock of the endpoint is that of the process: the broker's side has its own, which moves as much.
      const sides = [
        await openMemorySide({ lockMs: LOCK_MS, ...given }),
        await openEndpointSide({ lockMs: LOCK_MS, ...given }),
      ];
      const plays = sides.map((side): Play => ({ side, held: [], sent: 0 }));
      try {
        for (const [index, one] of steps.entries()) {
          const outcomes = [];
          for (const play of plays) outcomes.push(await outcomeOf(run(play, one)));
          expect(outcomes[0], `step ${index}: ${fc.stringify(one)}`).toEqual(outcomes[1]);
          const counts = sides.map((side) => side.counts(QUEUE));
          expect(counts[0], `after step ${index}: ${fc.stringify(one)}`).toEqual(counts[1]);
        }
        const [memory, endpoint] = plays;
        if (memory !== undefined && endpoint !== undefined) {
          expect(await stateOf(memory)).toEqual(await stateOf(endpoint));
        }
      } finally {
        for (const side of sides) await side.close();
      }
    }),
    { numRuns: 20 },
  );
});
