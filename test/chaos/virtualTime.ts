/** Something that happens at an instant. */
interface Event {
  atMs: number;
  act: () => void;
}

/** Time that passes only when it is told to, and what happens as it does. */
export class VirtualTime {
  #nowMs: number;
  /** Ascending; of one instant, in the order in which they came. */
  readonly #events: Event[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The next instant at which something happens. */
  get nextMs(): number | undefined {
    return this.#events[0]?.atMs;
  }

  /** @returns undoes it */
  at(atMs: number, act: () => void): () => void {
    const event = { atMs, act };
    const later = this.#events.findIndex((other) => other.atMs > atMs);
    this.#events.splice(later < 0 ? this.#events.length : later, 0, event);
    return () => {
      const index = this.#events.indexOf(event);
      if (index >= 0) this.#events.splice(index, 1);
    };
  }

  /** Lets time pass, and everything happen that is due by then. */
  advanceTo(nowMs: number): void {
    for (let next = this.#events[0]; next !== undefined && next.atMs <= nowMs; next = this.#events[0]) {
      this.#events.shift();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.act();
    }
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }
}

/** Resolves when everything that can go on without time passing has gone on. */
export const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
