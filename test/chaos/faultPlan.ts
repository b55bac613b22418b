import type { CallFault, CallFaultKind, Fault, GraphFaultKind } from './schedule.ts';

export type GraphFault = Extract<Fault, { on: 'graph' }>;

/** How often something went wrong, by `<kind> <place>`. */
export type FaultCounts = Map<string, number>;

/** Which call goes wrong: counts the calls of every place while it is on. */
export class FaultPlan {
  readonly counts: FaultCounts = new Map();
  isOn = true;
  readonly #calls = new Map<string, CallFault>();
  readonly #graph = new Map<number, GraphFault>();
  readonly #seen = new Map<string, number>();
  #requests = 0;

  constructor(faults: readonly Fault[]) {
    this.plan(faults);
  }

  /** Begins to count anew, for other faults. */
  plan(faults: readonly Fault[]): void {
    this.#calls.clear();
    this.#graph.clear();
    this.#seen.clear();
    this.#requests = 0;
    for (const fault of faults) {
      if (fault.on === 'call') this.#calls.set(`${fault.place}#${fault.nth}`, fault);
      else if (fault.on === 'graph') {
        for (let n = fault.nth; n < fault.nth + fault.count; n += 1) this.#graph.set(n, fault);
      }
    }
  }

  /** @param job for example `fetch`. @param place for example `raw.commit`. */
  ofCall(job: string, place: string): CallFault | undefined {
    if (!this.isOn) return undefined;
    let found: CallFault | undefined;
    for (const key of ['*', place, `${job}:${place}`]) {
      const nth = this.#seen.get(key) ?? 0;
      this.#seen.set(key, nth + 1);
      found ??= this.#calls.get(`${key}#${nth}`);
    }
    if (found !== undefined) this.count(found.kind, `${job}:${place}`);
    return found;
  }

  ofRequest(): GraphFault | undefined {
    if (!this.isOn) return undefined;
    const fault = this.#graph.get(this.#requests);
    this.#requests += 1;
    if (fault !== undefined) this.count(fault.kind, 'graph');
    return fault;
  }

  count(kind: CallFaultKind | GraphFaultKind | Fault['kind'], place: string): void {
    const key = `${kind} ${place}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}
