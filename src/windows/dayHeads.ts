/** What the planner and a waiting backfill have to know of a day's totals: the entity `!day`. */
export interface DayHead {
  etag: string;
  /** False while some of the totals are of one fold and some of another. */
  complete: boolean;
  /** True from the claim of a fold to its last transaction. */
  open: boolean;
  /** How final the totals are. */
  state: 'provisional' | 'settled' | 'restated';
  /** By window id: ETag of the raw blob that the totals were folded from. */
  vector: Readonly<Record<string, string>>;
  /** Rows of the day that do not fit, as that fold counted them. */
  rejected: number;
  /** The raw blobs have been deleted by age: the totals stay as they are. */
  frozen?: boolean;
  /** Why the last fold failed. */
  lastError?: string | undefined;
}

/** Undefined if the day was never folded. */
export type ReadDayHead = (date: string) => Promise<DayHead | undefined>;
