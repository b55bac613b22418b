/** Something that is made at its first use, once. */
export interface Lazy<T> {
  /** The same for all who ask. A failure is not remembered: the next one to ask tries again. */
  get: () => Promise<T>;
  /** What was made or is being made; undefined if nobody has asked for it. */
  ifMade: () => Promise<T> | undefined;
}

export function lazy<T>(make: () => Promise<T>): Lazy<T> {
  let made: Promise<T> | undefined;
  return {
    get: () => {
      made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      return made;
    },
    ifMade: () => made,
  };
}
