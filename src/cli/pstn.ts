#!/usr/bin/env node
import { EXIT } from './exitCodes.ts';
import { runProgram } from './program.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second one does not wait for an orderly end.
    if (stop.signal.aborted) process.exit(EXIT.failed);
    stop.abort();
  });
}

/**
 * npm passes a signal on to the shell that it started, and that shell dies of it alone. Then this process has
 * another parent, and nobody who would stop it.
 */
const PARENT_EVERY_MS = 500;
if (process.env['npm_lifecycle_event'] !== undefined) {
  const parent = Number(process.env['PSTN_PARENT_PID'] ?? process.ppid);
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop.abort();
  }, PARENT_EVERY_MS);
  watch.unref();
}

/** A connection to a host that stays silent would keep the process for minutes after all is said. */
const LINGER_MS = 2_000;

await runProgram(process, process.argv.slice(2), stop.signal);
setTimeout(() => process.exit(), LINGER_MS).unref();
