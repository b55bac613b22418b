import type { LandedDay } from './landDay.ts';
import type { RunRead } from './readRun.ts';

/** What a job did. Counts of rows are those of its own reads, whether or not a newer read is stored. */
export interface LandingReport {
  /** Windows that were read and landed. */
  windows: number;
  /** Windows that had been read since the job was planned. */
  skipped: number;
  pages: number;
  rows: number;
  rejected: number;
  repeated: number;
  /** Times that all pages were read again because the log changed meanwhile. */
  readAgain: number;
  /** By what became of the raw blobs. */
  committed: number;
  unchanged: number;
  superseded: number;
  /** Windows whose read lost rows and waits to be confirmed. */
  shrunk: number;
  /** Windows whose blocks an older read discarded: the job was sent again for them. */
  sentAgain: number;
  /** Jobs that it was sent again as: it turned out much larger than expected, or Graph does not give a part of it. */
  parts: number;
}

export const emptyReport = (skipped: number): LandingReport => ({
  windows: 0,
  skipped,
  pages: 0,
  rows: 0,
  rejected: 0,
  repeated: 0,
  readAgain: 0,
  committed: 0,
  unchanged: 0,
  superseded: 0,
  shrunk: 0,
  sentAgain: 0,
  parts: 0,
});

export function addRead(report: LandingReport, read: RunRead): void {
  report.pages += read.pages;
  report.repeated += read.repeated;
  report.readAgain += read.readAgain;
  report.rejected += read.unknownDay;
  for (const { lines, rejected } of read.windows) {
    report.rows += lines.rows;
    report.rejected += rejected.rows;
  }
}

export function addLanded(report: LandingReport, { landed, shrunk }: LandedDay): void {
  report.windows += landed.length;
  report.shrunk += shrunk.length;
  for (const { lines } of landed) report[lines.kind] += 1;
}
