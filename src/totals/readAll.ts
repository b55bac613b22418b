import type { BlobContainer } from '../storage/blobs.ts';

/** The whole content of a blob; undefined if there is none. */
export async function readAll(container: BlobContainer, name: string): Promise<Buffer | undefined> {
  const blob = await container.read(name);
  return blob && joined(blob.chunks);
}

export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}
