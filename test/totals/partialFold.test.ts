import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlobContainer } from '../../src/storage/blobs.ts';
import { daySumsName } from '../../src/totals/daySums.ts';
import { foldPrefix } from '../../src/totals/windowRows.ts';
import { aCall, anyDay, type TestCall } from './support/calls.ts';
import { DATE, dayWorld, type DayWorld, expectExact, rawBlob } from './support/dayWorld.ts';
import { settle } from './support/finality.ts';

const users = (count: number, change: Partial<TestCall> = {}): TestCall[] =>
  Array.from({ length: count }, (_, i) => aCall({ userId: `user-${i}`, ...change }));

/** What a run reads of the raw calls. */
async function readsOf(world: DayWorld, container: 'raw' | 'control' = 'raw'): Promise<string[]> {
  const reads: string[] = [];
  const counted: BlobContainer = {
    ...world[container],
    read: (name, options) => {
      reads.push(name);
      return world[container].read(name, options);
    },
  };
  await world.run({ date: DATE }, { [container]: counted });
  return reads;
}

const nameOf = (hour: number): string => rawBlob(hour).name;

/** Ways in which what is remembered may be lost. */
const damages: Record<string, (world: DayWorld, name: string) => Promise<unknown>> = {
  deleted: (world, name) => world.control.delete(name),
  emptied: (world, name) => put(world, name, () => Buffer.from('')),
  cut: (world, name) => put(world, name, (content) => content.subarray(0, content.length / 2)),
  'changed in one byte': (world, name) =>
    put(world, name, (content) => content.map((byte, at) => (at === 9 ? byte ^ 1 : byte))),
  'of another version': (world, name) =>
    world.control.put(name, world.control.blobs.get(name)?.content ?? Buffer.from(''), {
      metadata: { ...world.control.blobs.get(name)?.metadata, version: 'sums-0' },
    }),
};

async function put(world: DayWorld, name: string, change: (content: Uint8Array) => Uint8Array) {
  const { content, metadata } = world.control.blobs.get(name) ?? { content: Buffer.from(''), metadata: {} };
  await world.control.put(name, change(content), { metadata });
}

const foldBlobs = (world: DayWorld): string[] =>
  [...world.control.blobs.keys()].filter((name) => name.startsWith(foldPrefix(DATE)));

describe('a fold that remembers', () => {
  it('equals one from the raw calls, for any history and whatever of its memory is lost', async () => {
    const loss = fc.record({ which: fc.nat(), how: fc.constantFrom(...Object.keys(damages)) });
    const history = fc.array(fc.record({ landings: anyDay, losses: fc.array(loss, { maxLength: 3 }) }), {
      minLength: 2,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const world = dayWorld();
        for (const { landings, losses } of steps) {
          for (const blob of landings) await world.land(blob);
          for (const { which, how } of losses) {
            const names = foldBlobs(world);
            const name = names[which % Math.max(names.length, 1)];
            if (name !== undefined) await damages[how]?.(world, name);
          }
          await world.run();
          await expectExact(world);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('reads the one blob of 24 that changed', async () => {
    const world = dayWorld(Array.from({ length: 24 }, (_, hour) => ({ hour, claim: 1, calls: users(3) })));
    await world.landAll();
    expect(await readsOf(world)).toHaveLength(24);
    await world.land({ hour: 7, claim: 2, calls: users(4) });
    expect(await readsOf(world)).toEqual([nameOf(7)]);
    await expectExact(world);
  });

  it('reads none for an hour that is empty now, or for a new version of the head', async () => {
    const world = dayWorld([
      { hour: 7, claim: 1, calls: users(3) },
      { hour: 8, claim: 1, calls: users(3) },
    ]);
    await world.landAll();
    await world.run();
    await world.dailyTotals.transact(DATE, [
      { kind: 'merge', rowKey: '!day', properties: { foldVersion: 'older' } },
    ]);
    expect(await readsOf(world)).toEqual([]);
    await world.land({ hour: 7, claim: 2, calls: [] });
    expect(await readsOf(world)).toEqual([nameOf(7)]);
    await expectExact(world);
  });

  it('looks at the rows of no other hour as long as no id can be in both', async () => {
    const world = dayWorld([
      { hour: 7, claim: 1, calls: users(300) },
      { hour: 8, claim: 1, calls: users(300) },
    ]);
    await world.landAll();
    await world.run();
    await world.land({ hour: 7, claim: 2, calls: users(300) });
    expect(await readsOf(world, 'control')).toEqual([daySumsName(DATE)]);
  });

  it.each(Object.keys(damages))('reads all again when its sums are %s', async (how) => {
    const world = dayWorld([
      { hour: 7, claim: 1, calls: users(3) },
      { hour: 8, claim: 1, calls: users(3) },
    ]);
    await world.landAll();
    await world.run();
    await damages[how]?.(world, daySumsName(DATE));
    await world.land({ hour: 7, claim: 2, calls: users(4) });
    expect(await readsOf(world)).toEqual([nameOf(7), nameOf(8)]);
    await expectExact(world);
    await world.land({ hour: 7, claim: 3, calls: users(5) });
    expect(await readsOf(world)).toEqual([nameOf(7)]);
  });

  it('believes nothing where the day is to be made anew, and mends what a hand has changed', async () => {
    const world = dayWorld([
      { hour: 7, claim: 1, calls: users(3) },
      { hour: 8, claim: 1, calls: users(3) },
    ]);
    await world.landAll();
    settle(world);
    await world.run();
    await world.dailyTotals.transact(DATE, [
      { kind: 'merge', rowKey: 'user-1|USD', properties: { calls: 77 } },
    ]);
    const reads: string[] = [];
    const read: BlobContainer['read'] = (name, options) => {
      reads.push(name);
      return world.raw.read(name, options);
    };
    const report = await world.run({ date: DATE }, { anew: true, raw: { ...world.raw, read } });
    expect(report).toMatchObject({ outcome: 'completed', upserts: 1, restatement: undefined });
    expect(reads).toEqual([nameOf(7), nameOf(8)]);
    await expectExact(world, 'settled');
  });

  it('leaves the sums that another run has written meanwhile', async () => {
    const world = dayWorld([{ hour: 7, claim: 1, calls: users(3) }]);
    await world.landAll();
    await world.run();
    await world.land({ hour: 8, claim: 1, calls: users(3) });
    const report = await world.run(
      { date: DATE },
      {
        raw: {
          ...world.raw,
          read: async (name, options) => {
            await put(world, daySumsName(DATE), (content) => content);
            return world.raw.read(name, options);
          },
        },
      },
    );
    expect(report).toMatchObject({ outcome: 'completed' });
    await expectExact(world);
  });
});

describe('a call that stands in two hours', () => {
  const moved = aCall({ id: 'moved', userId: 'user-a', chargeMicros: 1 });
  const others = users(3);
  const older = { hour: 9, claim: 1, calls: [...others, moved] };
  const newer = { hour: 7, claim: 2, calls: [{ ...moved, userId: 'user-b', chargeMicros: 2 }] };

  const both = async () => {
    const world = dayWorld([older]);
    await world.landAll();
    await world.run();
    await world.land(newer);
    return world;
  };

  it('is taken out of the hour of the smaller claim, once', async () => {
    const world = await both();
    expect(await readsOf(world)).toEqual([nameOf(7), nameOf(9)]);
    await expectExact(world);
    // It is known now: only what changes is read.
    await world.land({ hour: 8, claim: 3, calls: users(2) });
    expect(await readsOf(world)).toEqual([nameOf(8)]);
    await expectExact(world);
  });

  it('counts in its old hour again, when the newer one no longer has it', async () => {
    const world = await both();
    await world.run();
    await world.land({ ...newer, claim: 3, calls: [] });
    await world.run();
    await expectExact(world);
  });

  it('counts in its old hour again, when that was read later', async () => {
    const world = await both();
    await world.run();
    await world.land({ ...older, claim: 3 });
    await world.run();
    await expectExact(world);
  });

  it('counts with its new content, when the newer hour has changed it', async () => {
    const world = await both();
    await world.run();
    await world.land({ ...newer, claim: 3, calls: [{ ...moved, chargeMicros: 3 }] });
    await world.run();
    await expectExact(world);
  });

  it('is exact when nothing is remembered of the rows of the older hour', async () => {
    const world = await both();
    for (const name of foldBlobs(world)) {
      if (name !== daySumsName(DATE)) await world.control.delete(name);
    }
    await world.run();
    await expectExact(world);
  });
});
