import { inParallel } from '../runtime/inParallel.ts';
import type { BlobContainer, BlobItem } from '../storage/blobs.ts';

/** A job of many days has many prefixes. */
const PARALLEL_LISTINGS = 8;

/**
 * The same container, of which the blobs under some prefixes are known by one listing each: until this side touches
 * a blob, `properties` answers from the listing and asks nobody. What it answers was true when this resolved; a
 * write on condition of such an ETag is refused if it is true no more, and the next look goes to the store.
 */
export async function listedFirst(
  container: BlobContainer,
  prefixes: readonly string[],
): Promise<BlobContainer> {
  const listed = new Map<string, BlobItem>();
  await inParallel(prefixes, PARALLEL_LISTINGS, async (prefix) => {
    for await (const item of container.list(prefix)) listed.set(item.name, item);
  });
  const touched = new Set<string>();
  const isKnown = (name: string): boolean =>
    !touched.has(name) && prefixes.some((prefix) => name.startsWith(prefix));
  const touch = (name: string): string => {
    touched.add(name);
    return name;
  };
  return {
    name: container.name,
    list: (prefix) => container.list(prefix),
    properties: (name) => (isKnown(name) ? Promise.resolve(listed.get(name)) : container.properties(name)),
    read: (name, options) => container.read(touch(name), options),
    put: (name, content, options) => container.put(touch(name), content, options),
    stageBlock: (name, blockId, content) => container.stageBlock(touch(name), blockId, content),
    commitBlocks: (name, blockIds, options) => container.commitBlocks(touch(name), blockIds, options),
    delete: (name, options) => container.delete(touch(name), options),
  };
}
