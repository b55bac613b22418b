import { SERVED } from './handlers.ts';
import { Instances } from './instances.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import { drained } from './virtualTime.ts';
import { World, type WorldOptions } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Time that passes at most while somebody could go on. */
const LONGEST_JUMP_MS = 5 * MINUTE_MS;
/** Ticks that follow on the last one closely: what was read by it may be settled by now. */
const CLOSING_TICKS = 4;

export interface EngineOptions extends WorldOptions {
  /** What takes more calls than this does not come to rest. */
  maxCalls: number;
}

/** Lets a world and its processes go on, one call after the other, as the seed decides. */
export class Engine {
  readonly world: World;
  readonly instances: Instances;
  calls = 0;
  readonly #random: Random;
  readonly #maxCalls: number;

  constructor(schedule: Schedule, { maxCalls, ...options }: EngineOptions) {
    this.world = new World(schedule, options, {
      crash: (process, restartMs) => this.instances.crash(process, restartMs),
      freeze: (process, ms) => this.instances.freeze(process, ms),
    });
    this.instances = new Instances(this.world, (job, error) => this.#onError(job, error));
    this.#random = this.world.random.fork('turns');
    this.#maxCalls = maxCalls;
    this.#armCommands();
    this.#armMishaps();
  }

  /** Lets everything go on until an instant. */
  async live(untilMs: number): Promise<void> {
    const { time, broken } = this.world;
    while (time.nowMs < untilMs && broken.length === 0) {
      if (!(await this.#turn(untilMs))) time.advanceTo(untilMs);
    }
  }

  /** Lets everything come to its end, as far as no timer is needed. */
  async drain(): Promise<void> {
    while (this.world.broken.length === 0 && (await this.#turn(Infinity)));
    const { broken } = this.world;
    if (broken.length === 0 && !this.instances.isIdle) broken.push('somebody waits for what never comes');
  }

  /** Lets everything come to its end, without another tick but a few that follow closely. */
  async close(): Promise<void> {
    const { time, broken } = this.world;
    for (let ticks = 0; ; ticks += 1) {
      await this.drain();
      if (ticks === CLOSING_TICKS || broken.length > 0) return;
      time.advanceTo(offTheHour(time.nowMs + MINUTE_MS));
      this.instances.tick(this.#random.below(8));
    }
  }

  /** The timer fires from now on. */
  armTicks(endMs: number): void {
    const { time, schedule } = this.world;
    const { startMs, restMs, pace } = schedule;
    const arm = (atMs: number): void => {
      time.at(atMs, () => {
        this.instances.tick(this.#random.below(8));
        const minutes = atMs >= startMs + restMs ? pace.restTickMinutes : pace.tickMinutes;
        const nextMs = atMs + minutes * MINUTE_MS;
        if (nextMs < endMs) arm(nextMs);
      });
    };
    arm(time.nowMs + 1_000);
  }

  /** One step of somebody, or of time. False if there is nothing left to wait for. */
  async #turn(untilMs: number): Promise<boolean> {
    const { gate, time, schedule, faults } = this.world;
    const { callMs, jumpChance, reorderChance } = schedule.pace;
    await drained();
    const random = this.#random;
    const ready = gate.ready;
    const openings = this.instances.openings();
    const nextMs = this.#nextEventMs();
    const choices = ready + openings.length;
    if (choices === 0 || (faults.isOn && random.chance(jumpChance))) {
      if (nextMs === undefined) {
        if (choices === 0) return false;
      } else {
        // A handler may be held up, but not for longer than any call may last.
        const furthestMs = choices === 0 ? untilMs : Math.min(untilMs, time.nowMs + LONGEST_JUMP_MS);
        this.#advanceTo(Math.min(nextMs, furthestMs));
        return true;
      }
    }
    if (this.#advanceTo(time.nowMs + random.below(callMs))) return true;
    if ((this.calls += 1) > this.#maxCalls) {
      throw new Error(`it does not come to rest: ${this.#maxCalls} calls`);
    }
    const choice = random.below(choices);
    const opening = openings[choice - ready];
    if (choice < ready) gate.next(choice);
    else if (opening !== undefined) {
      this.instances.take(opening, random.chance(reorderChance) ? random.below(1_000) : 0);
    }
    return true;
  }

  #nextEventMs(): number | undefined {
    const { time, broker, gate } = this.world;
    const next = Math.min(
      time.nextMs ?? Infinity,
      broker.nextEventMs() ?? Infinity,
      gate.nextReadyMs ?? Infinity,
    );
    return next === Infinity ? undefined : Math.max(next, time.nowMs);
  }

  /** @returns true if something happened on the way */
  #advanceTo(toMs: number): boolean {
    const { time } = this.world;
    const happens = (time.nextMs ?? Infinity) <= toMs;
    for (;;) {
      const renewalMs = this.instances.nextRenewalMs;
      if (renewalMs === undefined || renewalMs > toMs) break;
      time.advanceTo(Math.max(renewalMs, time.nowMs));
      this.instances.renew();
    }
    time.advanceTo(toMs);
    return happens;
  }

  #armCommands(): void {
    const { time, schedule } = this.world;
    for (const command of schedule.commands) {
      time.at(schedule.startMs + command.atMs, () => this.instances.command(command));
    }
  }

  #armMishaps(): void {
    const { time, schedule, faults, broker } = this.world;
    for (const fault of schedule.faults) {
      if (fault.on === 'call' || fault.on === 'graph') continue;
      time.at(schedule.startMs + fault.atMs, () => {
        if (fault.on === 'process') {
          if (this.instances.strike(fault.instance, fault.kind, fault.ms))
            faults.count(fault.kind, 'process');
        } else if (fault.on === 'timer') {
          this.instances.tick(this.#random.below(8), true);
          faults.count(fault.kind, 'timer');
        } else {
          const queue = SERVED[fault.queue % SERVED.length];
          if (queue !== undefined && broker.duplicate(queue, fault.pick)) faults.count(fault.kind, queue);
        }
      });
    }
  }

  #onError(job: string, error: unknown): void {
    const { trace, time, broken } = this.world;
    const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) };
    trace.add(time.nowMs, `${job} threw ${name}: ${message.slice(0, 300)}`);
    for (const one of flattened(error)) {
      if (one instanceof Error && FAULTS_OF_CODE.has(one.name)) {
        broken.push(`${job} threw what no fault explains: ${one.stack ?? one.message}`);
      }
    }
  }
}

/** A time at which all clocks agree on which hours have ended. */
const offTheHour = (atMs: number): number =>
  (atMs + MINUTE_MS) % HOUR_MS < 2 * MINUTE_MS ? atMs + 2 * MINUTE_MS : atMs;

/** Names of errors that are slips of whoever wrote the code. */
const FAULTS_OF_CODE = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'ZodError']);

const flattened = (error: unknown): unknown[] =>
  error instanceof AggregateError ? error.errors.flatMap(flattened) : [error];
