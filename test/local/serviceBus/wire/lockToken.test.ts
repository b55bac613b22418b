import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  tokenFromBytes,
  tokenToBytes,
  tokenToDeliveryTag,
} from '../../../../src/local/serviceBus/wire/lockToken.ts';

describe('lock tokens', () => {
  const token = '00112233-4455-6677-8899-aabbccddeeff';

  it('have the first three fields reversed in a delivery tag', () => {
    expect(tokenToDeliveryTag(token).toString('hex')).toBe('33221100554477668899aabbccddeeff');
  });

  it('are in network order in $management', () => {
    expect(tokenToBytes(token).toString('hex')).toBe('00112233445566778899aabbccddeeff');
  });

  it('survive the way to bytes and back', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => tokenFromBytes(tokenToBytes(uuid)) === uuid));
  });

  it.each([Buffer.alloc(15), Buffer.alloc(17), 'text', undefined])('are not found in %j', (bytes) => {
    expect(tokenFromBytes(bytes)).toBeUndefined();
  });
});
