import type { Facts } from './facts.ts';
import { placeOfBlob } from './hours.ts';
import { landedBlob, linesOf } from './landing.ts';
import { metadataDifferences } from './metadata.ts';

/** Versions of blobs, in the order of the writes: whole, each of another read, and never of an older one. */
export function judgeHistory({ final, raw, rejected }: Facts): string[] {
  const differences: string[] = [];
  const newest = new Map<string, { claim: number; etag: string }>();
  for (const [etag, version] of final.history) {
    const { name, metadata, text } = version;
    const place = placeOfBlob(name);
    if (place === undefined) continue;
    const what = `history ${name} ${etag}`;
    if (place.root === 'ndjson') {
      const { lines, digest, faults } = landedBlob(version, text);
      differences.push(...faults.map((fault) => `${what}: ${fault}`));
      differences.push(...metadataDifferences(what, metadata, lines, digest));
    } else {
      differences.push(...metadataDifferences(what, metadata, linesOf(text).lines));
    }
    if (place.root === 'aside') continue;
    const claim = Number(metadata['claim']);
    const before = newest.get(name);
    if (before !== undefined && claim <= before.claim) {
      differences.push(`${what}: read ${claim} was written over read ${before.claim}`);
    }
    newest.set(name, { claim, etag });
  }
  for (const { name, etag, text } of [...raw.values(), ...rejected.values()]) {
    const last = newest.get(name);
    if (last?.etag !== etag) {
      differences.push(`history ${name}: ends with ${last?.etag ?? 'nothing'}, not ${etag}`);
    } else if (final.history.get(etag)?.text !== text) {
      differences.push(`history ${name}: has another content under ${etag}`);
    }
  }
  return differences;
}
