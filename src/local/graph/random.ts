/** Numbers that follow from a seed alone. */
export interface Random {
  /** A number in `[0, 1)`. */
  unit(): number;
  /** A whole number in `[0, limit)`. */
  below(limit: number): number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** One of the items, each as likely as its weight. */
  weighted<T extends { weight: number }>(items: readonly T[]): T;
  /** How many events happen where `mean` are expected (Poisson). */
  count(mean: number): number;
  digits(length: number): string;
  hex(length: number): string;
  /** A version 4 UUID. */
  guid(): string;
}

/** What a stream of numbers is for; the same seed gives each of them numbers of its own. */
export const STREAM = { users: 1, day: 2, row: 3, publication: 4, event: 5, server: 6, planted: 7 } as const;

const WARM_UP_ROUNDS = 15;
const LARGE_MEAN = 30;

/**
 * The generator sfc32 ("small fast counter", 128 bits of state, passes PractRand), started from four whole
 * numbers. Different numbers are different states: a row that is made from (seed, stream, day, index) needs no
 * other row to be made first, and no two rows share an id.
 */
export function randomOf(seed: number, stream: number, a = 0, b = 0): Random {
  let [s0, s1, s2, counter] = [seed | 0, a | 0, b | 0, stream | 0];
  const bits = (): number => {
    const sum = (s0 + s1 + counter) | 0;
    counter = (counter + 1) | 0;
    s0 = s1 ^ (s1 >>> 9);
    s1 = (s2 + (s2 << 3)) | 0;
    s2 = (((s2 << 21) | (s2 >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) bits();

  const unit = (): number => bits() / 0x1_0000_0000;
  const below = (limit: number): number => Math.floor(unit() * limit);
  const text = (length: number, alphabet: number): string => {
    let made = '';
    while (made.length < length) made += below(alphabet).toString(alphabet);
    return made;
  };
  const weighted = <T extends { weight: number }>(items: readonly T[]): T => {
    let left = unit() * items.reduce((sum, item) => sum + item.weight, 0);
    for (const item of items) {
      left -= item.weight;
      if (left < 0) return item;
    }
    return itemAt(items, items.length - 1);
  };
  const guid = (): string => {
    const variant = '89ab'.charAt(below(4));
    return `${text(8, 16)}-${text(4, 16)}-4${text(3, 16)}-${variant}${text(3, 16)}-${text(12, 16)}`;
  };
  return {
    unit,
    below,
    between: (min, max) => min + below(max - min + 1),
    chance: (probability) => unit() < probability,
    pick: (items) => itemAt(items, below(items.length)),
    weighted,
    count: (mean) => poisson(mean, unit),
    digits: (length) => text(length, 10),
    hex: (length) => text(length, 16),
    guid,
  };
}

function itemAt<T>(items: readonly T[], index: number): T {
  if (index < 0 || index >= items.length) throw new RangeError('nothing to choose from: the list is empty');
  return items[index] as T;
}

function poisson(mean: number, unit: () => number): number {
  if (mean > LARGE_MEAN) {
    // The normal distribution stands in for it: e^-mean would vanish in a double for large means.
    const normal = Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const end = Math.exp(-mean);
  let events = 0;
  for (let product = unit(); product > end; product *= unit()) events += 1;
  return events;
}
