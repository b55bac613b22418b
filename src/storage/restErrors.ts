import { StorageError } from './blobs.ts';

/**
 * The service's answer as a {@link StorageError}; what is not an answer (no connection, aborted) stays what
 * it is. Reads the shape and not the class: each SDK has a class of its own.
 */
export function toStorageError(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error;
  const { statusCode, code, details } = error as RestErrorShape;
  if (statusCode === undefined) return error;
  const serviceCode = details?.errorCode ?? details?.odataError?.code ?? code ?? 'Unknown';
  return new StorageError(
    statusCode,
    serviceCode,
    `${what}: the storage service answered ${statusCode} ${serviceCode}`,
    {
      cause: error,
    },
  );
}

interface RestErrorShape extends Error {
  statusCode?: number;
  code?: string;
  details?: { errorCode?: string; odataError?: { code?: string } };
}
