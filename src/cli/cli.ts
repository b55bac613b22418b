import { ConfigError, type Environment } from '../config/config.ts';
import { AzuriteError } from '../local/storage/azurite.ts';
import { FolderInUseError } from '../local/storage/folderLock.ts';
import { DataFolderError } from '../local/pipeline/dataFolder.ts';
import { BackfillRangeError } from '../windows/backfillRange.ts';
import { EXIT, type ExitCode, UsageError } from './exitCodes.ts';
import { createOutput, type Output } from './output.ts';
import { GivenUpError } from './runBackfill.ts';
import { progressBar } from './progressBar.ts';

/** What every command is given: the world around the process, passed in so that tests can make their own. */
export interface Cli {
  environment: NodeJS.ProcessEnv & Environment;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  output(json: boolean): Output;
  /** Runs a command, prints its error if it fails, and keeps its exit code. */
  run(command: () => Promise<ExitCode>): Promise<void>;
}

/** Faults of how the command was called or of its surroundings: the message says all, a stack would not help. */
const USAGE_ERRORS = [UsageError, ConfigError, BackfillRangeError, DataFolderError];
const PLAIN_ERRORS = [AzuriteError, FolderInUseError, GivenUpError];

export function createCli(process: NodeJS.Process, signal: AbortSignal): Cli {
  const output = (json: boolean): Output => createOutput(process, json, progressBar, () => Date.now());
  return {
    environment: process.env,
    signal,
    output,
    run: async (command) => {
      try {
        process.exitCode = await command();
      } catch (error) {
        process.exitCode = report(error, signal, output(false));
      }
    },
  };
}

function report(error: unknown, signal: AbortSignal, output: Output): ExitCode {
  if (signal.aborted) {
    output.note('Interrupted. What is stored stays, and the same command goes on from there.');
    return EXIT.failed;
  }
  const message = error instanceof Error ? error.message : String(error);
  for (const line of message.split('\n')) output.error(line);
  if (USAGE_ERRORS.some((kind) => error instanceof kind)) return EXIT.usage;
  if (
    !PLAIN_ERRORS.some((kind) => error instanceof kind) &&
    error instanceof Error &&
    error.stack !== undefined
  ) {
    output.note(error.stack.split('\n').slice(1).join('\n'));
  }
  return EXIT.failed;
}
