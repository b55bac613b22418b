import { StorageError, StorageUnreachableError } from './blobs.ts';

/**
 * The service's answer as a {@link StorageError}, no answer at all as a {@link StorageUnreachableError}; anything
 * else (aborted, no identity) stays what it is. Reads the shape and not the class: each SDK has a class of its own.
 */
export function toStorageError(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error.name !== 'RestError') return error;
  const { statusCode, code, details, request } = error as RestErrorShape;
  const place = originOf(request?.url);
  if (statusCode === undefined) {
    return new StorageUnreachableError(`${what}: ${place} cannot be reached (${code ?? error.message})`, {
      cause: error,
    });
  }
  const serviceCode = details?.errorCode ?? details?.odataError?.code ?? code ?? 'Unknown';
  return new StorageError(
    statusCode,
    serviceCode,
    `${what}: ${place} answered ${statusCode} ${serviceCode}`,
    { cause: error },
  );
}

/** Without path and query: a SAS stands there. */
export const originOf = (url: string | undefined): string =>
  url !== undefined && URL.canParse(url) ? `the storage at ${new URL(url).origin}` : 'the storage';

interface RestErrorShape extends Error {
  statusCode?: number;
  code?: string;
  details?: { errorCode?: string; odataError?: { code?: string } };
  request?: { url?: string };
}
