import type { BlobContainer } from '../storage/blobs.ts';

/** The whole content of a blob; undefined if there is none. */
export async function readAll(container: BlobContainer, name: string): Promise<Buffer | undefined> {
  const blob = await container.read(name);
  if (blob === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of blob.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}
