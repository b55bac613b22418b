import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const PROGRAM = fileURLToPath(new URL('../proton_client', import.meta.url));

/** Runs one scenario of the Proton client (Debian's python3-qpid-proton) and gives what it saw. */
export async function protonScenario(port: number, queue: string, scenario: string): Promise<unknown> {
  // Debian's interpreter by its path: another Python of the machine does not know Debian's packages.
  const output = await run('/usr/bin/python3', ['-B', PROGRAM, `127.0.0.1:${port}`, queue, scenario]);
  return JSON.parse(output);
}
