import type { Environment } from '../config/config.ts';
import { explainError } from './explainError.ts';
import { EXIT, type ExitCode } from './exitCodes.ts';
import { createOutput, type Output, type Streams } from './output.ts';
import { progressBar } from './progressBar.ts';

/** What every command is given: the world around the process, passed in so that tests can make their own. */
export interface Cli {
  environment: NodeJS.ProcessEnv & Environment;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  streams: Streams;
  output(json: boolean): Output;
  /** Runs a command, prints its error if it fails, and keeps its exit code. */
  run(command: () => Promise<ExitCode>): Promise<void>;
}

/** What of a process a command line needs. */
export interface CommandProcess extends Streams {
  env: NodeJS.ProcessEnv;
  exitCode?: number | string | null | undefined;
}

export function createCli(process: CommandProcess, signal: AbortSignal): Cli {
  const output = (json: boolean): Output => createOutput(process, json, progressBar, () => Date.now());
  return {
    environment: process.env,
    signal,
    streams: process,
    output,
    run: async (command) => {
      try {
        process.exitCode = await command();
      } catch (error) {
        process.exitCode = report(error, signal, process.env, output(false));
      }
    },
  };
}

function report(error: unknown, signal: AbortSignal, environment: Environment, output: Output): ExitCode {
  if (signal.aborted) {
    output.note('Interrupted. What is stored stays, and the same command goes on from there.');
    return EXIT.failed;
  }
  const { code, lines, stack } = explainError(error, environment);
  for (const line of lines) output.error(line);
  if (stack !== undefined) output.note(stack);
  return code;
}
