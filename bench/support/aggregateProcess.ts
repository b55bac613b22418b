import { readFileSync } from 'node:fs';
import { connectServices } from '../../src/app/services.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { aggregateDay } from '../../src/totals/aggregateDay.ts';
import { answer, cpuMsOf } from './childProcess.ts';

/** What the fold of a day has cost. */
export interface FoldDone {
  cpuMs: number;
  /** Largest resident memory of the process since it started. */
  peakKib: number;
  outcome: string;
  rows: number;
  restatement: number | undefined;
}

const connected = connectServices(process.env);

answer(
  async ({ date }: { date: string }): Promise<FoldDone> => {
    const { config, ...services } = await connected;
    let done: Omit<FoldDone, 'cpuMs' | 'peakKib'> | undefined;
    const cpuMs = await cpuMsOf(async () => {
      const report = await aggregateDay(
        { date },
        {
          ...services,
          log: silentLog,
          delayMs: 20_000,
          sourceDays: config.SOURCE_DAYS,
          settleHours: config.SETTLE_HOURS,
        },
      );
      const completed = report.outcome === 'completed' ? report : undefined;
      done = {
        outcome: report.outcome === 'failed' ? report.reason : report.outcome,
        rows: completed?.rows ?? 0,
        restatement: completed?.restatement,
      };
    });
    if (done === undefined) throw new Error('no report');
    return { ...done, cpuMs, peakKib: peakKib() };
  },
  async () => (await connected).close(),
);

/** Of `resourceUsage` Linux counts in what the parent had when it forked; its own table of the process does not. */
function peakKib(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
