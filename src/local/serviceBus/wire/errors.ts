import { DecodeError } from './sections.ts';

/** An error as AMQP carries it. */
export interface WireError {
  condition: string;
  description: string;
}

export const MESSAGE_LOCK_LOST: WireError = {
  condition: 'com.microsoft:message-lock-lost',
  description:
    'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
};

export const NOT_ALLOWED_ON_DEAD_LETTERS: WireError = {
  condition: 'amqp:not-allowed',
  description: 'A message of a dead-letter queue cannot be dead-lettered again: complete or abandon it.',
};

export const notAllowed = (description: string): WireError => ({
  condition: 'amqp:not-allowed',
  description,
});

/** Clients look for this sentence: without it they take the error for a passing one and try again. */
export const entityNotFound = (address: string): WireError => ({
  condition: 'amqp:not-found',
  description: `The messaging entity '${address}' could not be found.`,
});

export const tooLarge = (bytes: number, maxBytes: number): WireError => ({
  condition: 'amqp:link:message-size-exceeded',
  description: `The message has ${bytes} bytes; this link takes ${maxBytes} at most.`,
});

export const cannotDecode = (why: string): WireError => ({
  condition: 'amqp:decode-error',
  description: `The message cannot be decoded: ${why}.`,
});

/** Why a message was not taken: its own fault, or this endpoint's. */
export const failureOf = (error: unknown): WireError =>
  error instanceof DecodeError
    ? cannotDecode(error.message)
    : { condition: 'amqp:internal-error', description: `The endpoint failed: ${String(error)}` };
