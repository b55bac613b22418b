import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/local/serviceBus/addresses.ts';

describe('parseAddress', () => {
  it.each([
    ['orders', { kind: 'queue', queue: 'orders', deadLetters: false }],
    ['Orders', { kind: 'queue', queue: 'orders', deadLetters: false }],
    ['/orders', { kind: 'queue', queue: 'orders', deadLetters: false }],
    ['amqp://127.0.0.1:5672/orders', { kind: 'queue', queue: 'orders', deadLetters: false }],
    ['sb://127.0.0.1/orders/$management', { kind: 'management', queue: 'orders', deadLetters: false }],
    ['orders/$DeadLetterQueue', { kind: 'queue', queue: 'orders', deadLetters: true }],
    ['orders/$deadletterqueue/$Management', { kind: 'management', queue: 'orders', deadLetters: true }],
    ['a/b/c', { kind: 'queue', queue: 'a/b/c', deadLetters: false }],
    ['$cbs', { kind: 'cbs' }],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each(['', '/', 'amqp://127.0.0.1:5672/', undefined, null])('finds nothing in %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
