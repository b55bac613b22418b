import { readFileSync } from 'node:fs';
import { fetchWindowJob } from '../../src/app/fetchWindowJob.ts';
import { connectServices } from '../../src/app/services.ts';
import { type Message, type WindowJob } from '../../src/queues/messages.ts';
import { lineLog } from '../../src/runtime/log.ts';
import { answer, cpuMsOf } from './childProcess.ts';

/** What a worker spent on a job. */
export interface WorkDone {
  cpuMs: number;
  /** Largest resident memory of the process since it started. */
  peakKib: number;
  /** Rows landed, as the job's own report says. */
  rows: number;
}

// Lines are formatted as for the platform, and go nowhere: what takes them there is not this app.
let lastLine = '';
const keepLast = (line: string): void => {
  lastLine = line;
};
const log = lineLog({ info: keepLast, warn: keepLast, error: keepLast });
const never = new AbortController().signal;
const connected = connectServices(process.env);

answer(
  async (job: Message<WindowJob>): Promise<WorkDone> => {
    const services = await connected;
    const cpuMs = await cpuMsOf(() =>
      fetchWindowJob(job, { count: 1, messageId: 'm1' }, services, log, never),
    );
    const { rows = 0 } = JSON.parse(lastLine) as { rows?: number };
    return { cpuMs, peakKib: peakKib(), rows };
  },
  async () => (await connected).close(),
);

/** Of `resourceUsage` Linux counts in what the parent had when it forked; its own table of the process does not. */
function peakKib(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
