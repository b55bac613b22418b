import type { PstnCallsSource } from '../../src/graph/pstnCalls.ts';
import { type LandingReport, landWindowJob } from '../../src/landing/landJob.ts';
import type { WindowJob } from '../../src/queues/messages.ts';
import type { MessageSender } from '../../src/queues/sender.ts';
import { windowsOfJob } from '../../src/windows/packJobs.ts';
import type { Ledger } from '../../src/windows/ledger.ts';
import { createTableLedger } from '../../src/windows/tableLedger.ts';
import { type CallRow, type LandingWorld, pageOf } from './landingWorld.ts';
import { Fault, type Step, steppedContainer, steppedSender, steppedTable } from './steps.ts';

/** What one delivery of a message read, under which claims. */
export interface Delivery {
  /** By date. */
  claims: Map<string, number>;
  /** When it claimed, by the clock of its worker. */
  atMs: number;
  /** The rows of each page sequence: a read that is kept aside may be made twice. */
  reads: (readonly CallRow[])[];
  /** It said that every window was landed, or kept aside. */
  finished: boolean;
}

export const direct: Step = (_, call) => call();

/**
 * Workers that land jobs over one store, every storage and queue call one step. A page sequence has one page,
 * which holds the whole log within the range as it is at that step.
 */
export class LandingScene {
  readonly world: LandingWorld;
  readonly deliveries: Delivery[] = [];
  /** By blob: its ETag when the day was told last. */
  readonly told = new Map<string, string>();
  #delivered = 0;

  constructor(world: LandingWorld) {
    this.world = world;
  }

  /**
   * Delivers a message until it is completed; each try has a step of its own, which may let it die.
   * @param skewMs how far the worker's clock is ahead
   */
  async deliver(message: WindowJob, steps: Iterable<Step>, skewMs = 0): Promise<void> {
    for (const step of steps) {
      try {
        const { sentAgain } = await this.#land(message, step, skewMs);
        if (sentAgain === 0) return;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    }
    throw new Error('the message was never completed');
  }

  /** Delivers the jobs that landing has sent, in order, each at its time, and those that these send. */
  async drain(max = 60): Promise<number> {
    const { sent } = this.world.sender;
    for (let count = 0; ; count++) {
      const jobs = sent.flatMap((message) => (message.queue === 'pstn-windows' ? [message] : []));
      const next = jobs[this.#delivered];
      if (next === undefined) return count;
      if (count === max) throw new Error(`more than ${max} jobs follow from one another`);
      this.#delivered += 1;
      this.world.nowMs += next.delayMs;
      await this.deliver(next.message.data as WindowJob, [direct, direct, direct]);
    }
  }

  async #land(message: WindowJob, step: Step, skewMs: number): Promise<LandingReport> {
    const { world, told } = this;
    const delivery: Delivery = { claims: new Map(), atMs: 0, reads: [], finished: false };
    this.deliveries.push(delivery);
    const inner = createTableLedger(steppedTable(world.table, step));
    const ledger: Ledger = {
      ...inner,
      claim: async (windows, atMs, firstClaim) => {
        const claim = await inner.claim(windows, atMs, firstClaim);
        delivery.claims.set(windows[0]?.date ?? '', claim.number);
        delivery.atMs = atMs;
        return claim;
      },
    };
    const source: PstnCallsSource = {
      readPages: async function* (fromMs, toMs) {
        const rows = await step('page', () => Promise.resolve(world.log.rows as CallRow[]));
        const inRange = rows.filter(({ startDateTime }) => {
          const startMs = Date.parse(String(startDateTime));
          return startMs >= fromMs && startMs <= toMs;
        });
        delivery.reads.push(inRange);
        yield pageOf(inRange);
      },
    };
    const send: MessageSender['send'] = async (queue, sent, options) => {
      await world.sender.send(queue, sent, options);
      for (const [name, { etag }] of world.raw.blobs) told.set(name, etag);
    };
    const deps = world.deps({
      source,
      sender: steppedSender({ ...world.sender, send }, step),
      raw: steppedContainer(world.raw, step),
      ledger,
      clock: { nowMs: () => world.nowMs + skewMs },
      // Small buffers: some blocks are staged while pages come, some only with the commit.
      bufferBytes: 4_096,
    });
    const report = await landWindowJob(message, deps);
    delivery.finished = report.windows + report.shrunk === windowsOfJob(message).length;
    return report;
  }
}
