import { StorageError } from '../../src/storage/blobs.ts';

/** Azurite lets pass what Azure refuses, and keeps uncommitted blocks where Azure discards them. */
export type BlobSemantics = 'azure' | 'azurite';

/** Blocks of a blob. */
export const MAX_BLOCKS = 50_000;
export const MAX_UNCOMMITTED_BLOCKS = 100_000;
/** Names and values of a blob's metadata together. */
const MAX_METADATA_BYTES = 8 * 1024;

/** Names that come back as they were given: through headers, in lower case. */
const METADATA_NAME = /^[a-z_][a-z0-9_]*$/;
/** Text that a header carries whatever the client. */
const METADATA_VALUE = /^[ -~]*$/;

/**
 * Metadata as it comes back: headers lose blanks at the ends, and those that are empty are lost.
 * @throws StorageError 400 if it is no metadata, or too much of it
 */
export function checkedMetadata(
  semantics: BlobSemantics,
  metadata: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    bytes += name.length + value.length;
    if (!METADATA_NAME.test(name) || !METADATA_VALUE.test(value)) {
      throw new StorageError(400, 'InvalidMetadata', `metadata ${name} does not come back as it was given`);
    }
    if (value.trim() !== '') kept[name] = value.trim();
  }
  if (bytes > MAX_METADATA_BYTES && semantics !== 'azurite') {
    throw new StorageError(400, 'MetadataTooLarge', `metadata of ${bytes} bytes`);
  }
  return kept;
}
