import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { QUEUES, type QueueName } from '../../../src/queues/names.ts';
import type { GateRule } from './gate.ts';
import { copyOf, READ_QUEUES } from './queues.ts';
import type { Fault, FaultKind, Moment } from './schedule.ts';
import { HOSTS, LOCK_MS, type World } from './world.ts';

/** A call that never comes is not waited for longer, nor when nobody has anything to do. */
const CALL_WITHIN_MS = 4_000;
const LOOK_MS = 100;
const REMEMBERED = 40;

/** Does faults to a world, and remembers what has to be undone or waited for. */
export interface Faults {
  /** Resolves when the next one may come; what it does to a host may last longer. */
  inject(fault: Fault): Promise<void>;
  /** Resolves when every host goes on again, and nothing lies in wait. */
  over(): Promise<void>;
  /** What was done, as lines for a person. */
  readonly done: readonly string[];
  readonly counts: ReadonlyMap<FaultKind, number>;
  /** Ids of messages that are none. */
  readonly badMessages: readonly string[];
}

export function startFaults(world: World, name: string): Faults {
  const { storage, bus, hosts, queues } = world;
  const done: string[] = [];
  const counts = new Map<FaultKind, number>();
  const badMessages: string[] = [];
  const pending: Promise<void>[] = [];
  const seen: { queue: QueueName; message: ServiceBusReceivedMessage }[] = [];

  /** Resolves when there was nothing to do for a while, or when the wait has ended. */
  const idle = async (signal: AbortSignal): Promise<undefined> => {
    for (let quiet = 0; quiet < 3 && !signal.aborted;) {
      const counts = Object.values(await bus.ask({ ask: 'counts' }));
      quiet = counts.every(({ active, locked }) => active + locked === 0) ? quiet + 1 : 0;
      await pause(LOOK_MS);
    }
    return undefined;
  };

  const lieInWait = async (host: number, rule: GateRule): Promise<string | undefined> => {
    const waited = new AbortController();
    const meeting = world.met(host, CALL_WITHIN_MS);
    await storage.ask({ ask: 'arm', host, rule });
    const what = await Promise.race([meeting, idle(waited.signal)]);
    waited.abort();
    if (what === undefined) await storage.ask({ ask: 'disarm', host });
    return what;
  };

  /** @returns at what it is; a call that does not come is the end of a wait. */
  const moment = async (host: number, at: Moment): Promise<string> => {
    if ('afterMs' in at) {
      await pause(at.afterMs);
      return `after ${at.afterMs} ms`;
    }
    const act = at.call === 'before' ? 'holdBefore' : 'holdAfter';
    return (await lieInWait(host, { act, skip: at.skip, writes: at.writes })) ?? 'at no call';
  };

  const freeze = async (host: number, ms: number): Promise<void> => {
    await hosts.freeze(host, ms);
    await storage.ask({ ask: 'release', host });
  };

  const duplicate = async (most: number, delayMs: number): Promise<number> => {
    for (const queue of READ_QUEUES) {
      for (const message of await queues.peek(queue)) seen.push({ queue, message });
    }
    seen.splice(0, Math.max(0, seen.length - REMEMBERED));
    // The newest, which are at work or wait, and one that is long done.
    const chosen = [...seen.slice(-most), ...seen.slice(0, 1)];
    for (const { queue, message } of chosen) {
      const due = delayMs > 0 ? { scheduledEnqueueTimeUtc: new Date(Date.now() + delayMs) } : {};
      await queues.send(queue, { ...copyOf(message), ...due });
    }
    return chosen.length;
  };

  const tick = async (): Promise<string> => {
    const ticks = Array.from({ length: HOSTS }, async (_, host) =>
      (await hosts.get(host)).ask({ ask: 'plan' }),
    );
    const failed = (await Promise.allSettled(ticks)).filter(({ status }) => status === 'rejected');
    return `${failed.length} failed`;
  };

  const perform = async (fault: Fault): Promise<string> => {
    switch (fault.kind) {
      case 'kill':
      case 'terminate': {
        const at = await moment(fault.host, fault.at);
        const ending = fault.kind === 'kill' ? hosts.kill(fault.host) : hosts.terminate(fault.host);
        if (fault.kind === 'kill') await ending;
        else pending.push(ending);
        await storage.ask({ ask: fault.kind === 'kill' ? 'drop' : 'release', host: fault.host });
        return at;
      }
      case 'killLate': {
        const { host, skip, lateMs } = fault;
        const at = await lieInWait(host, { act: 'holdBefore', skip, writes: true });
        await hosts.kill(host);
        await pause(lateMs);
        await storage.ask({ ask: 'release', host });
        return `${at ?? 'at no call'}, ${lateMs} ms late`;
      }
      case 'freeze': {
        const at = await moment(fault.host, fault.at);
        const ms = LOCK_MS + fault.beyondLockMs;
        pending.push(freeze(fault.host, ms));
        return `${at} for ${ms} ms`;
      }
      case 'loseAnswer':
      case 'refuse':
        return (
          (await lieInWait(fault.host, { act: fault.kind, skip: fault.skip, writes: true })) ?? 'at no call'
        );
      case 'cutBus':
        await bus.ask({ ask: 'cut', host: fault.host, afterPieces: fault.afterPieces });
        return `after ${fault.afterPieces} pieces`;
      case 'duplicate':
        return `${await duplicate(fault.most, fault.delayMs)} messages, ${fault.delayMs} ms later`;
      case 'hasten':
        return `${await queues.hasten()} messages`;
      case 'tick':
        return tick();
      case 'badMessage': {
        const messageId = `bad-${name}-${badMessages.length}`;
        badMessages.push(messageId);
        const queue = badMessages.length % 2 === 0 ? QUEUES.days : QUEUES.backfillWindows;
        await queues.send(queue, { messageId, body: { v: 1, data: { nothing: true } } });
        return messageId;
      }
    }
  };

  return {
    done,
    counts,
    badMessages,
    async inject(fault) {
      const how = await perform(fault);
      counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
      done.push(`${fault.kind}${'host' in fault ? ` host ${fault.host}` : ''} ${how}`);
    },
    async over() {
      await Promise.all(pending);
      for (let host = 0; host < HOSTS; host += 1) {
        await storage.ask({ ask: 'disarm', host });
        await storage.ask({ ask: 'release', host });
        await bus.ask({ ask: 'disarm', host });
        await hosts.get(host);
      }
    },
  };
}
