import type { WindowJob } from '../queues/messages.ts';
import type { Window } from './grid.ts';
import { packJobs, type PackLimits } from './packJobs.ts';

export interface HalveInput {
  job: Pick<WindowJob, 'lane' | 'planned' | 'soon'>;
  /** Windows among which is one that cannot be read, ascending, at least one. */
  failed: readonly Window[];
  /** Windows of the job that nobody has tried to read yet. */
  others: readonly Window[];
  /** Of the jobs over windows that failed: how often these were sent anew already. */
  tries: number;
  expectedRows: (window: Window) => number;
  limits?: PackLimits | undefined;
}

/**
 * A job that cannot be read as smaller ones, newest first. What failed is cut in the middle of its time, whatever
 * rows are expected: so a bad hour stands alone after as few steps as there can be. What was not tried stays whole.
 */
export function halveJob({ job, failed, others, tries, expectedRows, limits }: HalveInput): WindowJob[] {
  const { lane, planned, soon } = job;
  const pack = (windows: readonly Window[]) =>
    packJobs({ windows, lane, plannedMs: Date.parse(planned), expectedRows, soon, limits });
  const middle = failed.length >> 1;
  const halves = [...pack(failed.slice(middle)), ...pack(failed.slice(0, middle))];
  const counted = tries > 0 ? halves.map((half) => ({ ...half, tries })) : halves;
  return [...counted, ...pack(others)].sort((a, b) => Date.parse(b.from) - Date.parse(a.from));
}
