import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnText, MAX_COLUMN_LENGTH } from '../../src/totals/columnText.ts';

describe('text of a column', () => {
  it('is the plain value', () => {
    expect(columnText('a/b\\c#d?e%f|g 😀 é')).toBe('a/b\\c#d?e%f|g 😀 é');
  });

  it('has line separators and unpaired surrogates escaped', () => {
    expect(columnText('a\u2028b\u2029c\ud800d')).toBe('a\\u2028b\\u2029c\\ud800d');
  });

  it('is cut at 32,000 units, and not inside a surrogate pair', () => {
    expect(columnText('x'.repeat(40_000))).toBe('x'.repeat(MAX_COLUMN_LENGTH));
    expect(columnText(`x${'😀'.repeat(20_000)}`)).toBe(`x${'😀'.repeat(15_999)}`);
    expect(columnText('😀'.repeat(20_000))).toBe('😀'.repeat(16_000));
  });

  it('fits whatever the text is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('\u2028', '\ud800', '\udc00', '😀', 'x'.repeat(9_000))),
        (parts) => {
          const text = columnText(parts.join(''));
          expect(text.length).toBeLessThanOrEqual(MAX_COLUMN_LENGTH);
          expect(text).not.toMatch(/[\u2028\u2029\p{Surrogate}]/u);
        },
      ),
    );
  });
});
