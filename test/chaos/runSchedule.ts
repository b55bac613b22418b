import type { FaultCounts } from './faultPlan.ts';
import { SERVED } from './handlers.ts';
import { Instances } from './instances.ts';
import { coverFromMs, coverToMs, judgeWorld } from './judgeWorld.ts';
import { setLimits } from './limits.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import { drained } from './virtualTime.ts';
import { World } from './world.ts';

export interface Outcome {
  seed: number;
  /** What is wrong, in words; empty if all is exact. */
  differences: string[];
  faults: FaultCounts;
  calls: number;
  simulatedMs: number;
  /** Equal for runs that did the same. */
  fingerprint: string;
  /** The last steps. */
  trace: string[];
  /** How often it had to be looked at until all was exact. */
  looks: number;
  /** What was not exact at the first look. */
  atFirst: string[];
  commands: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** From rest to the first look, and from look to look. */
const REST_MS = 50 * HOUR_MS;
const MORE_MS = 26 * HOUR_MS;
const MAX_LOOKS = 3;
/** What takes longer than this does not come to rest. */
const MAX_CALLS = 400_000;
/** Time that passes at most while somebody could go on. */
const LONGEST_JUMP_MS = 5 * MINUTE_MS;
/** Ticks that follow on the last one closely: what was read by it may be settled by now. */
const CLOSING_TICKS = 4;

/** @param keptSteps how many of the last steps are kept in words */
export async function runSchedule(schedule: Schedule, keptSteps = 200): Promise<Outcome> {
  setLimits(schedule.pace.transactionOperations);
  return new Run(schedule, keptSteps).run();
}

class Run {
  readonly #world: World;
  readonly #instances: Instances;
  readonly #random: Random;
  #calls = 0;

  constructor(schedule: Schedule, keptSteps: number) {
    this.#world = new World(schedule, keptSteps, (process, restartMs) =>
      this.#instances.crash(process, restartMs),
    );
    this.#instances = new Instances(this.#world, (job, error) => this.#onError(job, error));
    this.#random = this.#world.random.fork('turns');
  }

  async run(): Promise<Outcome> {
    const { schedule, time, broken } = this.#world;
    const { startMs, restMs } = schedule;
    const restsMs = startMs + restMs;
    this.#armCommands();
    this.#armMishaps();
    time.at(restsMs, () => {
      this.#world.faults.isOn = false;
    });
    let endMs = restsMs + REST_MS;
    let looks = 0;
    let differences: string[];
    let atFirst: string[] = [];
    try {
      do {
        looks += 1;
        this.#armTicks(endMs);
        await this.#live(endMs);
        await this.#close();
        differences = judgeWorld(this.#world, this.#instances.lastTickMs);
        if (looks === 1) atFirst = differences;
        endMs = time.nowMs + MORE_MS;
      } while (differences.length > 0 && looks < MAX_LOOKS && broken.length === 0);
      if (differences.length === 0 && broken.length === 0) differences = await this.#lastAct();
    } catch (error) {
      differences = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    }
    return {
      seed: schedule.seed,
      differences: [...broken, ...differences],
      faults: this.#world.faults.counts,
      calls: this.#calls,
      simulatedMs: time.nowMs - startMs,
      fingerprint: this.#world.trace.fingerprint,
      trace: this.#world.trace.last,
      looks,
      atFirst,
      commands: schedule.commands.length,
    };
  }

  /**
   * The log changes once more, and an operator has all of it read again. No timer fires: messages alone have to bring
   * it about that all is exact.
   */
  async #lastAct(): Promise<string[]> {
    const { schedule, time, graph, faults, trace, broken } = this.#world;
    const { lastTickMs } = this.#instances;
    trace.add(time.nowMs, 'the last act');
    graph.isLastAct = true;
    faults.plan(schedule.lastFaults);
    faults.isOn = true;
    const [fromMs, toMs] = [coverFromMs(this.#world), coverToMs(lastTickMs)];
    const [from, to] = [fromMs - schedule.startMs, toMs - schedule.startMs];
    this.#instances.command({ atMs: 0, kind: 'backfill', fromMs: from, toMs: to });
    while (broken.length === 0 && (await this.#turn(Infinity)));
    return judgeWorld(this.#world, lastTickMs)
      .filter((text) => !WITHOUT_TIMER.test(text))
      .map((text) => `by messages alone: ${text}`);
  }

  /** Lets everything go on until an instant. */
  async #live(untilMs: number): Promise<void> {
    const { time, broken } = this.#world;
    while (time.nowMs < untilMs && broken.length === 0) {
      if (!(await this.#turn(untilMs))) time.advanceTo(untilMs);
    }
  }

  /** Lets everything come to its end, without another tick but a few that follow closely. */
  async #close(): Promise<void> {
    for (let ticks = 0; ; ticks += 1) {
      while (this.#world.broken.length === 0 && (await this.#turn(Infinity)));
      if (!this.#instances.isIdle) throw new Error('somebody waits for something that never comes');
      if (ticks === CLOSING_TICKS || this.#world.broken.length > 0) return;
      this.#world.time.advanceTo(offTheHour(this.#world.time.nowMs + MINUTE_MS));
      this.#instances.tick(this.#random.below(8));
    }
  }

  /** One step of somebody, or of time. False if there is nothing left to wait for. */
  async #turn(untilMs: number): Promise<boolean> {
    const { gate, time, schedule } = this.#world;
    const { callMs, jumpChance, reorderChance } = schedule.pace;
    await drained();
    const random = this.#random;
    const ready = gate.ready;
    const openings = this.#instances.openings();
    const nextMs = this.#nextEventMs();
    const choices = ready + openings.length;
    if (choices === 0 || random.chance(jumpChance)) {
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
    if ((this.#calls += 1) > MAX_CALLS) throw new Error(`it does not come to rest: ${MAX_CALLS} calls`);
    const choice = random.below(choices);
    const opening = openings[choice - ready];
    if (choice < ready) gate.next(choice);
    else if (opening !== undefined) {
      this.#instances.take(opening, random.chance(reorderChance) ? random.below(1_000) : 0);
    }
    return true;
  }

  #nextEventMs(): number | undefined {
    const { time, broker, gate } = this.#world;
    const next = Math.min(
      time.nextMs ?? Infinity,
      broker.nextEventMs() ?? Infinity,
      gate.nextReadyMs ?? Infinity,
    );
    return next === Infinity ? undefined : Math.max(next, time.nowMs);
  }

  /** @returns true if something happened on the way */
  #advanceTo(toMs: number): boolean {
    const { time } = this.#world;
    const happens = (time.nextMs ?? Infinity) <= toMs;
    for (;;) {
      const renewalMs = this.#instances.nextRenewalMs;
      if (renewalMs === undefined || renewalMs > toMs) break;
      time.advanceTo(Math.max(renewalMs, time.nowMs));
      this.#instances.renew();
    }
    time.advanceTo(toMs);
    return happens;
  }

  #armTicks(endMs: number): void {
    const { time, schedule } = this.#world;
    const { startMs, restMs, pace } = schedule;
    const arm = (atMs: number): void => {
      time.at(atMs, () => {
        this.#instances.tick(this.#random.below(8));
        const minutes = atMs >= startMs + restMs ? pace.restTickMinutes : pace.tickMinutes;
        const nextMs = atMs + minutes * MINUTE_MS;
        if (nextMs < endMs) arm(nextMs);
      });
    };
    arm(time.nowMs + 1_000);
  }

  #armCommands(): void {
    const { time, schedule } = this.#world;
    for (const command of schedule.commands) {
      time.at(schedule.startMs + command.atMs, () => this.#instances.command(command));
    }
  }

  #armMishaps(): void {
    const { time, schedule, faults, broker } = this.#world;
    for (const fault of schedule.faults) {
      if (fault.on === 'call' || fault.on === 'graph') continue;
      time.at(schedule.startMs + fault.atMs, () => {
        if (fault.on === 'process') {
          if (this.#instances.strike(fault.instance, fault.kind, fault.ms))
            faults.count(fault.kind, 'process');
        } else if (fault.on === 'timer') {
          this.#instances.tick(this.#random.below(8), true);
          faults.count(fault.kind, 'timer');
        } else {
          const queue = QUEUE_NAMES[fault.queue % QUEUE_NAMES.length];
          if (queue !== undefined && broker.duplicate(queue, fault.pick)) faults.count(fault.kind, queue);
        }
      });
    }
  }

  #onError(job: string, error: unknown): void {
    const { trace, time, broken } = this.#world;
    const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) };
    trace.add(time.nowMs, `${job} threw ${name}: ${message.slice(0, 300)}`);
    for (const one of flattened(error)) {
      if (one instanceof Error && FAULTS_OF_CODE.has(one.name)) {
        broken.push(`${job} threw what no fault explains: ${one.stack ?? one.message}`);
      }
    }
  }
}

/**
 * What only the timer's look finds: that the last window has become final where its rows are as they were, and that
 * a claim was left behind of a read that another one has overtaken.
 */
const WITHOUT_TIMER =
  /: (still (provisional|without a head), though|read \d+ has not ended \(done \d+\) and was not planned again$)/;
/** A time at which all clocks agree on which hours have ended. */
const offTheHour = (atMs: number): number =>
  (atMs + MINUTE_MS) % HOUR_MS < 2 * MINUTE_MS ? atMs + 2 * MINUTE_MS : atMs;

const QUEUE_NAMES = SERVED;
/** Names of errors that are slips of whoever wrote the code. */
const FAULTS_OF_CODE = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'ZodError']);

const flattened = (error: unknown): unknown[] =>
  error instanceof AggregateError ? error.errors.flatMap(flattened) : [error];
