import { describe, expect, it } from 'vitest';
import { GraphError, type GraphErrorKind } from '../../src/graph/errors.ts';
import { rangeFault } from '../../src/graph/rangeFault.ts';

const at = (kind: GraphErrorKind, tries: number) => rangeFault(new GraphError(kind, 'x'), tries);

describe('what may be the fault of the range that was asked for', () => {
  it.each<GraphErrorKind>(['refused', 'rangeTooWide'])(
    'is what Graph refuses, from the first (%s)',
    (kind) => {
      expect(at(kind, 0)).toBe('refused');
    },
  );

  it.each<GraphErrorKind>(['server', 'timeout', 'badPage', 'badLink'])(
    'is what fails three times and may pass before (%s)',
    (kind) => {
      expect([0, 1, 2, 20].map((tries) => at(kind, tries))).toEqual([
        undefined,
        undefined,
        'failing',
        'failing',
      ]);
    },
  );

  it.each<GraphErrorKind>([
    ...(['credential', 'unauthorized', 'forbidden', 'notFound'] as const),
    ...(['throttled', 'network', 'budget', 'redirect'] as const),
  ])('is not what concerns every range (%s)', (kind) => {
    expect(at(kind, 20)).toBeUndefined();
  });

  it('is nothing that others than Graph have done', () => {
    expect(rangeFault(new Error('the storage gave no answer'), 20)).toBeUndefined();
  });
});
