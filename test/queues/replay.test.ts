import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LetterBox, type LetterId, replayLetters } from '../../src/queues/replay.ts';

interface World {
  box: LetterBox;
  /** Ids of letters that lie there. */
  dead: () => string[];
  /** What was sent again, as `<id of the letter>><id of the new message>`. */
  sent: string[];
  /** Effects in their order. */
  steps: string[];
  locked: () => number;
}

/** A dead-letter queue in memory. `onStep` may throw, as a service or a dying process does. */
function world(
  ids: readonly string[],
  onStep: (step: string, world: World) => void = () => undefined,
): World {
  const letters = new Map<string, LetterId>();
  let number = 0;
  const add = (messageId: string): void => {
    number += 1;
    letters.set(String(number), { messageId, sequenceNumber: String(number) });
  };
  ids.forEach(add);
  const locks = new Set<string>();
  const step = (text: string): void => {
    made.steps.push(text);
    onStep(text, made);
  };
  const made: World = {
    dead: () => [...letters.values()].map(({ messageId }) => messageId),
    sent: [],
    steps: [],
    locked: () => locks.size,
    box: {
      look: () => Promise.resolve([...letters.values()]),
      receive: () => {
        const letter = [...letters.values()].find(({ sequenceNumber }) => !locks.has(sequenceNumber));
        if (letter !== undefined) locks.add(letter.sequenceNumber);
        return Promise.resolve(letter);
      },
      sendAgain: async ({ messageId }, newId) => {
        await Promise.resolve();
        step(`send ${messageId}`);
        made.sent.push(`${messageId}>${newId}`);
        // Its fault is not mended, and it is back before the next one is looked at.
        if (messageId.startsWith('bad')) add(messageId);
      },
      complete: async ({ messageId, sequenceNumber }) => {
        await Promise.resolve();
        step(`complete ${messageId}`);
        if (!locks.delete(sequenceNumber)) throw new Error('the lock is lost');
        letters.delete(sequenceNumber);
      },
      giveBack: async ({ messageId, sequenceNumber }) => {
        await Promise.resolve();
        made.steps.push(`give back ${messageId}`);
        locks.delete(sequenceNumber);
      },
    },
  };
  return made;
}

const run = (box: LetterBox, isWanted: (letter: LetterId) => boolean = () => true) => {
  let ids = 0;
  const replayed: string[] = [];
  return {
    replayed,
    done: replayLetters(box, {
      isWanted,
      newMessageId: () => `new-${(ids += 1)}`,
      onReplayed: async ({ messageId }) => {
        await Promise.resolve();
        replayed.push(messageId);
      },
    }),
  };
};

describe('dead letters that are replayed', () => {
  it('leave one at a time, oldest first: each is sent under a new id before it is taken away', async () => {
    const { box, steps, sent, dead } = world(['a', 'b']);
    const { done, replayed } = run(box);
    expect(await done).toMatchObject({ found: 2, replayed: [{ messageId: 'a' }, { messageId: 'b' }] });
    expect(steps).toEqual(['send a', 'complete a', 'send b', 'complete b']);
    expect(sent).toEqual(['a>new-1', 'b>new-2']);
    expect(dead()).toEqual([]);
    expect(replayed).toEqual(['a', 'b']);
  });

  it('that fail again are not replayed for ever: each has one turn', async () => {
    const { box, sent, dead, locked } = world(['bad-1', 'good', 'bad-2']);
    expect(await run(box).done).toMatchObject({ found: 3 });
    expect(sent).toHaveLength(3);
    expect(dead()).toEqual(['bad-1', 'bad-2']);
    expect(locked()).toBe(0);
  });

  it('that nobody asked for stay, unlocked', async () => {
    const { box, sent, dead, locked } = world(['a', 'b', 'c']);
    expect(await run(box, ({ messageId }) => messageId === 'b').done).toMatchObject({ found: 1 });
    expect(sent).toEqual(['b>new-1']);
    expect(dead()).toEqual(['a', 'c']);
    expect(locked()).toBe(0);
  });

  it('that another program holds are left to it', async () => {
    const { box } = world(['a', 'b']);
    await box.receive();
    expect(await run(box).done).toMatchObject({ found: 2, replayed: [{ messageId: 'b' }] });
  });

  it('whose lock ends before they were found end the search', async () => {
    const { box } = world(['a', 'b']);
    const seen = { messageId: 'a', sequenceNumber: '1' };
    const circling: LetterBox = { ...box, receive: () => Promise.resolve(seen) };
    expect(await run(circling, ({ messageId }) => messageId === 'b').done).toMatchObject({
      found: 1,
      replayed: [],
    });
  });

  it('stay if they cannot be sent, and are given back', async () => {
    const { box, dead, locked } = world(['a', 'b'], (step) => {
      if (step === 'send b') throw new Error('no such queue');
    });
    await expect(run(box).done).rejects.toThrow('no such queue');
    expect(dead()).toEqual(['b']);
    expect(locked()).toBe(0);
  });

  it('are told of before they are sent, and stay if that fails', async () => {
    const { box, steps, dead, locked } = world(['a', 'b']);
    const options = {
      isWanted: () => true,
      newMessageId: () => 'new',
      onReplayed: () => Promise.resolve(),
      onTaken: async ({ messageId }: LetterId) => {
        await Promise.resolve();
        steps.push(`taken ${messageId}`);
        if (messageId === 'b') throw new Error('no ledger');
      },
    };
    await expect(replayLetters(box, options)).rejects.toThrow('no ledger');
    expect(steps).toEqual(['taken a', 'send a', 'complete a', 'taken b', 'give back b']);
    expect(dead()).toEqual(['b']);
    expect(locked()).toBe(0);
  });

  it('that were sent and cannot be taken away are said to lie there still', async () => {
    const { box, sent } = world(['a'], (step, { box: ownBox }) => {
      if (step === 'complete a') void ownBox.giveBack({ messageId: 'a', sequenceNumber: '1' });
    });
    const stubborn: LetterBox = { ...box, complete: () => Promise.reject(new Error('the lock is lost')) };
    await expect(run(stubborn).done).rejects.toThrow(
      /^message a was sent again, but still lies .*the lock is lost/,
    );
    expect(sent).toEqual(['a>new-1']);
  });

  it('are never lost, wherever a run dies: each is dead or sent, at most one is both', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 6 }),
        fc.nat({ max: 14 }),
        async (ids, dies) => {
          let left = dies;
          const { box, dead, sent } = world(ids, () => {
            left -= 1;
            if (left < 0) throw new Error('killed');
          });
          await run(box).done.catch((error: unknown) => expect(String(error)).toContain('killed'));
          const resent = sent.map((text) => text.split('>')[0] ?? '').map(String);
          expect(new Set([...dead(), ...resent])).toEqual(new Set(ids));
          expect(dead().length + resent.length - ids.length).toBeLessThanOrEqual(1);
          // The next run ends it.
          left = Infinity;
          await run(box).done;
          expect(dead()).toEqual(dead().filter((id) => id.startsWith('bad')));
        },
      ),
    );
  });
});
