import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { findAppRoot } from '../../src/local/pipeline/appRoot.ts';

const root = findAppRoot();

/** This process's environment without what would change how commands work. */
function cleanEnvironment(extra: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(GRAPH_|DATA_STORAGE|ServiceBus|LOCAL_CLOCK|AZURE_|VITEST|NODE_OPTIONS)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the built command line as a user would. */
export function startCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
): ChildProcess {
  return spawn(process.execPath, ['dist/cli/pstn.js', ...args], {
    cwd: root,
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function runCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Finished> {
  return finish(startCommand(args, environment));
}

export async function finish(child: ChildProcess): Promise<Finished> {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

export interface Staying {
  environment: Record<string, string>;
  http: string;
  /** Sends SIGTERM and waits for the orderly end. */
  stop(): Promise<number | null>;
  /** Ends it at once, without any order. */
  kill(): Promise<void>;
}

/** `pstn local --stay --json`, once it is ready. */
export async function startStaying(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Staying> {
  const child = startCommand(['local', '--stay', '--json', ...args], environment);
  const closed = once(child, 'close') as Promise<[number | null]>;
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (child.stdout === null) throw new Error('the command has no output');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    closed.then(([code]) => Promise.reject(new Error(`ended with ${code} before it was ready: ${stderr}`))),
  ]);
  const ready = JSON.parse(first[0]) as { ready: true; environment: Record<string, string>; http: string };
  return {
    environment: ready.environment,
    http: ready.http,
    stop: async () => {
      child.kill('SIGTERM');
      return (await closed)[0];
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
