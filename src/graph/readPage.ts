import { GraphError } from './errors.ts';
import type { PageRows } from './pageRows.ts';
import { scanPage } from './scanPage.ts';
import { errorCodeOf } from './statusError.ts';

export interface CheckedPage {
  /** JSON each, and nothing more is known. */
  rows: PageRows;
  /** Address of the next page, exactly as Graph wrote it; undefined on the last page. */
  nextLink: string | undefined;
}

/**
 * Checks that the body of a 200 is what it claims to be: a JSON object with an array `value`, and a link that
 * stays with this Graph.
 * @param body UTF-8
 * @param rows is filled with the page's
 * @throws GraphError `badPage` or `badLink`.
 */
export function readPage(body: Buffer, origin: string, rows: PageRows): CheckedPage {
  const envelope = scanPage(body, rows);
  // What is no page is looked at as a whole, to say what is wrong with it.
  const parsed = parseBody(envelope ?? body.toString());
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badPage('JSON that is not an object');
  }
  if ('error' in parsed && parsed.error !== null) {
    throw new GraphError('badPage', 'Graph answered with an error under status 200', {
      code: errorCodeOf(parsed),
    });
  }
  if (envelope === undefined) throw badPage('JSON without an array "value"');
  const link: unknown = '@odata.nextLink' in parsed ? parsed['@odata.nextLink'] : undefined;
  const nextLink = link === undefined || link === null ? undefined : checkLink(link, origin);
  return { rows, nextLink };
}

function parseBody(body: string): unknown {
  try {
    // A byte order mark is legal before JSON, but JSON.parse does not take it.
    return JSON.parse(body.charCodeAt(0) === 0xfeff ? body.slice(1) : body);
  } catch {
    // The parser's message quotes the text, which may hold names and numbers.
    throw badPage(body.trimStart().startsWith('<') ? 'HTML instead of JSON' : 'text that is not whole JSON');
  }
}

const badPage = (found: string): GraphError =>
  new GraphError(
    'badPage',
    `Graph answered with ${found}, which is no page of calls: the job is sent again later`,
  );

/**
 * True for an absolute address on `origin`. A link is data from outside, and the token goes where it points.
 */
export function staysOn(origin: string, address: string): boolean {
  // Written out in full: URL would also take "https:host", backslashes and blanks around it.
  if (!/^https?:\/\/[^\s\\]+$/i.test(address) || !URL.canParse(address)) return false;
  const url = new URL(address);
  return url.origin === origin && url.username === '' && url.password === '';
}

function checkLink(link: unknown, origin: string): string {
  if (typeof link === 'string' && staysOn(origin, link)) return link;
  const where =
    typeof link === 'string' && URL.canParse(link)
      ? `to ${new URL(link).origin}`
      : 'that is no absolute address';
  throw new GraphError(
    'badLink',
    `Graph answered with a nextLink ${where}; only ${origin} is ever asked, so it was not followed: check GRAPH_CLOUD, ` +
      'and whether something stands between this app and Graph',
  );
}
