import { readPage } from '../../src/graph/readPage.ts';
import { PageRows } from '../../src/graph/pageRows.ts';
import type { PstnCallsPage } from '../../src/graph/pstnCalls.ts';

const ORIGIN = 'https://graph.microsoft.com';

/** A page as the client gives it, of the JSON of each row. */
export const pageOfTexts = (texts: readonly string[], number = 1): PstnCallsPage => ({
  number,
  rows: readPage(Buffer.from(`{"value":[${texts.join(',')}]}`), ORIGIN, new PageRows()).rows,
  requestId: undefined,
});

export const textsOf = (rows: PageRows): string[] =>
  Array.from({ length: rows.length }, (_, row) => rows.textOf(row));

export const parsedRows = (rows: PageRows): unknown[] =>
  textsOf(rows).map((text): unknown => JSON.parse(text));
