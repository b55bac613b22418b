import { rejectedLine } from '../../support/storedLines.ts';
import { unmatched } from './differences.ts';
import { expectedRows } from './expectedRows.ts';
import type { Facts, StoredBlob } from './facts.ts';
import { linesOf, shortly } from './landing.ts';
import { metadataDifferences } from './metadata.ts';

/** Rows that do not fit stand in the rejected blob of their window, with the columns that are at fault. */
export function judgeRejected({ expected, rejected, windowIds }: Facts): string[] {
  const differences = windowIds.flatMap((id) => {
    const forms = expected.rejected.get(id) ?? [];
    const blob = rejected.get(id);
    if (blob !== undefined) return blobDifferences(blob, forms);
    return forms.map((form) => `rejected ${id}: there is no blob, and a row is missing: ${shortly(form)}`);
  });
  const covered = new Set(windowIds);
  for (const { windowId, text } of rejected.values()) {
    if (!covered.has(windowId) && text !== '') {
      differences.push(`rejected ${windowId}: rows of a window that nobody had to read`);
    }
  }
  return differences;
}

function blobDifferences({ windowId, text, metadata }: StoredBlob, expected: readonly string[]): string[] {
  const what = `rejected ${windowId}`;
  const { lines, faults } = linesOf(text);
  const forms = lines.map(formOrFault);
  const { missing, added } = unmatched(forms, expected);
  return [
    ...faults.map((fault) => `${what}: ${fault}`),
    ...missing.map((form) => `${what}: a row is missing: ${shortly(form)}`),
    ...added.map((form) => `${what}: a row too much: ${shortly(form)}`),
    ...metadataDifferences(what, metadata, lines),
  ];
}

function formOrFault(line: string): string {
  try {
    return rejectedLine(line);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const UNKNOWN = 'rejected/v1/callDate=unknown/';

/** Rows that name no day: a blob each, named by its row. Once made it stays, though the row may change. */
export function judgeUnknownDay({ final, expected }: Facts): string[] {
  const { raw, formerRows } = final;
  const former = formerRows && expectedRows(formerRows).withoutDay;
  const differences: string[] = [];
  for (const [name, form] of expected.withoutDay) {
    if (!raw.blobs.has(name)) differences.push(`a row that names no day is missing: ${shortly(form)}`);
  }
  for (const [name, { content }] of raw.blobs) {
    if (!name.startsWith(UNKNOWN)) continue;
    const { lines, faults } = linesOf(Buffer.from(content).toString('utf8'));
    differences.push(...faults.map((fault) => `${name}: ${fault}`));
    const [line, ...others] = lines;
    if (line === undefined || others.length > 0) {
      differences.push(`${name}: holds ${lines.length} rows, not 1`);
      continue;
    }
    const form = formOrFault(line);
    const known = expected.withoutDay.get(name) ?? former?.get(name);
    if (known !== undefined ? form !== known : former !== undefined || !isNamedByItsRow(name, line)) {
      differences.push(`${name}: a row too much: ${shortly(form)}`);
    }
  }
  return differences;
}

/** Of a row of earlier, which the log does not have any more. */
function isNamedByItsRow(name: string, line: string): boolean {
  const [, row] = /^\{"reason":"(?:[^"\\]|\\.)*","row":(.*)\}$/s.exec(line) ?? [];
  return row !== undefined && expectedRows([row]).withoutDay.has(name);
}
