import type { BlobContainer, StorageError } from '../../src/storage/blobs.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export async function textOf(container: BlobContainer, name: string): Promise<string | undefined> {
  const content = await container.read(name);
  if (content === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const chunk of content.chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

export async function namesOf(container: BlobContainer, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const item of container.list(prefix)) names.push(item.name);
  return names;
}

/** What became of each call: 0, or the status of its refusal. */
export const statuses = async (calls: readonly Promise<unknown>[]): Promise<number[]> =>
  (await Promise.allSettled(calls)).map((call) =>
    call.status === 'fulfilled' ? 0 : (call.reason as StorageError).status,
  );
