import { hash } from 'node:crypto';

const HEX_DIGITS = 12;

/** Bytes of an {@link idHash}. */
export const ID_HASH_BYTES = HEX_DIGITS / 2;

/**
 * 48 bits of the SHA-256 of an id. Equal ids have equal hashes; that two others meet among the half million of
 * a very large day happens once in thousands of days, and then costs a look at the ids themselves.
 */
export const idHash = (id: string): number => Number.parseInt(hash('sha256', id).slice(0, HEX_DIGITS), 16);
