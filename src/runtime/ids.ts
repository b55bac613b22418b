import { randomUUID } from 'node:crypto';

/** Makes an unguessable name that no other run has: a nonce of a claim, a writer, a request. */
export type NewId = () => string;

export const randomId: NewId = () => randomUUID();
