import { setTimeout as pause } from 'node:timers/promises';
import type { HostAnswer, HostQuestion, HostReady } from './hostProcess.ts';
import { type Part, startPart } from './part.ts';

type HostPart = Part<HostQuestion, HostReady, HostAnswer>;

/** Processes that run the functions, each started again when it has ended. */
export interface Hosts {
  /** Waits until a host answers: one that was ended is started again. */
  get(host: number): Promise<HostPart>;
  /** Ends it at once, and begins to start it again. */
  kill(host: number): Promise<void>;
  /** Has it end in order, and then starts it again. */
  terminate(host: number): Promise<void>;
  /** Stops it for so long; it goes on as if nothing had been. */
  freeze(host: number, ms: number): Promise<void>;
  /** Invocations at work in all of them. */
  running(): Promise<number>;
  stop(): Promise<void>;
}

export interface HostsOptions {
  script: string;
  appRoot: string;
  count: number;
  /** The settings that a host is started with, now. */
  environmentOf: (host: number) => Readonly<Record<string, string>>;
  onLine: (host: number, line: string) => void;
}

const MAX_STARTS = 5;

export function startHosts({ script, appRoot, count, environmentOf, onLine }: HostsOptions): Hosts {
  /** A connection may break while it starts; whatever runs hosts tries again. */
  const start = async (host: number, tries = 1): Promise<HostPart> => {
    try {
      return await startPart<HostQuestion, HostReady, HostAnswer>(script, {
        environment: environmentOf(host),
        args: [appRoot],
        onLine: (line) => onLine(host, line),
      });
    } catch (error) {
      if (tries >= MAX_STARTS) throw error;
      return start(host, tries + 1);
    }
  };
  const all = Array.from({ length: count }, (_, host) => host);
  const hosts = all.map((host) => start(host));
  const get = (host: number): Promise<HostPart> => {
    const found = hosts[host];
    return found ?? Promise.reject(new RangeError(`there is no host ${host}`));
  };

  const replace = async (host: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const old = await get(host);
    old.signal(signal);
    // Begun at once: whoever wants this host waits for the new one.
    const next = old.ended.then(() => start(host));
    hosts[host] = next;
    await old.ended;
  };

  return {
    get,
    kill: (host) => replace(host, 'SIGKILL'),
    terminate: (host) => replace(host, 'SIGTERM'),
    async freeze(host, ms) {
      const part = await get(host);
      part.signal('SIGSTOP');
      await pause(ms);
      part.signal('SIGCONT');
    },
    async running() {
      const numbers = await Promise.all(all.map(async (host) => (await get(host)).ask({ ask: 'running' })));
      return numbers.reduce((sum, one) => sum + one, 0);
    },
    async stop() {
      await Promise.all(
        all.map(async (host) => {
          const part = await get(host);
          part.signal('SIGTERM');
          await part.ended;
        }),
      );
    },
  };
}
