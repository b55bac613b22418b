import { describe, expect, it } from 'vitest';
import { type CompleteRead, decideCommit, type StoredRead } from '../../src/landing/decideCommit.ts';

const DIGEST = 'd'.repeat(64);
const stored: StoredRead = { etag: 'e', claim: 4, digest: DIGEST, rows: 3, attempt: 'theirs' };
const read: CompleteRead = { claim: 5, digest: DIGEST, rows: 3, attempt: 'mine', alone: true };

describe('what becomes of a complete read', () => {
  it('gives way to a read that claimed later', () => {
    expect(decideCommit({ ...stored, claim: 6 }, { ...read, digest: 'other' })).toBe('superseded');
  });

  it('knows its own write again, whose answer was lost', () => {
    expect(decideCommit({ ...stored, claim: 5, attempt: 'mine' }, read)).toBe('landed');
    expect(decideCommit({ ...stored, claim: 5, attempt: 'theirs' }, read)).toBe('superseded');
  });

  it('leaves a blob alone that has the same rows', () => {
    expect(decideCommit(stored, read)).toBe('unchanged');
  });

  it('writes the same rows once more to fence an older read that is under way', () => {
    expect(decideCommit(stored, { ...read, alone: false })).toBe('commit');
  });

  it('replaces other rows of an older read', () => {
    expect(decideCommit({ ...stored, digest: 'other' }, read)).toBe('commit');
  });

  it('makes no blob for a window without rows, unless an older read could still make one', () => {
    const empty = { ...read, rows: 0, digest: '0'.repeat(64) };
    expect(decideCommit(undefined, empty)).toBe('unchanged');
    expect(decideCommit(undefined, { ...empty, alone: false })).toBe('commit');
    expect(decideCommit(stored, empty)).toBe('commit');
  });

  it('makes the first blob', () => {
    expect(decideCommit(undefined, read)).toBe('commit');
  });

  it('takes a blob without a claim for older than every read', () => {
    expect(decideCommit({ ...stored, claim: 0, digest: '' }, { ...read, claim: 1 })).toBe('commit');
  });
});
