import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A page of keys, and whether there may be more. */
export interface Page {
  keys: readonly string[];
  /** The service says that there is more, whether or not there is. */
  more: boolean;
}

export interface PagedServiceOptions {
  /** A page of blob names, or of row keys, behind `after` (undefined: from the first); undefined: refused by 403. */
  page: (kind: 'blobs' | 'entities', after: string | undefined, bounds: Bounds) => Page | undefined;
}

export interface Bounds {
  prefix: string;
  from: string | undefined;
  below: string | undefined;
}

/**
 * As much of a storage account as lists blobs and queries a table, on loopback: pages may be short and empty, as
 * Azure's are and those of Azurite never. A page goes on behind the one before, which it finds by an opaque token.
 */
export async function startPagedService(options: PagedServiceOptions) {
  const server = createServer((request, response) => answer(request, response, options));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}/account`;
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5;BlobEndpoint=${origin};TableEndpoint=${origin}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, options: PagedServiceOptions): void {
  const { searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
  if (searchParams.get('comp') === 'list') {
    const prefix = searchParams.get('prefix') ?? '';
    const after = afterToken(searchParams.get('marker'));
    const page = options.page('blobs', after, { prefix, from: undefined, below: undefined });
    if (page === undefined)
      refuse(response, 'application/xml', '<Error><Code>AuthorizationFailure</Code></Error>');
    else
      response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(listing(page, tokenAfter(page, after)));
    return;
  }
  const filter = searchParams.get('$filter') ?? '';
  const after = afterToken(searchParams.get('NextRowKey'));
  const page = options.page('entities', after, {
    prefix: '',
    from: /RowKey ge '([^']*)'/.exec(filter)?.[1],
    below: /RowKey lt '([^']*)'/.exec(filter)?.[1],
  });
  if (page === undefined) {
    refuse(
      response,
      'application/json',
      '{"odata.error":{"code":"AuthorizationFailure","message":{"value":"no"}}}',
    );
    return;
  }
  const token = tokenAfter(page, after);
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(page.more
      ? { 'x-ms-continuation-NextPartitionKey': '1!4!cA--', 'x-ms-continuation-NextRowKey': token }
      : {}),
  });
  response.end(entities(page.keys));
}

/** Where the next page begins: behind the last key of this one, or, if it is empty, where this one began. */
const tokenAfter = (page: Page, after: string | undefined): string =>
  Buffer.from(`after:${page.keys.at(-1) ?? after ?? ''}`).toString('base64url');

function afterToken(token: string | null): string | undefined {
  if (token === null || token === '') return undefined;
  const key = Buffer.from(token, 'base64url')
    .toString('utf8')
    .replace(/^after:/, '');
  return key === '' ? undefined : key;
}

function refuse(response: ServerResponse, type: string, body: string): void {
  response.writeHead(403, { 'content-type': type, 'x-ms-error-code': 'AuthorizationFailure' }).end(body);
}

function listing(page: Page, token: string): string {
  const blobs = page.keys.map(
    (name) =>
      `<Blob><Name>${name}</Name><Properties><Etag>0x1</Etag><Content-Length>1</Content-Length>` +
      `<BlobType>BlockBlob</BlobType></Properties>${name.endsWith('.d') ? FOLDER : ''}</Blob>`,
  );
  const next = page.more ? `<NextMarker>${token}</NextMarker>` : '<NextMarker />';
  return `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>${blobs.join('')}</Blobs>${next}</EnumerationResults>`;
}

/** Of an account with a hierarchical namespace. */
const FOLDER = '<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>';

const entities = (keys: readonly string[]): string =>
  JSON.stringify({
    value: keys.map((key) => ({
      'odata.etag': `W/"datetime'2026-01-01T00%3A00%3A00.0000000Z'"`,
      PartitionKey: 'p',
      RowKey: key,
      Timestamp: '2026-01-01T00:00:00.0000000Z',
    })),
  });
