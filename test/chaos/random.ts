/** A stream of random choices that a seed decides: the same seed, the same choices. */
export interface Random {
  /** In `[0, 1)`. */
  unit(): number;
  /** A whole number in `[0, limit)`. */
  below(limit: number): number;
  /** A whole number in `[from, to]`. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError if there is nothing to choose from */
  pick<T>(items: readonly T[]): T;
  /** Small numbers as often as large ones: uniform in the logarithm, a whole number in `[0, limit)`. */
  small(limit: number): number;
  /** A stream of its own: what is drawn from it changes nothing here. */
  fork(name: string): Random;
}

/** The generator sfc32 (Chris Doty-Humphrey), its state filled from the seed by splitmix32. */
export function randomOf(seed: number): Random {
  let mix = seed >>> 0;
  const splitmix = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let [a, b, c, counter] = [splitmix(), splitmix(), splitmix(), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next();

  const unit = (): number => next() / 0x1_0000_0000;
  const below = (limit: number): number => Math.floor(unit() * limit);
  return {
    unit,
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (probability) => unit() < probability,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('there is nothing to choose from');
      return item;
    },
    small: (limit) => Math.min(limit - 1, Math.floor(Math.exp(unit() * Math.log(limit + 1))) - 1),
    fork: (name) => randomOf(hashOf(name, seed)),
  };
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string, before = 0): number {
  let hash = 0x811c9dc5 ^ before;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
