import type { FaultPlan } from './faultPlan.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { CallFault, Pace } from './schedule.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtualTime.ts';

/** One run of a handler: what its calls are attributed to. */
export interface Invocation {
  id: number;
  /** For example `fetch`. */
  job: string;
  process: Process;
}

/** How a call fails that is not answered. */
export type Unanswered = (why: string) => Error;

interface WaitingCall {
  of: Invocation;
  place: string;
  detail: string;
  /** It lasts until then at least. */
  readyMs: number;
  run: (fault: CallFault | undefined) => void;
}

export interface GateDeps {
  time: VirtualTime;
  random: Random;
  faults: FaultPlan;
  trace: Trace;
  pace: Pick<Pace, 'stickyChance' | 'slow'>;
  crash: (process: Process, restartMs: number) => void;
  freeze: (process: Process, ms: number) => void;
}

/** Where every call with an effect waits until it is its turn: one at a time, in an order that the seed decides. */
export class Gate {
  readonly #deps: GateDeps;
  #waiting: WaitingCall[] = [];
  #lastInvocation = 0;
  /** Calls that had their turn, by place. */
  readonly counts = new Map<string, number>();
  readonly #freezes = new Map<Process, { place: string; ms: number }>();

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  /** A process will stand still before its next call of a place. */
  freezeAt(process: Process, place: string, ms: number): void {
    this.#freezes.set(process, { place, ms });
  }

  pass<T>(
    of: Invocation,
    place: string,
    detail: string,
    call: () => Promise<T>,
    unanswered: Unanswered,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (fault: CallFault | undefined): void => {
        this.#perform(of, place, fault, call, resolve, (why) => reject(unanswered(why)), reject);
      };
      this.#waiting.push({ of, place, detail, readyMs: this.#readyMs(of), run });
    });
  }

  /** Calls whose turn it may be. */
  get ready(): number {
    return this.#waiting.reduce((count, call) => count + (this.#isReady(call) ? 1 : 0), 0);
  }

  /** When the next call will be ready that is not yet; undefined if there is none. */
  get nextReadyMs(): number | undefined {
    const { nowMs } = this.#deps.time;
    let next: number | undefined;
    for (const { readyMs } of this.#waiting) {
      if (readyMs > nowMs) next = Math.min(next ?? Infinity, readyMs);
    }
    return next;
  }

  #isReady({ of, readyMs }: WaitingCall): boolean {
    return !of.process.isFrozen && readyMs <= this.#deps.time.nowMs;
  }

  #readyMs({ job }: Invocation): number {
    const { time, random, pace, faults } = this.#deps;
    const isSlow = faults.isOn && job === pace.slow.job && pace.slow.ms > 0;
    return isSlow ? time.nowMs + random.below(pace.slow.ms) : time.nowMs;
  }

  /** Lets the `pick`th of the calls that are ready have its turn, or one of the handler that had the last. */
  next(pick: number): void {
    const { random, pace, faults, trace, time, freeze } = this.#deps;
    const ready = this.#waiting.filter((call) => this.#isReady(call));
    const same = ready.filter(({ of }) => of.id === this.#lastInvocation);
    const call = same.length > 0 && random.chance(pace.stickyChance) ? random.pick(same) : ready[pick];
    if (call === undefined) throw new RangeError(`no call ${pick} of ${ready.length} is ready`);
    this.#waiting.splice(this.#waiting.indexOf(call), 1);
    this.#lastInvocation = call.of.id;
    const { id, job, process } = call.of;
    this.counts.set(call.place, (this.counts.get(call.place) ?? 0) + 1);
    const fault = this.#freezeOf(call) ?? faults.ofCall(job, call.place);
    const what = fault === undefined ? '' : ` ${fault.kind.toUpperCase()}`;
    trace.add(time.nowMs, `${process.name} ${job}#${id} ${call.place} ${call.detail}${what}`);
    if (fault?.kind === 'freezeBefore') {
      freeze(process, fault.ms);
      this.#waiting.push(call);
    } else call.run(fault);
  }

  #freezeOf({ of: { process }, place }: WaitingCall): CallFault | undefined {
    const freeze = this.#freezes.get(process);
    if (freeze?.place !== place) return undefined;
    this.#freezes.delete(process);
    return { on: 'call', kind: 'freezeBefore', place, nth: 0, ms: freeze.ms };
  }

  /** What a process still wanted to do is never done. */
  forget(process: Process): void {
    this.#waiting = this.#waiting.filter(({ of }) => of.process !== process);
  }

  #perform<T>(
    { process }: Invocation,
    place: string,
    fault: CallFault | undefined,
    call: () => Promise<T>,
    resolve: (value: T) => void,
    fail: (why: string) => void,
    reject: (error: unknown) => void,
  ): void {
    const { time, crash } = this.#deps;
    const unheard = (): void => {
      call().then(ignore, ignore);
    };
    const later = (act: () => void): void => {
      time.at(time.nowMs + (fault?.ms ?? 0), act);
    };
    const answer = (): void => {
      call().then(resolve, reject);
    };
    switch (fault?.kind) {
      case undefined:
      case 'freezeBefore':
        answer();
        break;
      case 'crashBefore':
        crash(process, fault.ms);
        break;
      case 'crashAfter':
        unheard();
        crash(process, fault.ms);
        break;
      case 'lostAnswer':
        call().then(
          () => fail(`the answer of ${place} is lost`),
          () => fail(`the answer of ${place} is lost`),
        );
        break;
      case 'refused':
        fail(`${place} is not served`);
        break;
      case 'sentTwice':
        call().then(answer, answer);
        break;
      case 'slowEffect':
        later(() => {
          // The service does what it was asked to, whoever is there to hear of it.
          call().then(
            (value) => process.whenAwake(() => resolve(value)),
            (error: unknown) => process.whenAwake(() => reject(error)),
          );
        });
        break;
      case 'slowAnswer':
        call().then(
          (value) => later(() => process.whenAwake(() => resolve(value))),
          (error: unknown) => later(() => process.whenAwake(() => reject(error))),
        );
        break;
      case 'landsAgain':
        answer();
        later(unheard);
        break;
    }
  }
}

const ignore = (): void => undefined;
