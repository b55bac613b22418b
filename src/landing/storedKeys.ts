const ID_HEAD = '{"id":"';
const NO_ID_HEAD = '{"id":null,';

/**
 * The keys by which the rows of a landed blob are known, in runs of what came together: the id, or, without
 * one, the whole line. Holds one chunk and one unfinished line, not the blob.
 */
export async function* storedKeys(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  // Pieces of a line are joined once: a line may span very many chunks.
  let unfinished: string[] = [];
  for await (const chunk of chunks) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    const rest = lines.pop() ?? '';
    const [first, ...others] = lines;
    if (first !== undefined) {
      const whole = unfinished.join('') + first;
      unfinished = [];
      yield [whole, ...others].filter((line) => line !== '').map(keyOfLine);
    }
    if (rest !== '') unfinished.push(rest);
  }
  const last = unfinished.join('') + decoder.decode();
  if (last !== '') yield [keyOfLine(last)];
}

/** Lines begin with the id: only one that has to be unescaped, or was not landed by us, is parsed. */
function keyOfLine(line: string): string {
  if (line.startsWith(NO_ID_HEAD)) return line;
  if (line.startsWith(ID_HEAD)) {
    const id = line.slice(ID_HEAD.length, line.indexOf('"', ID_HEAD.length));
    if (id !== '' && !id.includes('\\')) return id;
  }
  return parsedId(line) ?? line;
}

function parsedId(line: string): string | undefined {
  try {
    const row: unknown = JSON.parse(line);
    const id = typeof row === 'object' && row !== null && 'id' in row ? row.id : undefined;
    return typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    // Not ours: it is known by its text, as a row without an id is.
    return undefined;
  }
}
