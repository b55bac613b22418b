import { describe, expect, it } from 'vitest';
import { GraphError, type GraphErrorKind } from '../../src/graph/errors.ts';
import type { PstnCallsSource } from '../../src/graph/pstnCalls.ts';
import { isServed, type ServedInput } from '../../src/landing/isServed.ts';
import { windowOfId } from '../../src/windows/grid.ts';
import { hoursFrom } from '../support/badHours.ts';
import { pageOfTexts } from '../support/pages.ts';
import { entryOf, readEntry } from '../windows/memoryLedger.ts';

const hours = hoursFrom('2026-11-01T00:00:00Z', 100);

/** Asks a Graph that answers only some hours. */
async function ask(answers: (from: string) => GraphErrorKind | undefined, more: Partial<ServedInput> = {}) {
  const asked: string[] = [];
  let pages = 0;
  const source: PstnCallsSource = {
    async *readPages(fromMs, toMs) {
      await Promise.resolve();
      expect(toMs - fromMs).toBe(3_600_000);
      const from = new Date(fromMs).toISOString().slice(0, 13);
      asked.push(from);
      const kind = answers(from);
      if (kind !== undefined) throw new GraphError(kind, 'no');
      for (pages = 1; ; pages += 1) yield pageOfTexts([], pages);
    },
  };
  const served = await isServed({
    ...{ fault: 'refused', tries: 0, known: [], hours, source, read: { lane: 'backfill' } },
    ...more,
  });
  return { served, asked, pages };
}

describe('whether Graph gives another hour', () => {
  it('is asked of the hour that was read last, and of its first page only', async () => {
    const known = [
      readEntry(windowOfId('2026-10-01T00Z'), '2026-11-01T00:00:00Z', { rows: 1 }),
      readEntry(windowOfId('2026-10-02T00Z'), '2026-11-02T00:00:00Z', { rows: 9 }),
      readEntry(windowOfId('2026-10-03T00Z'), '2026-11-02T00:00:00Z', { rows: 2 }),
      readEntry(windowOfId('2026-10-04T00Z'), '2026-11-03T00:00:00Z', { attempts: 1 }),
      readEntry(windowOfId('2026-10-05T00Z'), '2026-11-03T00:00:00Z', { state: 'failed' }),
      entryOf('2026-10-06T00Z'),
    ];
    expect(await ask(() => undefined, { known })).toEqual({
      served: true,
      asked: ['2026-10-03T00'],
      pages: 1,
    });
  });

  it('is asked of a few hours far from each other where they are refused, until one is given', async () => {
    const all = await ask(() => 'refused');
    expect(all).toMatchObject({ served: false });
    expect(new Set(all.asked).size).toBe(5);
    expect(all.asked[0]).toBe('2026-11-05T03');
    expect(await ask((from) => (from === all.asked[2] ? undefined : 'server'))).toMatchObject({
      served: true,
      asked: all.asked.slice(0, 3),
    });
  });

  it('is asked of one hour each time where all fail, and of another one the next time', async () => {
    const found = await Promise.all(
      [2, 3, 4].map((tries) => ask(() => 'server', { fault: 'failing', tries })),
    );
    expect(found.map(({ served, asked }) => [served, asked.length])).toEqual(Array(3).fill([false, 1]));
    expect(new Set(found.map(({ asked }) => asked[0])).size).toBe(3);
  });

  it.each<GraphErrorKind>(['budget', 'throttled', 'network'])(
    'stays open without an answer (%s)',
    async (kind) => {
      await expect(ask(() => kind)).rejects.toMatchObject({ kind });
    },
  );

  it('cannot be found out where there is no other hour', async () => {
    expect(await ask(() => undefined, { hours: [] })).toEqual({ served: false, asked: [], pages: 0 });
  });
});
