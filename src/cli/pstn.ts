#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createCli } from './cli.ts';
import { EXIT } from './exitCodes.ts';
import { createProgram } from './program.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second one does not wait for an orderly end.
    if (stop.signal.aborted) process.exit(EXIT.failed);
    stop.abort();
  });
}

try {
  await createProgram(createCli(process, stop.signal)).parseAsync();
} catch (error) {
  // Commander has printed what is wrong, or the help that was asked for.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
