import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GraphErrorKind } from '../../src/graph/errors.ts';
import { QUEUES } from '../../src/queues/names.ts';
import type { WindowJob } from '../../src/queues/messages.ts';
import { packBackfill, startBackfill } from '../../src/windows/backfill.ts';
import { planBackfill } from '../../src/windows/backfillRange.ts';
import { toInstant, type Window, WINDOW_MS } from '../../src/windows/grid.ts';
import { badHoursWorld, type BadHoursWorld, hoursFrom } from '../support/badHours.ts';

const NOW = Date.parse('2026-11-24T06:00:00Z');
const FROM = '2026-08-26T06:00:00Z';
const DAYS_90 = 90 * 24;
/** Steps in which a bad hour of so many comes to stand alone. */
const stepsOf = (windows: number): number => Math.ceil(Math.log2(windows));
/** After the first three, an hour alone is tried seventeen times more if it fails, and once if it is refused. */
const TRIES: Partial<Record<GraphErrorKind, number>> = { refused: 1, server: 19, badPage: 19 };

const jobOver = (windows: readonly Window[], more: Partial<WindowJob> = {}): WindowJob => ({
  from: toInstant(windows[0]?.fromMs ?? 0),
  to: toInstant(windows.at(-1)?.toMs ?? 0),
  lane: 'backfill',
  planned: new Date(NOW).toISOString(),
  expectedRows: 1,
  ...more,
});

async function unread(world: BadHoursWorld, windows: readonly Window[]): Promise<string[]> {
  const read = new Set<string>();
  for (const { state, window } of await world.entries(windows)) if (state === 'read') read.add(window.id);
  return windows.flatMap(({ id }) => (read.has(id) ? [] : [id]));
}

describe('one hour that Graph never gives', () => {
  const windows = hoursFrom(FROM, DAYS_90);
  const bad = windows[1_234]?.id;

  it.each<GraphErrorKind>(['refused', 'server'])(
    'keeps no other hour of its 90 days from being read, and is left alone within minutes (%s)',
    async (kind) => {
      const world = badHoursWorld({ nowMs: NOW, kind, isBad: ({ id }) => id === bad });
      await world.send(jobOver(windows));
      await world.drain();
      expect(await unread(world, windows)).toEqual([bad]);
      expect(await world.entries(windows.slice(1_234, 1_235))).toMatchObject([
        { state: 'failed', lastError: `Graph said ${kind} [page 1]` },
      ]);
      expect(world.broker.deadLetters(QUEUES.backfillWindows)).toHaveLength(1);
      const wide = world.sequences.filter(({ fromMs, toMs }) => toMs - fromMs > WINDOW_MS);
      expect((wide.at(-1)?.atMs ?? Infinity) - NOW).toBeLessThan(5 * 60_000);
      // A failed sequence, another hour to see whether Graph answers, and the half that is read.
      const lasting = kind === 'refused' ? 0 : 2;
      expect(world.sequences.length).toBeLessThanOrEqual(
        3 * stepsOf(DAYS_90) + lasting + (TRIES[kind] ?? 0) + 5,
      );
    },
  );

  it('is found out without another request where earlier pages came', async () => {
    const days = windows.slice(1_000, 1_480);
    const world = badHoursWorld({ nowMs: NOW, kind: 'refused', page: 2, isBad: ({ id }) => id === bad });
    await world.send(jobOver(days));
    await world.drain();
    expect(await unread(world, days)).toEqual([bad]);
    // Of each half the one that fails, and the one that is read.
    expect(world.sequences.length).toBeLessThanOrEqual(1 + 2 * stepsOf(days.length));
  });

  it('does not hold up what its job leaves to its worker', async () => {
    const [rest, newest] = [windows.slice(-480, -24), windows.slice(-24)];
    const world = badHoursWorld({ nowMs: NOW, kind: 'server', isBad: ({ id }) => id === newest[7]?.id });
    const then = { from: toInstant(rest[0]?.fromMs ?? 0), to: toInstant(rest.at(-1)?.toMs ?? 0) };
    await world.send(jobOver(newest, { then }));
    await world.drain();
    expect(await unread(world, [...rest, ...newest])).toEqual([newest[7]?.id]);
    const firstOfRest = world.sequences.find(({ toMs }) => toMs <= Date.parse(then.to));
    expect((firstOfRest?.atMs ?? Infinity) - NOW).toBeLessThan(2 * 60_000);
  });

  it('does not hold up what its job leaves to its worker, even if it is all of the job', async () => {
    const [rest, newest] = [windows.slice(-24, -1), windows.slice(-1)];
    const world = badHoursWorld({ nowMs: NOW, kind: 'refused', isBad: ({ id }) => id === newest[0]?.id });
    const then = { from: toInstant(rest[0]?.fromMs ?? 0), to: toInstant(rest.at(-1)?.toMs ?? 0) };
    await world.send(jobOver(newest, { then }));
    await world.drain();
    expect(await unread(world, [...rest, ...newest])).toEqual([newest[0]?.id]);
  });
});

describe('a Graph that gives nothing', () => {
  const windows = hoursFrom(FROM, 240);

  it('is asked for a few hours and no more: a refusal of everything costs a handful of requests', async () => {
    const world = badHoursWorld({ nowMs: NOW, kind: 'refused', isBad: () => true });
    await world.send(jobOver(windows));
    await world.drain();
    expect(world.sequences).toHaveLength(6);
    expect(await unread(world, windows)).toHaveLength(240);
    expect(world.broker.deadLetters(QUEUES.backfillWindows)).toHaveLength(1);
  });

  it('has its jobs wait for it whole, for hours', async () => {
    const world = badHoursWorld({ nowMs: NOW, kind: 'server', isBad: () => true });
    await world.send(jobOver(windows));
    await world.drain();
    expect(world.sequences).toHaveLength(2 * 21 - 2);
    expect(world.broker.deadLetters(QUEUES.backfillWindows)).toMatchObject([
      { body: { data: { from: FROM } } },
    ]);
  });

  it.each<GraphErrorKind>(['forbidden', 'throttled', 'network', 'budget'])(
    'for a reason that concerns every range is asked for no other hour (%s)',
    async (kind) => {
      const world = badHoursWorld({ nowMs: NOW, kind, isBad: () => true });
      await world.send(jobOver(windows.slice(0, 48)));
      await world.drain();
      expect(world.sequences.length).toBe(kind === 'forbidden' ? 1 : 21);
      for (const { toMs, fromMs } of world.sequences) expect(toMs - fromMs).toBe(48 * WINDOW_MS);
    },
  );
});

describe('hours that Graph never gives', () => {
  const BEFORE = '2026-10-20T00:00:00Z';

  it('are all that is not read, whichever they are, with few requests, however often messages come', async () => {
    const input = fc.record({
      hours: fc.integer({ min: 2, max: 200 }),
      bad: fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 8 }),
      kind: fc.constantFrom<GraphErrorKind>('refused', 'server', 'badPage', 'rangeTooWide'),
      duplicates: fc.array(fc.nat({ max: 3 }), { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ hours, bad: chosen, kind, duplicates }) => {
        const windows = hoursFrom('2026-10-21T00:00:00Z', hours);
        const bad = new Set(chosen.map((index) => windows[index % hours]?.id));
        const world = badHoursWorld({ nowMs: NOW, kind, isBad: ({ id }) => bad.has(id) });
        // A tenant of which something was read before.
        await world.send(jobOver(hoursFrom(BEFORE, 1)));
        await world.drain();
        await world.send(jobOver(windows));
        await world.drain({ duplicates });
        expect(await unread(world, windows)).toEqual(windows.map(({ id }) => id).filter((id) => bad.has(id)));
        const copies = 1 + duplicates.length;
        const alone = kind === 'server' || kind === 'badPage' ? 20 : 1;
        expect(world.sequences.length).toBeLessThanOrEqual(
          4 + copies * bad.size * (3 * (stepsOf(hours) + 1) + alone),
        );
      }),
      { numRuns: 25 },
    );
  });

  it('are all that is missing of a backfill of a tenant that nobody knows', async () => {
    const bad = (hour: Window): boolean =>
      hour.hour === 9 && hour.fromMs % (5 * 24 * WINDOW_MS) === 9 * WINDOW_MS;
    const world = badHoursWorld({ nowMs: NOW, kind: 'refused', isBad: bad });
    const range = planBackfill({ fromMs: NOW - 40 * 24 * WINDOW_MS, toMs: NOW, nowMs: NOW });
    const services = { ledger: world.ledger, sender: world.broker.sender() };
    await startBackfill(services, await packBackfill(world.ledger, range, { nowMs: NOW, settleHours: 72 }));
    await world.drain();
    expect(await unread(world, range.windows)).toEqual(range.windows.filter(bad).map(({ id }) => id));
    expect(world.sequences.length).toBeLessThan(8 * 3 * stepsOf(40 * 24));
    // Asked for again, they hold up nobody: each adjacent run of them is a job of its own.
    const before = world.sequences.length;
    await startBackfill(
      services,
      await packBackfill(world.ledger, range, { nowMs: world.nowMs(), settleHours: 72 }),
    );
    await world.drain();
    expect(world.sequences.length - before).toBeLessThanOrEqual(2 * 8 + 1);
  });
});
