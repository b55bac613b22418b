import { runCommand, runMishap } from './commands.ts';
import { SERVED, type ServedQueue, serve, tick } from './handlers.ts';
import { type Held, Process } from './process.ts';
import { LockLostError } from '../support/memoryBroker.ts';
import type { Command, InstancePlan } from './schedule.ts';
import type { World } from './world.ts';

/** A lock is renewed until a handler has run for this long, as the host is told to. */
const RENEWED_FOR_MS = 30 * 60_000;
/** How long a process that is told to end may go on. */
const GRACE_MS = 10_000;
const OPERATOR_TRIES_AGAIN_MS = 10 * 60_000;

interface Instance {
  plan: InstancePlan;
  name: string;
  lives: number;
  process: Process | undefined;
}

/** A queue of which a process may take a message. */
export interface Opening {
  process: Process;
  queue: ServedQueue;
}

/** The function app's instances, and the operator beside them. */
export class Instances {
  readonly #world: World;
  readonly #onError: (job: string, error: unknown) => void;
  readonly #instances: Instance[];
  readonly #commands = new Set<Process>();
  #ticking: Process | undefined;
  /** Commands that have not ended well yet. */
  commandsOpen = 0;
  /** Ticks that ended, and when the last one began. */
  ticks = 0;
  lastTickMs = -Infinity;

  constructor(world: World, onError: (job: string, error: unknown) => void) {
    this.#world = world;
    this.#onError = onError;
    this.#instances = world.schedule.instances.map((plan, at) => ({
      plan,
      name: `i${at}`,
      lives: 0,
      process: undefined,
    }));
    for (const instance of this.#instances) this.#start(instance);
  }

  get #live(): Process[] {
    return this.#instances.flatMap(({ process }) => process ?? []);
  }

  /** Messages that could be taken now. */
  openings(): Opening[] {
    const { broker } = this.#world;
    const queues = SERVED.filter((queue) => broker.counts(queue).active > 0);
    if (queues.length === 0) return [];
    return this.#instances.flatMap(({ process, plan }) => {
      if (process === undefined || process.isFrozen || process.isEnding) return [];
      return queues.flatMap((queue) => {
        const busy = [...process.held].filter(({ delivery }) => delivery.queue === queue).length;
        return busy < plan.concurrency ? [{ process, queue }] : [];
      });
    });
  }

  /** True while nobody is at work and nobody is down. */
  get isIdle(): boolean {
    return (
      this.#commands.size === 0 &&
      this.commandsOpen === 0 &&
      this.#instances.every(({ process }) => process !== undefined && process.running === 0)
    );
  }

  take({ process, queue }: Opening, pick: number): void {
    const { broker, time, trace } = this.#world;
    const delivery = broker.receive(queue, pick);
    if (delivery === undefined) return;
    const text = JSON.stringify((delivery.body as { data?: unknown }).data);
    trace.add(
      time.nowMs,
      `${process.name} takes ${queue} ${delivery.messageId} (${delivery.deliveryCount}) ${text}`,
    );
    const held: Held = { delivery, sinceMs: time.nowMs, isLost: false };
    process.held.add(held);
    this.#run(process, serve(this.#world, process, queue, delivery, this.#onError), () => {
      process.held.delete(held);
    });
  }

  /** The timer fires: on one instance, unless a tick is still at work. @param doubled on another one as well */
  tick(pick: number, doubled = false): void {
    const able = this.#live.filter((process) => !process.isFrozen && !process.isEnding);
    const ticking = this.#ticking;
    // The lease of an instance that has died or stands still runs out.
    const isHeld = ticking !== undefined && !ticking.isDead && !ticking.isFrozen;
    const process = able[pick % Math.max(1, able.length)];
    if (process === undefined || (isHeld && !doubled)) return;
    const { trace, time } = this.#world;
    trace.add(time.nowMs, `${process.name} tick`);
    this.#ticking = process;
    const beganMs = time.nowMs;
    this.#run(process, tick(this.#world, process, this.#onError), () => {
      if (this.#ticking === process) this.#ticking = undefined;
      this.ticks += 1;
      this.lastTickMs = beganMs;
    });
  }

  /** An operator gives a command, again and again until it ends well. */
  command(command: Command): void {
    this.commandsOpen += 1;
    const { trace, time } = this.#world;
    trace.add(time.nowMs, `operator: ${JSON.stringify(command)}`);
    runMishap(this.#world, command).then(() => this.#give(command), this.#unforeseen);
  }

  #give(command: Command): void {
    const { time, trace } = this.#world;
    const process = new Process('operator', time, 0);
    this.#commands.add(process);
    const again = (): void => {
      time.at(time.nowMs + OPERATOR_TRIES_AGAIN_MS, () => this.#give(command));
    };
    process.onDeath = () => {
      this.#commands.delete(process);
      again();
    };
    runCommand(this.#world, process, command).then(
      () => {
        trace.add(time.nowMs, `operator: ${command.kind} ended well`);
        this.#commands.delete(process);
        this.commandsOpen -= 1;
      },
      (error: unknown) => {
        this.#onError(command.kind, error);
        this.#commands.delete(process);
        again();
      },
    );
  }

  /** The process is no more; its instance starts again after a while. */
  crash(process: Process, restartMs: number): void {
    if (process.isDead) return;
    process.isDead = true;
    const { gate, time, trace } = this.#world;
    trace.add(time.nowMs, `${process.name} is dead`);
    gate.forget(process);
    process.onDeath?.();
    const instance = this.#instances.find((one) => one.process === process);
    if (instance === undefined) return;
    instance.process = undefined;
    time.at(time.nowMs + restartMs, () => this.#start(instance));
  }

  /** The process stands still for so long. */
  freeze(process: Process, ms: number): void {
    const { time } = this.#world;
    process.freeze();
    time.at(time.nowMs + ms, () => process.thaw());
  }

  /** @param at which instance; whatever is not there cannot be hit */
  strike(at: number, kind: 'killed' | 'terminated' | 'frozen', ms: number): boolean {
    const process = this.#instances[at % this.#instances.length]?.process;
    if (process === undefined || process.isFrozen || process.isEnding) return false;
    const { time, trace } = this.#world;
    trace.add(time.nowMs, `${process.name} ${kind} for ${ms} ms`);
    if (kind === 'killed') this.crash(process, ms);
    else if (kind === 'frozen') this.freeze(process, ms);
    else {
      process.isEnding = true;
      process.ending.abort(new Error('the function app is ending'));
      time.at(time.nowMs + GRACE_MS, () => this.crash(process, ms));
    }
    return true;
  }

  /** When the next lock has to be renewed; undefined if none is held. */
  get nextRenewalMs(): number | undefined {
    const times = this.#renewable().map((held) => this.#renewalOf(held));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Renews the locks whose time it is. */
  renew(): void {
    for (const held of this.#renewable()) {
      if (this.#world.time.nowMs < this.#renewalOf(held)) continue;
      try {
        held.delivery.renew();
      } catch (error) {
        // Settled, and the answer is on its way.
        if (!(error instanceof LockLostError)) throw error;
        held.isLost = true;
      }
    }
  }

  #renewalOf({ delivery }: Held): number {
    return delivery.lockedUntilMs - this.#world.schedule.pace.lockMs / 2;
  }

  /** What is held by processes that can renew a lock, and not for too long. */
  #renewable(): Held[] {
    const { nowMs } = this.#world.time;
    return this.#live
      .filter(({ isFrozen }) => !isFrozen)
      .flatMap(({ held }) => [...held])
      .filter(
        ({ delivery, sinceMs, isLost }) =>
          !isLost && delivery.lockedUntilMs > nowMs && nowMs < sinceMs + RENEWED_FOR_MS,
      );
  }

  #start(instance: Instance): void {
    const { time } = this.#world;
    instance.lives += 1;
    // A clock that was ahead may be behind the next time.
    const clockMs = instance.lives % 2 === 1 ? instance.plan.clockMs : -instance.plan.clockMs;
    instance.process = new Process(`${instance.name}.${instance.lives}`, time, clockMs);
  }

  #run(process: Process, work: Promise<void>, done: () => void): void {
    process.running += 1;
    work.then(() => {
      process.running -= 1;
      done();
    }, this.#unforeseen);
  }

  readonly #unforeseen = (error: unknown): void => {
    this.#world.broken.push(`the engine failed: ${error instanceof Error ? error.stack : String(error)}`);
  };
}
