import { createSharedBudget, type SharedBudget } from '../../../src/graph/budget/sharedBudget.ts';
import type { Lane } from '../../../src/queues/names.ts';
import { StorageUnreachableError } from '../../../src/storage/blobs.ts';
import type { Table } from '../../../src/storage/tables.ts';
import { memoryTable } from '../../support/memoryTables.ts';
import { VirtualTime } from '../../support/virtualTime.ts';

export const START_MS = Date.parse('2026-11-24T06:00:00.000Z');

/** What becomes of one call of the table. */
export interface Call {
  /** The answer comes so much later. */
  ms: number;
  fate?: 'answered' | 'refused' | 'lost';
}

export interface InstanceOptions {
  requestsPerMinute?: number;
  appRequestsPerMinute?: number;
  marginMs?: number;
  /** Of its clock. */
  aheadMs?: number;
  /** How late its next timer fires. */
  lateMs?: () => number;
  random?: () => number;
}

/** Instances over one table, in virtual time. */
export class BudgetWorld {
  readonly time = new VirtualTime(START_MS);
  readonly stored = memoryTable('budget');
  /** Calls of the table so far. */
  calls = 0;
  readonly #next: () => Call;

  constructor(next: () => Call = () => ({ ms: 0 })) {
    this.#next = next;
  }

  instance(options: InstanceOptions = {}): SharedBudget {
    const { time } = this;
    const { aheadMs = 0, lateMs = () => 0, random = () => 0, ...limits } = options;
    return createSharedBudget({
      requestsPerMinute: 50,
      appRequestsPerMinute: 200,
      marginMs: 2_500,
      ...limits,
      table: this.#table(),
      nowMs: () => time.nowMs + aheadMs,
      wait: (ms, signal) => time.wait(ms + lateMs(), signal),
      random,
    });
  }

  /** When so many requests of one sequence leave, each as soon as it may, in ms from the start. */
  async sequence(budget: SharedBudget, lane: Lane, requests: number): Promise<number[]> {
    const sent: number[] = [];
    for (let i = 0; i < requests; i++) {
      await budget.take(lane);
      sent.push(this.time.nowMs - START_MS);
    }
    return sent;
  }

  #table(): Pick<Table, 'get' | 'transact'> {
    const call = async <T>(run: () => Promise<T>): Promise<T> => {
      this.calls += 1;
      const { ms, fate = 'answered' } = this.#next();
      await this.time.sleep(ms / 2);
      if (fate === 'refused') throw new StorageUnreachableError('the table was not reached');
      const answer = await run();
      await this.time.sleep(ms / 2);
      if (fate === 'lost') throw new StorageUnreachableError('the answer was lost');
      return answer;
    };
    return {
      get: (...args) => call(() => this.stored.get(...args)),
      transact: (...args) => call(() => this.stored.transact(...args)),
    };
  }
}
