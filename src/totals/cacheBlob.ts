import { hash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { BlobContainer } from '../storage/blobs.ts';
import { isConflict } from '../storage/blobs.ts';
import { joined } from './readAll.ts';

/** What can be made again at any time, and is kept because that costs. */
export interface CacheBlob {
  etag: string;
  /** Undefined if it is damaged, or of another version: then it is made again. */
  content: Buffer | undefined;
}

const sha256 = (content: Uint8Array): string => hash('sha256', content);

const MAX_READS = 3;

/** Undefined if there is none. One that is replaced each time it is read counts as damaged. */
export async function readCache(
  control: BlobContainer,
  name: string,
  version: string,
): Promise<CacheBlob | undefined> {
  for (let reads = 1; ; reads += 1) {
    const blob = await control.read(name);
    if (blob === undefined) return undefined;
    try {
      const content = await joined(blob.chunks);
      const usable = blob.metadata['version'] === version && blob.metadata['sha256'] === sha256(content);
      return { etag: blob.etag, content: usable ? content : undefined };
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (reads === MAX_READS) return { etag: blob.etag, content: undefined };
    }
  }
}

/**
 * Writes a cache blob.
 * @param over ETag of the one that was read, 'absent' if there was none; another's that came since is left to
 *   stand. Without it, whatever stands there is replaced.
 */
export async function writeCache(
  control: BlobContainer,
  name: string,
  { content, version, createdAt, over }: CacheWrite,
): Promise<void> {
  try {
    await control.put(name, content, {
      ...(over === undefined ? {} : { condition: over }),
      metadata: { version, sha256: sha256(content), created: createdAt },
      contentType: 'application/octet-stream',
    });
  } catch (error) {
    if (over === undefined || !isConflict(error)) throw error;
  }
}

export interface CacheWrite {
  content: Uint8Array;
  version: string;
  /** Instant, ISO text. */
  createdAt: string;
  over?: { ifMatch: string } | 'absent';
}

/** The fastest level: ids and digests do not shrink much whatever is done. */
const LEVEL = 1;

// A window's worth takes some milliseconds, and a step without a wait keeps runs reproducible.
export const compress = (content: Uint8Array): Buffer => gzipSync(content, { level: LEVEL });
export const decompress = (content: Uint8Array): Buffer => gunzipSync(content);
