import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A child that answers one question after the other. */
export interface Child<Q, A> {
  ask(question: Q): Promise<A>;
  stop(): Promise<void>;
}

interface Failed {
  failed: string;
}

/** Starts a script that calls {@link answer}. */
export function startChild<Q extends object, A extends object>(
  script: string,
  environment: Readonly<Record<string, string>> = {},
  execArgv: readonly string[] = [],
): Child<Q, A> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    env: { ...process.env, ...environment },
    execArgv: [...execArgv],
  });
  const ended = once(child, 'exit');
  return {
    async ask(question) {
      child.send(question);
      const [message] = (await Promise.race([
        once(child, 'message'),
        ended.then(([code]) => [{ failed: `ended with ${String(code)}` }]),
      ])) as [A | Failed];
      if ('failed' in message) throw new Error(`${script}: ${message.failed}`);
      return message;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The child's side: answers each question; ends when the parent has no more. */
export function answer(reply: (question: never) => Promise<object>, close?: () => Promise<void>): void {
  process.on('message', (question) => {
    // What the parent asks is what this side was written for.
    reply(question as never).then(
      (found) => process.send?.(found),
      (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.on('disconnect', () => {
    void close?.();
  });
}

/** Milliseconds of processor time, of all threads of this process, that some work takes. */
export async function cpuMsOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
