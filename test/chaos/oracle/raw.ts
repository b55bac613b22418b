import { unmatched } from './differences.ts';
import type { ExpectedLine } from './expectedRows.ts';
import type { Facts, RawBlob } from './facts.ts';
import { shortly, strictForm } from './landing.ts';
import { metadataDifferences } from './metadata.ts';

/** Each window that had to be read holds exactly the rows that fit, and no other window holds any. */
export function judgeRaw({ expected, raw, windowIds }: Facts): string[] {
  const differences = windowIds.flatMap((id) => {
    const lines = expected.fitting.get(id) ?? [];
    const blob = raw.get(id);
    if (blob !== undefined) return blobDifferences(blob, lines);
    return lines.map(
      ({ call }) => `raw ${id}: there is no blob, and a row is missing: ${shortly(call.line)}`,
    );
  });
  const covered = new Set(windowIds);
  for (const { windowId, landed } of raw.values()) {
    if (covered.has(windowId) || landed.lines.length === 0) continue;
    differences.push(`raw ${windowId}: ${landed.lines.length} rows of a window that nobody had to read`);
  }
  return differences;
}

function blobDifferences(blob: RawBlob, expected: readonly ExpectedLine[]): string[] {
  const what = `raw ${blob.windowId}`;
  const { landed, metadata } = blob;
  return [
    ...landed.faults.map((fault) => `${what}: ${fault}`),
    ...lineDifferences(what, landed.lines, expected),
    ...metadataDifferences(what, metadata, landed.lines, landed.digest),
  ];
}

function lineDifferences(
  what: string,
  found: readonly string[],
  expected: readonly ExpectedLine[],
): string[] {
  const { missing, added } = unmatched(
    found,
    expected.map(({ call }) => call.line),
  );
  if (missing.length === 0 && added.length === 0) return [];
  // The same row may be written with other digits or another order inside its lists.
  const byLine = new Map(expected.map((one) => [one.call.line, one]));
  const forms = new Map(missing.map((line) => [byLine.get(line)?.form() ?? line, line]));
  const differences: string[] = [];
  for (const line of added) {
    try {
      if (!forms.delete(strictForm(line))) differences.push(`${what}: a row too much: ${shortly(line)}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      differences.push(`${what}: a line is not as it is landed: ${shortly(reason)}`);
    }
  }
  for (const line of forms.values()) differences.push(`${what}: a row is missing: ${shortly(line)}`);
  return differences;
}
