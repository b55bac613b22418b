/** Values by two texts, either of which may be null. No text can be taken for a null or for another pair. */
export type Pairs<T> = Map<string | null, Map<string | null, T>>;

/** The value of a pair, made if there is none yet. */
export function pairOf<T>(pairs: Pairs<T>, a: string | null, b: string | null, make: () => T): T {
  let ofA = pairs.get(a);
  if (ofA === undefined) pairs.set(a, (ofA = new Map<string | null, T>()));
  let value = ofA.get(b);
  if (value === undefined) ofA.set(b, (value = make()));
  return value;
}

export function* entriesOf<T>(pairs: Pairs<T>): Generator<[string | null, string | null, T]> {
  for (const [a, ofA] of pairs) {
    for (const [b, value] of ofA) yield [a, b, value];
  }
}
