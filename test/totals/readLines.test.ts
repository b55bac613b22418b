import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRows } from '../../src/totals/readLines.ts';
import { aCall, anyCall, toLine } from './support/calls.ts';

const NAME = 'ndjson/v1/callDate=2026-11-23/pstn-calls-1000-PT60M.jsonl';

async function read(chunks: Uint8Array[]) {
  const rows = [];
  for await (const run of readRows(NAME, yielding(chunks))) rows.push(...run);
  return rows;
}

async function* yielding(chunks: Uint8Array[]) {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

const line = toLine('2026-11-23', 10, aCall({ userDisplayName: 'Åsa 😀' }));
const bytes = (text: string) => Buffer.from(text);

describe('rows of a raw blob', () => {
  it('are the same wherever the chunks are cut, even inside a character', async () => {
    const lines = fc.array(
      anyCall.map((call) => toLine('2026-11-23', 10, call)),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 900 }), async (texts, size) => {
        const body = bytes(texts.join(''));
        const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
          body.subarray(i * size, (i + 1) * size),
        );
        const [whole, cut] = [await read([body]), await read(chunks)];
        expect(cut).toEqual(whole);
        expect(whole).toHaveLength(texts.length);
      }),
    );
  });

  it('of an empty blob are none', async () => {
    expect(await read([])).toEqual([]);
  });

  it.each([
    ['not JSON', 'nonsense', 'not JSON'],
    ['no object', '[1]', 'not a JSON object'],
    ['an empty line', '', 'not JSON'],
    ['text for money', line.trim().replace('"charge":0.120000', '"charge":"0.12"'), 'charge'],
    ['seven decimals', line.trim().replace('"charge":0.120000', '"charge":0.1234567'), 'charge'],
    ['a column that is missing', line.trim().replace('"currency":"USD",', ''), 'currency'],
    ['a number for a name', line.trim().replace('"userId":"user-a"', '"userId":5'), 'userId'],
    ['half a second', line.trim().replace('"duration":60', '"duration":0.5'), 'duration'],
    ['no start', line.trim().replace(/"startDateTime":"[^"]*"/, '"startDateTime":null'), 'startDateTime'],
    ['a start that is no date', line.trim().replace('T10:', 'T25:'), 'startDateTime'],
  ])('%s: the error names blob, line and fault', async (_, bad, fault) => {
    const reading = read([bytes(`${line}${bad}\n${line}`)]);
    await expect(reading).rejects.toThrow(new RegExp(`^${NAME}, line 2: .*${fault}.*pstn backfill`));
  });

  it('that are cut off are an error, never fewer rows', async () => {
    await expect(read([bytes(line), bytes(line.slice(0, -1))])).rejects.toThrow(/line 2: does not end/);
  });

  it('that are not UTF-8 are an error', async () => {
    await expect(read([bytes(line), Uint8Array.of(0x7b, 0xff, 0x0a)])).rejects.toThrow(/line 2: not UTF-8/);
    await expect(read([bytes(line), Uint8Array.of(0xf0, 0x9f)])).rejects.toThrow(/line 2: not UTF-8/);
  });

  it('never show what stands in them when they are wrong', async () => {
    const secret = '{"userDisplayName":"Secret Name" "calleeNumber":"+15550100"}';
    const failure = await read([bytes(`${secret}\n`)]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    const { message, stack, cause } = failure as Error;
    expect(`${message}${stack ?? ''}${String(cause)}`).not.toMatch(/Secret|5550100/);
  });
});
