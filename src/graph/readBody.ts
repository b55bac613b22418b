import { isUtf8 } from 'node:buffer';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createUnzip } from 'node:zlib';
import type { BodyBuffer } from './bodyBuffer.ts';

/** A body that came whole and cannot be taken: it is too large, or no text. */
export class BadBodyError extends Error {
  override readonly name = 'BadBodyError';
}

export interface BodyOptions {
  /** Where the body is put. */
  into: BodyBuffer;
  /** `Content-Encoding` of the answer. */
  encoding: string | undefined;
  /** Bytes after decompression. */
  maxBytes: number;
  /** Called whenever bytes have come, with their number. */
  onBytes: (count: number) => void;
}

/**
 * Reads a whole body of UTF-8 text. Rejects when it ends early, compressed or not: a transport that merely
 * pipes an answer into a decompressor would wait for ever for the rest of a cut one.
 * @returns the content of `into`
 * @throws BadBodyError if there is more than `maxBytes`, or if it is not UTF-8
 */
export async function readBody(
  body: NodeJS.ReadableStream,
  { into, encoding, maxBytes, onBytes }: BodyOptions,
): Promise<Buffer> {
  into.clear();
  const collect = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const fits = into.length + chunk.length <= maxBytes;
      if (fits) into.add(chunk);
      done(fits ? null : new BadBodyError(`its body has more than ${maxBytes} bytes`));
    },
  });
  body.on('data', (chunk: Buffer) => onBytes(chunk.length));
  if (encoding === undefined || encoding === 'identity') await pipeline(body, collect);
  else await pipeline(body, createUnzip(), collect);
  const { content } = into;
  // Decoding would put a replacement character for what is damaged, and a name would be another one for good.
  if (!isUtf8(content)) throw new BadBodyError('its body is not UTF-8');
  return content;
}
