import { abortError, type Wait } from '../../src/graph/wait.ts';

interface Due {
  atMs: number;
  order: number;
  /** Undefined once it was taken back. */
  act: (() => void) | undefined;
}

/** Time that passes as soon as nobody has anything to do before the next instant at which something is due. */
export class VirtualTime {
  #nowMs: number;
  #order = 0;
  /** A heap: each is due before the two behind it. */
  readonly #due: Due[] = [];

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** @returns takes it back */
  at(atMs: number, act: () => void): () => void {
    const due: Due = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, act };
    this.#push(due);
    return () => {
      due.act = undefined;
    };
  }

  sleep(ms: number): Promise<void> {
    return this.wait(ms);
  }

  readonly wait: Wait = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortError(signal));
        return;
      }
      const takeBack = this.at(this.#nowMs + ms, resolve);
      signal?.addEventListener(
        'abort',
        () => {
          takeBack();
          reject(abortError(signal));
        },
        { once: true },
      );
    });

  /** Runs until it is so late, or until nothing is due any more. */
  async run(untilMs = Infinity): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#pop(untilMs);
      if (next === undefined) return;
      if (next.act === undefined) continue;
      this.#nowMs = next.atMs;
      next.act();
    }
  }

  /** What comes of a promise, and as much time as that needs. */
  async until<T>(promise: Promise<T>): Promise<T> {
    // Who waits for it is told of its failure when time has passed.
    promise.catch(() => undefined);
    await this.run();
    return promise;
  }

  #push(due: Due): void {
    const heap = this.#due;
    heap.push(due);
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#swapped(child, parent)) return;
      child = parent;
    }
  }

  #pop(untilMs: number): Due | undefined {
    const heap = this.#due;
    const [first] = heap;
    if (first === undefined || first.atMs > untilMs) return undefined;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let parent = 0; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      const child = isBefore(heap[right], heap[left]) ? right : left;
      if (!this.#swapped(child, parent)) return first;
      parent = child;
    }
  }

  /** Puts the earlier one in front. */
  #swapped(child: number, parent: number): boolean {
    const [a, b] = [this.#due[child], this.#due[parent]];
    if (a === undefined || b === undefined || !isBefore(a, b)) return false;
    this.#due[child] = b;
    this.#due[parent] = a;
    return true;
  }
}

const isBefore = (a: Due | undefined, b: Due | undefined): boolean =>
  a !== undefined && (b === undefined || a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
