import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What the two sides send each other; each question has a number, and so has its answer. */
export type ToPart<Q> = { number: number; question: Q };
export type FromPart<R, A, N> =
  { ready: R } | { number: number; answer: A } | { number: number; failed: string } | { note: N };

/** One process of the pipeline or of what stands in for Azure, seen from the test. */
export interface Part<Q, R, A> {
  readonly pid: number;
  /** What it said of itself when it had started. */
  readonly ready: R;
  /** Rejects if the process ends before it has answered, or answers that it failed. */
  ask(question: Q): Promise<A>;
  signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface StartOptions<N> {
  environment?: Readonly<Record<string, string>>;
  args?: readonly string[];
  onNote?: (note: N) => void;
  onLine?: (line: string) => void;
}

const KEPT_LINES = 40;
/** Settings of this process that would change how the others work. */
const NOT_INHERITED = /^(GRAPH_|DATA_STORAGE|ServiceBus|LOCAL_CLOCK|AZURE_|VITEST|NODE_OPTIONS|NODE_V8)/;
const running = new Set<ChildProcess>();

// Whatever happens to the tests: a process that is stopped would otherwise stay for ever.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a script that calls `servePart`, and waits until it is ready. */
export async function startPart<Q, R, A, N = never>(
  script: string,
  { environment = {}, args = [], onNote, onLine }: StartOptions<N> = {},
): Promise<Part<Q, R, A>> {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  const child = fork(script, args, {
    env: { ...Object.fromEntries(inherited), ...environment },
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine?.(line);
    });
  }
  const ended = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => {
    running.delete(child);
    return signal ?? code ?? 0;
  });

  const waiting = new Map<number, { resolve: (answer: A) => void; reject: (error: Error) => void }>();
  let number = 0;
  let become: (ready: R) => void;
  const becameReady = new Promise<R>((resolve) => (become = resolve));
  child.on('message', (message) => {
    // The other side is written in the next file: it sends nothing else.
    const said = message as FromPart<R, A, N>;
    if ('ready' in said) become(said.ready);
    else if ('note' in said) onNote?.(said.note);
    else if ('failed' in said) take(said.number)?.reject(new Error(`${script}: ${said.failed}`));
    else take(said.number)?.resolve(said.answer);
  });
  const take = (which: number) => {
    const found = waiting.get(which);
    waiting.delete(which);
    return found;
  };
  const gone = (how: number | string): Error =>
    new Error(`${script} ended (${how}) without an answer: ${lines.slice(-20).join('\n')}`);
  const ready = await Promise.race([becameReady, ended.then((how) => Promise.reject(gone(how)))]);
  void ended.then((how) => {
    for (const { reject } of waiting.values()) reject(gone(how));
  });
  return {
    pid: child.pid ?? 0,
    ready,
    ended,
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (!child.connected) {
          reject(gone('is gone'));
          return;
        }
        number += 1;
        waiting.set(number, { resolve, reject });
        const sent: ToPart<Q> = { number, question };
        child.send(sent, (error) => {
          if (error !== null) take(sent.number)?.reject(error);
        });
      }),
    signal: (name) => void child.kill(name),
  };
}
