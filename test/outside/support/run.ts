import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface RunOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** The program is killed after this long. Default two minutes. */
  timeoutMs?: number;
}

/**
 * Runs a program to its end and gives what it wrote to standard output.
 * @throws Error with its exit code and what it wrote to both outputs, or that there is no such program.
 */
export async function run(
  program: string,
  programArguments: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn(program, programArguments, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 120_000,
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  if (code === 0) return stdout;
  throw new Error(
    `${program} ${programArguments.join(' ')} ended with ${code ?? signal ?? 'nothing'}\n${stdout.slice(-4000)}\n${stderr}`,
  );
}
