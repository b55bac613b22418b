import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../src/graph/errors.ts';
import { PageRows } from '../../src/graph/pageRows.ts';
import { readPage as readBytes, staysOn } from '../../src/graph/readPage.ts';
import { parsedRows } from '../support/pages.ts';

const ORIGIN = 'https://graph.microsoft.com';
const readPage = (body: string) => readBytes(Buffer.from(body), ORIGIN, new PageRows());
const failure = (body: string): GraphError => {
  try {
    readPage(body);
  } catch (error) {
    if (error instanceof GraphError) return error;
    throw error;
  }
  throw new Error('the page was taken');
};

describe('readPage', () => {
  it('gives the rows without looking into them, and the link as written', () => {
    const link = `${ORIGIN}/v1.0/communications/callRecords/getPstnCalls(from=2026-11-23,to=2026-11-24)?$skip=1000`;
    const rows = [{ id: 'a' }, null, 7, [], { id: null }];
    const page = readPage(JSON.stringify({ value: rows, '@odata.nextLink': link }));
    expect(parsedRows(page.rows)).toEqual(rows);
    expect(page.nextLink).toBe(link);
  });

  it('takes an empty page with a link', () => {
    const { rows, nextLink } = readPage(`{"value":[],"@odata.nextLink":"${ORIGIN}/x"}`);
    expect(rows).toHaveLength(0);
    expect(nextLink).toBe(`${ORIGIN}/x`);
  });

  it('takes no link and a null link as the last page', () => {
    expect(readPage('{"value":[]}').nextLink).toBeUndefined();
    expect(readPage('{"value":[],"@odata.nextLink":null}').nextLink).toBeUndefined();
  });

  it('takes a byte order mark before the JSON', () => {
    expect(parsedRows(readPage('\uFEFF{"value":[1]}').rows)).toEqual([1]);
  });

  it.each([
    ['HTML', '<!DOCTYPE html><html>Sign in</html>', /HTML/],
    ['nothing', '', /not whole JSON/],
    ['cut JSON', '{"value":[{"id":"a"},{"id"', /not whole JSON/],
    ['null', 'null', /not an object/],
    ['an array', '[{"id":"a"}]', /not an object/],
    ['a text', '"value"', /not an object/],
    ['no value', '{"@odata.count":0}', /without an array "value"/],
    ['a value that is no array', '{"value":{"0":{}}}', /without an array "value"/],
    ['an error beside a value', '{"error":{"code":"Oops"},"value":[]}', /error under status 200/],
  ])('refuses %s', (_name, body, message) => {
    const error = failure(body);
    expect(error.kind).toBe('badPage');
    expect(error.message).toMatch(message);
  });

  it('tells the code of an error, and nothing else of it', () => {
    const error = failure('{"error":{"code":"UnknownError","message":"Jane Doe"}}');
    expect(error.code).toBe('UnknownError');
    expect(error.message).not.toContain('Jane');
  });

  it('quotes nothing of a body that is not JSON', () => {
    expect(failure('{"userDisplayName":"Jane Doe", oops').message).not.toContain('Jane');
  });

  it.each([
    ['another host', '"https://graph.example.com/v1.0/x"'],
    ['another port', '"https://graph.microsoft.com:8443/x"'],
    ['http', '"http://graph.microsoft.com/v1.0/x"'],
    ['a host that only begins alike', '"https://graph.microsoft.com.example.com/x"'],
    ['a user that looks like the host', '"https://graph.microsoft.com@example.com/x"'],
    ['credentials on the right host', '"https://user:secret@graph.microsoft.com/x"'],
    ['a path', '"/v1.0/x"'],
    ['no scheme', '"//graph.microsoft.com/x"'],
    ['one slash', '"https:/graph.microsoft.com/x"'],
    ['backslashes', '"https:\\\\\\\\graph.microsoft.com\\\\x"'],
    ['blanks around', '" https://graph.microsoft.com/x"'],
    ['a line break', '"https://graph.micro\\nsoft.com/x"'],
    ['an empty text', '""'],
    ['a number', '7'],
    ['false', 'false'],
    ['an object', '{"href":"https://graph.microsoft.com/x"}'],
  ])('refuses a link with %s', (_name, link) => {
    const error = failure(`{"value":[],"@odata.nextLink":${link}}`);
    expect(error.kind).toBe('badLink');
    expect(error.message).not.toContain('secret');
  });

  it('takes every link on the origin, and returns it unchanged', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(visible, (rest) => {
        const link = `${ORIGIN}/${rest.replaceAll('\\', '')}`;
        expect(readPage(JSON.stringify({ value: [], '@odata.nextLink': link })).nextLink).toBe(link);
      }),
    );
  });

  it('takes no link of another authority', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, validSchemes: ['http', 'https'] }), (link) => {
        expect(staysOn(ORIGIN, link)).toBe(new URL(link).origin === ORIGIN);
      }),
    );
  });
});
