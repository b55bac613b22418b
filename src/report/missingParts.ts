import { QueueError } from '../queues/queueError.ts';
import { StorageError } from '../storage/blobs.ts';

/** Parts of the pipeline that should be there and are not. */
export interface MissingParts {
  /** What `read` gives; `fallback`, if the part is missing, which is then noted by its name. */
  orElse<T>(name: string, fallback: T, read: () => Promise<T>): Promise<T>;
  /** In the order of their names. */
  names(): string[];
}

/** For a reader that shows what is there and names what is not. */
export function missingParts(): MissingParts {
  const missing = new Set<string>();
  return {
    async orElse(name, fallback, read) {
      try {
        return await read();
      } catch (error) {
        if (!isMissing(error)) throw error;
        missing.add(name);
        return fallback;
      }
    },
    names: () => [...missing].sort(),
  };
}

/** True where a container, a table or a queue does not exist, as opposed to a blob or an entity. */
export const isMissing = (error: unknown): error is StorageError | QueueError =>
  error instanceof StorageError
    ? error.status === 404 && (error.code === 'ContainerNotFound' || error.code === 'TableNotFound')
    : error instanceof QueueError && error.kind === 'missing';
