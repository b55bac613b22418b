import { BadRowError, parseCallRow, type CallRow } from './callRow.ts';

/** A raw blob that cannot be folded: which one, which line, what is wrong and what mends it. */
export class BadRawBlobError extends Error {
  override readonly name = 'BadRawBlobError';
}

/**
 * The rows of one raw blob, in runs of what came together. Holds one chunk and one unfinished line, not the
 * blob.
 * @throws BadRawBlobError at the first line that is not a landed row.
 */
export async function* readRows(
  blobName: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<CallRow[]> {
  let lineNumber = 0;
  const parse = (line: string): CallRow => {
    lineNumber += 1;
    try {
      return parseCallRow(line);
    } catch (error) {
      if (error instanceof BadRowError) throw badBlob(blobName, lineNumber, error.message);
      throw error;
    }
  };

  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw badBlob(blobName, lineNumber + 1, 'not UTF-8 (in this line or a later one)', { cause });
    }
  };

  // Pieces of a line are joined once: a line may span very many chunks.
  let unfinished: string[] = [];
  for await (const chunk of chunks) {
    const lines = decode(chunk).split('\n');
    const rest = lines.pop() ?? '';
    const [first, ...others] = lines;
    if (first !== undefined) {
      const rows = [parse(unfinished.join('') + first)];
      unfinished = [];
      for (const line of others) rows.push(parse(line));
      yield rows;
    }
    if (rest !== '') unfinished.push(rest);
  }
  const last = unfinished.join('') + decode();
  if (last !== '') throw badBlob(blobName, lineNumber + 1, 'does not end in a line feed: the blob is cut');
}

function badBlob(blobName: string, lineNumber: number, why: string, options?: ErrorOptions): BadRawBlobError {
  return new BadRawBlobError(
    `${blobName}, line ${lineNumber}: ${why}. The totals of the day stay as they were; read this hour again from ` +
      'Microsoft Graph with "pstn backfill" to replace the blob',
    options,
  );
}
