import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTATIONS } from './list.mjs';

const root = new URL('../../../', import.meta.url);

describe('every known fault', () => {
  it.each(MUTATIONS)('can still be put into the source: $name', ({ edits, why }) => {
    expect(why).not.toBe('');
    for (const { file, from, to } of edits) {
      expect(existsSync(new URL(file, root)), file).toBe(true);
      const parts = readFileSync(new URL(file, root), 'utf8').split(from);
      expect(parts.length - 1, `${file} holds ${from}`).toBe(1);
      expect(to).not.toBe(from);
    }
  });

  it('has a name of its own', () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  });
});
