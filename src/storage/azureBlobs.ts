import type { BlobRequestConditions, ContainerClient } from '@azure/storage-blob';
import type { BlobContainer, BlobItem, BlobWriteOptions } from './blobs.ts';
import { StorageError } from './blobs.ts';
import { toStorageError } from './restErrors.ts';

/** A container of Azure Blob Storage, or of anything that speaks its protocol. */
export function azureContainer(client: ContainerClient): BlobContainer {
  const blob = (name: string) => client.getBlockBlobClient(name);
  return {
    name: client.containerName,

    async *list(prefix) {
      try {
        for await (const item of client.listBlobsFlat({ prefix, includeMetadata: true })) {
          // An account with a hierarchical namespace lists its directories as well.
          if (item.metadata?.['hdi_isfolder'] === 'true') continue;
          yield {
            name: item.name,
            etag: bareEtag(item.properties.etag),
            sizeBytes: item.properties.contentLength ?? 0,
            metadata: item.metadata ?? {},
          };
        }
      } catch (error) {
        throw toStorageError(error, `listing ${client.containerName}/${prefix}`);
      }
    },

    properties: (name) => orUndefined(call(`properties of ${name}`, () => properties(client, name))),

    async read(name, options) {
      const what = `reading ${name}`;
      const answer = await orUndefined(
        call(what, () =>
          blob(name).download(0, undefined, {
            conditions: options?.ifMatch === undefined ? {} : { ifMatch: quoted(options.ifMatch) },
          }),
        ),
      );
      if (answer?.readableStreamBody === undefined) return undefined;
      return {
        name,
        etag: bareEtag(answer.etag),
        sizeBytes: answer.contentLength ?? 0,
        metadata: answer.metadata ?? {},
        chunks: mapped(answer.readableStreamBody as AsyncIterable<Uint8Array>, what),
      };
    },

    async put(name, content, options) {
      const answer = await call(`writing ${name}`, () =>
        blob(name).upload(content, content.length, writeOptions(options)),
      );
      return { etag: bareEtag(answer.etag) };
    },

    async stageBlock(name, blockId, content) {
      const id = Buffer.from(blockId, 'utf8').toString('base64');
      await call(`staging a block of ${name}`, () => blob(name).stageBlock(id, content, content.length));
    },

    async commitBlocks(name, blockIds, options) {
      const ids = blockIds.map((id) => Buffer.from(id, 'utf8').toString('base64'));
      const answer = await call(`committing ${name}`, () =>
        blob(name).commitBlockList(ids, writeOptions(options)),
      );
      return { etag: bareEtag(answer.etag) };
    },

    async delete(name, options) {
      const conditions = options?.ifMatch === undefined ? {} : { ifMatch: quoted(options.ifMatch) };
      await orUndefined(call(`deleting ${name}`, () => blob(name).delete({ conditions })));
    },
  };
}

async function properties(client: ContainerClient, name: string): Promise<BlobItem> {
  const answer = await client.getBlockBlobClient(name).getProperties();
  return {
    name,
    etag: bareEtag(answer.etag),
    sizeBytes: answer.contentLength ?? 0,
    metadata: answer.metadata ?? {},
  };
}

function writeOptions(options: BlobWriteOptions | undefined) {
  return {
    conditions: conditionsOf(options?.condition),
    metadata: { ...options?.metadata },
    blobHTTPHeaders: { blobContentType: options?.contentType ?? 'application/octet-stream' },
  };
}

function conditionsOf(condition: BlobWriteOptions['condition']): BlobRequestConditions {
  if (condition === undefined) return {};
  return condition === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: quoted(condition.ifMatch) };
}

/** Listings give ETags without quotes and headers with them: without is ours. */
const bareEtag = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '');
const quoted = (etag: string): string => `"${etag}"`;

async function call<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toStorageError(error, what);
  }
}

async function orUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    // A container that is missing is a fault of the deployment, not an empty answer.
    if (error instanceof StorageError && error.status === 404 && error.code !== 'ContainerNotFound')
      return undefined;
    throw error;
  }
}

async function* mapped(chunks: AsyncIterable<Uint8Array>, what: string): AsyncIterable<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw toStorageError(error, what);
  }
}
