import type { BlobContainer } from '../../src/storage/blobs.ts';
import type { MemoryContainer } from '../support/memoryBlobs.ts';

/** A version of a blob as it once was. */
export interface BlobVersion {
  name: string;
  text: string;
  metadata: Readonly<Record<string, string>>;
}

export interface RecordedContainer {
  container: BlobContainer;
  /** By ETag. */
  history: Map<string, BlobVersion>;
}

/**
 * The same container, of which every version is kept, and to which nothing may be done that the format forbids: a
 * blob of a read is never replaced by that of an older one, and never deleted; many rows go only if a read that was
 * kept aside before had lost them already. Nor does one land after a newer read was accepted.
 * @param acceptedClaim largest claim of the accepted reads of the window of a blob; 0 if nothing can be said
 * @param isLost whether a read that does not bring a row has lost it
 * @param onFault is told in words
 */
export function recordedRaw(
  inner: MemoryContainer,
  acceptedClaim: (blobName: string) => number,
  isLost: (line: string) => boolean,
  onFault: (fault: string) => void,
): RecordedContainer {
  const history = new Map<string, BlobVersion>();
  const claimOf = (name: string): number => Number(inner.blobs.get(name)?.metadata['claim'] ?? 0);
  const hasWitness = (name: string, claim: number): boolean => {
    const aside = name.replace(RAW, 'aside/');
    return [...history.values()].some(
      (version) => version.name === aside && Number(version.metadata['claim']) < claim,
    );
  };
  const keep = async (name: string, write: () => Promise<{ etag: string }>): Promise<{ etag: string }> => {
    const before = claimOf(name);
    const textBefore = inner.text(name) ?? '';
    const written = await write();
    const { etag } = written;
    const metadata = inner.blobs.get(name)?.metadata ?? {};
    const text = inner.text(name) ?? '';
    history.set(etag, { name, text, metadata });
    const claim = claimOf(name);
    if (claim < before) onFault(`${name}: a read of claim ${before} was replaced by claim ${claim}`);
    const accepted = name.startsWith(RAW) ? acceptedClaim(name) : 0;
    if (claim < accepted) onFault(`${name}: read ${claim} was landed after read ${accepted} was accepted`);
    if (name.startsWith(RAW) && isDoubtful(textBefore, text, isLost) && !hasWitness(name, claim)) {
      onFault(`${name}: read ${claim} lost many rows and was believed though none before had lost them`);
    }
    return written;
  };
  return {
    history,
    container: {
      ...inner,
      put: (name, content, options) => keep(name, () => inner.put(name, content, options)),
      commitBlocks: (name, ids, options) => keep(name, () => inner.commitBlocks(name, ids, options)),
      delete: (name, options) => {
        onFault(`${name} was deleted`);
        return inner.delete(name, options);
      },
    },
  };
}

const RAW = 'ndjson/';

/** More than 10 rows and 5 %, as the documents have it. */
function isDoubtful(before: string, after: string, isLost: (line: string) => boolean): boolean {
  const rows = linesOf(before);
  const left = new Set(linesOf(after).map(keyOf));
  const lost = rows.filter((line) => !left.has(keyOf(line)) && isLost(line)).length;
  return lost > 10 && lost * 20 > rows.length;
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Its id, or the whole line. */
const keyOf = (line: string): string => /^\{"id":("[^"]*")/.exec(line)?.[1] ?? line;
