import type { BackfillProgress } from '../windows/backfillProgress.ts';
import type { Summary } from './summary.ts';

/** What a run of `pstn local` did, as `--json` prints it. */
export interface LocalRun
  extends Summary, Pick<BackfillProgress, 'rejected' | 'failed' | 'shrunk' | 'unfolded'> {
  /** Instants; the end is not included. */
  from: string;
  to: string;
  windows: number;
  windowsRead: number;
  /** Requests to Graph, repeated ones included. */
  requests: number;
  seconds: number;
  files: {
    /** Holds the landed files as ordinary files. */
    folder: string;
    files: number;
    /** New or changed since the last run over the same folder. */
    changed: number;
    dailyTotals: string;
  };
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** The same for a person. */
export function describeRun(run: LocalRun): string[] {
  const moneyWidth = Math.max(...run.money.map((one) => amount(one.charge).length), 6);
  return [
    '',
    `${run.from} to ${run.to}: ${run.windowsRead} of ${run.windows} windows read`,
    `  ${whole.format(run.calls)} calls, ${whole.format(run.durationSeconds / 60)} minutes`,
    ...run.money.map(
      (one) =>
        `  ${one.currency} ${amount(one.charge).padStart(moneyWidth)} charge + ${amount(one.connectionCharge)} ` +
        `connection charge (${whole.format(one.calls)} calls, ${whole.format(one.durationSeconds / 60)} minutes)`,
    ),
    ...(run.topUsers.length > 0 ? ['  users who cost most:'] : []),
    ...run.topUsers.map(
      (one) =>
        `    ${one.currency} ${amount(one.cost).padStart(moneyWidth)}  ${one.user} (${whole.format(one.calls)} calls)`,
    ),
    `  ${whole.format(run.requests)} requests to Graph, ${run.seconds.toFixed(1)} s`,
    `  ${whole.format(run.files.files)} files in ${run.files.folder} (${whole.format(run.files.changed)} new or changed)`,
    `  totals by user and day in ${run.files.dailyTotals}`,
    ...(run.rejected > 0
      ? [`  ${whole.format(run.rejected)} rows do not fit and lie in rejected/ with the reason`]
      : []),
  ];
}

/** Exact, with thousands separators, at least two places: `1,234.5678`. */
function amount(text: string): string {
  const [units = '0', places = ''] = text.split('.');
  const sign = units.startsWith('-') ? '-' : '';
  const grouped = units.replace('-', '').replace(/\B(?=(\d{3})+$)/g, ',');
  return `${sign}${grouped}.${places.replace(/0+$/, '').padEnd(2, '0')}`;
}
