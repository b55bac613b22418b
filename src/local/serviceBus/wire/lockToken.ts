/**
 * Lock tokens are UUIDs, kept here as text. On the wire they come in two orders: as a delivery tag in the
 * order of .NET's Guid, whose first three fields are little-endian, and in `$management` in network order.
 */
const DOTNET_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

/** 16 bytes in network order. */
export const tokenToBytes = (token: string): Buffer => Buffer.from(token.replaceAll('-', ''), 'hex');

/** Undefined unless these are 16 bytes. */
export function tokenFromBytes(bytes: unknown): string | undefined {
  if (!Buffer.isBuffer(bytes) || bytes.length !== 16) return undefined;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The delivery tag under which a locked message is sent. */
export function tokenToDeliveryTag(token: string): Buffer {
  const bytes = tokenToBytes(token);
  return Buffer.from(DOTNET_ORDER.map((index) => bytes[index] ?? 0));
}
