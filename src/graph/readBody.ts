import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createUnzip } from 'node:zlib';

/** A body that is larger than the caller takes. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

export interface BodyOptions {
  /** `Content-Encoding` of the answer. */
  encoding: string | undefined;
  /** Bytes after decompression. */
  maxBytes: number;
  /** Called whenever bytes have come, with their number. */
  onBytes: (count: number) => void;
}

/**
 * Reads a whole body as UTF-8 text. Rejects when it ends early, compressed or not: a transport that merely
 * pipes an answer into a decompressor would wait for ever for the rest of a cut one.
 */
export async function readBody(
  body: NodeJS.ReadableStream,
  { encoding, maxBytes, onBytes }: BodyOptions,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const collect = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      chunks.push(chunk);
      done(size > maxBytes ? new BodyTooLargeError(`its body has more than ${maxBytes} bytes`) : null);
    },
  });
  body.on('data', (chunk: Buffer) => onBytes(chunk.length));
  if (encoding === undefined || encoding === 'identity') await pipeline(body, collect);
  else await pipeline(body, createUnzip(), collect);
  return Buffer.concat(chunks, size).toString('utf8');
}
