import type { SharedBudget } from '../../src/graph/budget/sharedBudget.ts';
import type { Wait } from '../../src/graph/wait.ts';
import { abortError } from '../../src/graph/wait.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Delivery } from '../support/memoryBroker.ts';
import type { VirtualTime } from './virtualTime.ts';

/** A message that a process is at work on. */
export interface Held {
  delivery: Delivery;
  sinceMs: number;
  /** Its lock is gone for good, or it was settled. */
  isLost: boolean;
}

/** One life of an instance, or of an operator's command: what it holds in memory is gone with it. */
export class Process {
  readonly name: string;
  readonly clock: Clock;
  readonly ending = new AbortController();
  readonly held = new Set<Held>();
  budget: SharedBudget | undefined;
  onDeath: (() => void) | undefined;
  isDead = false;
  isFrozen = false;
  /** It takes nothing new. */
  isEnding = false;
  /** Handlers at work. */
  running = 0;
  readonly #time: VirtualTime;
  #asleep: (() => void)[] = [];

  constructor(name: string, time: VirtualTime, clockMs: number) {
    this.name = name;
    this.#time = time;
    this.clock = { nowMs: () => time.nowMs + clockMs };
  }

  /** A wait of this process: nothing comes of it while the process stands still, or once it has died. */
  readonly wait: Wait = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortError(signal));
        return;
      }
      const abort = (): void => {
        undo();
        if (signal !== undefined) reject(abortError(signal));
      };
      const undo = this.#time.at(this.#time.nowMs + Math.ceil(ms), () => {
        this.whenAwake(() => {
          signal?.removeEventListener('abort', abort);
          resolve();
        });
      });
      signal?.addEventListener('abort', abort, { once: true });
    });

  whenAwake(act: () => void): void {
    if (this.isDead) return;
    if (this.isFrozen) this.#asleep.push(act);
    else act();
  }

  freeze(): void {
    this.isFrozen = true;
  }

  thaw(): void {
    if (this.isDead || !this.isFrozen) return;
    this.isFrozen = false;
    const asleep = this.#asleep;
    this.#asleep = [];
    for (const act of asleep) act();
  }
}
