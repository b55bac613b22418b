import type { Config } from '../config/config.ts';

/** What the planner goes by, taken from the configuration. */
export interface PlannerSettings {
  /** Hours after a window's end at which it is read again, ascending. */
  rereadHours: readonly number[];
  /** Older windows are read again each so many days. */
  sweepDays: number;
  /** Windows that begin earlier than this many days ago are read only by command. */
  sourceDays: number;
  /** Hours after a window's end from which its number of rows hardly moves any more. */
  settleHours: number;
  /** How much later a read that lost rows is to be confirmed. */
  shrinkConfirmMinutes: number;
  /** How many days before the first planning are covered. */
  initialBackfillDays: number;
  /** Raw blobs are deleted so many days after they were written; 0: never. */
  rawRetentionDays: number;
}

export type PlannerConfig = Pick<
  Config,
  | 'REREAD_HOURS'
  | 'SWEEP_DAYS'
  | 'SOURCE_DAYS'
  | 'SETTLE_HOURS'
  | 'SHRINK_CONFIRM_MINUTES'
  | 'INITIAL_BACKFILL_DAYS'
  | 'RAW_RETENTION_DAYS'
>;

export const plannerSettings = (config: PlannerConfig): PlannerSettings => ({
  rereadHours: config.REREAD_HOURS,
  sweepDays: config.SWEEP_DAYS,
  sourceDays: config.SOURCE_DAYS,
  settleHours: config.SETTLE_HOURS,
  shrinkConfirmMinutes: config.SHRINK_CONFIRM_MINUTES,
  initialBackfillDays: config.INITIAL_BACKFILL_DAYS,
  rawRetentionDays: config.RAW_RETENTION_DAYS,
});
