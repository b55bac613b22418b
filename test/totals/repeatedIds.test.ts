import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idHash } from '../../src/totals/idHash.ts';
import { losersOf, suspectsOf } from '../../src/totals/repeatedIds.ts';

const anyWindows = fc.uniqueArray(
  fc.record({
    windowId: fc.integer({ min: 0, max: 23 }).map((hour) => `w${String(hour).padStart(2, '0')}`),
    claim: fc.integer({ min: 1, max: 3 }),
    ids: fc.uniqueArray(fc.integer({ min: 0, max: 20 }).map(String), { maxLength: 8 }),
  }),
  { selector: ({ windowId }) => windowId, maxLength: 6 },
);

describe('ids that stand in two windows', () => {
  it('are all among the suspects, and no window is suspected that has none', () => {
    fc.assert(
      fc.property(anyWindows, (windows) => {
        const suspects = suspectsOf(
          windows.map(({ windowId, ids }) => ({
            windowId,
            idHashes: Float64Array.from(ids, idHash).sort(),
          })),
        );
        for (const { windowId, ids } of windows) {
          const shared = ids.filter((id) =>
            windows.some((other) => other.windowId !== windowId && other.ids.includes(id)),
          );
          expect([...(suspects.get(windowId) ?? [])].sort()).toEqual(shared.map(idHash).sort());
        }
      }),
    );
  });

  it('may have hashes that only look the same: they are told apart by the ids', () => {
    const suspects = suspectsOf([
      { windowId: 'a', idHashes: Float64Array.of(1, 5) },
      { windowId: 'b', idHashes: Float64Array.of(5, 9) },
      { windowId: 'c', idHashes: Float64Array.of(7) },
    ]);
    expect([...suspects]).toEqual([
      ['a', new Set([5])],
      ['b', new Set([5])],
    ]);
    const windows = [
      { windowId: 'a', claim: 1, ids: ['x'] },
      { windowId: 'b', claim: 2, ids: ['y'] },
    ];
    expect(losersOf(windows)).toEqual(new Map());
  });

  it('count once, where the claim is largest, and of equal ones in the later window', () => {
    fc.assert(
      fc.property(anyWindows, (windows) => {
        const losers = losersOf(windows);
        const rank = ({ claim, windowId }: { claim: number; windowId: string }) => `${claim}${windowId}`;
        for (const window of windows) {
          const lost = window.ids.filter((id) =>
            windows.some((other) => other.ids.includes(id) && rank(other) > rank(window)),
          );
          expect(losers.get(window.windowId) ?? []).toEqual(lost.sort());
        }
      }),
    );
  });
});
