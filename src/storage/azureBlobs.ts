import type { BlobRequestConditions, ContainerClient } from '@azure/storage-blob';
import type { BlobContainer, BlobItem, BlobWriteOptions } from './blobs.ts';
import { StorageError } from './blobs.ts';
import { ANSWER_MS, answered, answeredPages } from './answered.ts';
import { toStorageError } from './restErrors.ts';

/**
 * A container of Azure Blob Storage, or of anything that speaks its protocol.
 * @param answerMs how long an answer may take, repeated requests included
 */
export function azureContainer(client: ContainerClient, answerMs = ANSWER_MS): BlobContainer {
  const blob = (name: string) => client.getBlockBlobClient(name);
  const call = <T>(what: string, run: (abortSignal: AbortSignal) => Promise<T>): Promise<T> =>
    answered(what, client.url, answerMs, run);
  return {
    name: client.containerName,

    async *list(prefix) {
      const what = `listing ${client.containerName}/${prefix}`;
      const pages = answeredPages(what, client.url, answerMs, (abortSignal) =>
        client.listBlobsFlat({ prefix, includeMetadata: true, abortSignal }).byPage(),
      );
      for await (const { segment } of pages) {
        for (const item of segment.blobItems) {
          // An account with a hierarchical namespace lists its directories as well.
          if (item.metadata?.['hdi_isfolder'] === 'true') continue;
          yield {
            name: item.name,
            etag: bareEtag(item.properties.etag),
            sizeBytes: item.properties.contentLength ?? 0,
            metadata: item.metadata ?? {},
          };
        }
      }
    },

    properties: (name) =>
      orUndefined(call(`properties of ${name}`, (abortSignal) => properties(client, name, abortSignal))),

    async read(name, options) {
      const what = `reading ${name}`;
      const answer = await orUndefined(
        call(what, (abortSignal) =>
          blob(name).download(0, undefined, {
            abortSignal,
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
      const answer = await call(`writing ${name}`, (abortSignal) =>
        blob(name).upload(content, content.length, { ...writeOptions(options), abortSignal }),
      );
      return { etag: bareEtag(answer.etag) };
    },

    async stageBlock(name, blockId, content) {
      const id = Buffer.from(blockId, 'utf8').toString('base64');
      await call(`staging a block of ${name}`, (abortSignal) =>
        blob(name).stageBlock(id, content, content.length, { abortSignal }),
      );
    },

    async commitBlocks(name, blockIds, options) {
      const ids = blockIds.map((id) => Buffer.from(id, 'utf8').toString('base64'));
      const answer = await call(`committing ${name}`, (abortSignal) =>
        blob(name).commitBlockList(ids, { ...writeOptions(options), abortSignal }),
      );
      return { etag: bareEtag(answer.etag) };
    },

    async delete(name, options) {
      const conditions = options?.ifMatch === undefined ? {} : { ifMatch: quoted(options.ifMatch) };
      await orUndefined(
        call(`deleting ${name}`, (abortSignal) => blob(name).delete({ conditions, abortSignal })),
      );
    },
  };
}

async function properties(
  client: ContainerClient,
  name: string,
  abortSignal: AbortSignal,
): Promise<BlobItem> {
  const answer = await client.getBlockBlobClient(name).getProperties({ abortSignal });
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
