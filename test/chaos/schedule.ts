/**
 * One bad day, or several, as plain data: what the log holds and when it changes, how the pipeline is set up, what
 * an operator does, and everything that goes wrong. All times are milliseconds after the start.
 */
export interface Schedule {
  /** Of the choices that are made while it runs. */
  seed: number;
  startMs: number;
  /** From here on the log rests and nothing goes wrong any more. */
  restMs: number;
  /** The environment of every process. */
  settings: Readonly<Record<string, string>>;
  pace: Pace;
  instances: readonly InstancePlan[];
  rows: readonly RowHistory[];
  commands: readonly Command[];
  faults: readonly Fault[];
  /** Of the last act: calls that go wrong while nobody but messages tells anybody anything. */
  lastFaults: readonly CallFault[];
}

/** How time passes and who comes first. */
export interface Pace {
  tickMinutes: number;
  /** Between ticks once all is at rest. */
  restTickMinutes: number;
  lockMs: number;
  /** Rows of a page. */
  pageSize: number;
  /** Operations of one transaction of totals, the head's included: at most 100, fewer have more days need several. */
  transactionOperations: number;
  /** Bytes of lines that a job holds before it stages them. */
  bufferBytes: number;
  /** One call lasts up to this long, */
  callMs: number;
  /** and those of one kind of handler so much longer, until all is at rest. */
  slow: { job: string; ms: number };
  /** How often time passes although somebody could go on, until all is at rest. */
  jumpChance: number;
  /** How often the handler goes on that went on before. */
  stickyChance: number;
  /** How often a queue hands out another message than its oldest. */
  reorderChance: number;
  /** How often a message that is sent lies in its queue twice. */
  doubleChance: number;
}

export interface InstancePlan {
  /** How far its clock is ahead. */
  clockMs: number;
  /** Messages of one queue at a time. */
  concurrency: number;
}

/** A row of the log through time. */
export interface RowHistory {
  /** Its place among the rows that an answer holds. */
  order: number;
  /** From when on the log has it as which JSON; null: not at all. Ascending. */
  states: readonly (readonly [atMs: number, json: string | null])[];
  /** What the log has of it in the last act; as before, if not given. */
  lastly?: string | null;
}

/** What an operator does; a command that does not end well is given again. */
export type Command = { atMs: number } & (
  | { kind: 'backfill'; fromMs: number; toMs: number }
  /** Of the days from date to date. */
  | { kind: 'rebuild'; from: string; to: string }
  /** Totals of days, of months, or both are lost, and rebuilt by command. */
  | { kind: 'lostTotals'; daily: boolean; monthly: boolean; from: string; to: string }
  /** The caches of the folds are lost (or, damaged: their bytes). */
  | { kind: 'lostFolds'; damaged: boolean }
  /** The ledger is lost, and filled again from the blobs by a rebuild. */
  | { kind: 'lostLedger'; from: string; to: string }
  /** Somebody deletes the raw blob of a window, the `pick`th modulo their number. */
  | { kind: 'lostBlob'; pick: number }
  /** Sends dead letters again. */
  | { kind: 'replay' }
);

/** What befalls one call. */
export type CallFaultKind =
  /** The process dies before the call, or right after it. */
  | 'crashBefore'
  | 'crashAfter'
  /** The process stands still before the call, beyond its locks perhaps, and goes on with it. */
  | 'freezeBefore'
  /** The call does its work, its answer is lost. */
  | 'lostAnswer'
  /** The call does nothing and fails. */
  | 'refused'
  /** The answer is lost, the client sends again, the second answer is seen. */
  | 'sentTwice'
  /** It does its work only after a while, even if the process has died meanwhile. */
  | 'slowEffect'
  /** It does its work, and its answer comes after a while. */
  | 'slowAnswer'
  /** It is answered, and does its work once more after a while: a request that was given up and repeated. */
  | 'landsAgain';

export type GraphFaultKind =
  | 'throttled'
  | 'unavailable'
  | 'reset'
  | 'cutBody'
  | 'html'
  | 'elsewhere'
  | 'forbidden'
  | 'timeout'
  | 'emptyPage'
  /** It answers as if there were no rows, and says that this is all. */
  | 'emptyLog'
  /** It answers as of a while ago, and whoever has asked stands still before it lands what it got. */
  | 'staleCopy';

/** The call number `nth` (from 0) of a place, `raw.commit` or `fetch:raw.commit`; `*` counts all calls. */
export interface CallFault {
  on: 'call';
  kind: CallFaultKind;
  place: string;
  nth: number;
  ms: number;
}

export type Fault =
  | CallFault
  /** `count` requests from the `nth` on; `ms` is what `Retry-After` says. */
  | { on: 'graph'; kind: GraphFaultKind; nth: number; count: number; ms: number }
  /** A message lies in a queue twice. */
  | { on: 'message'; kind: 'duplicated'; atMs: number; queue: number; pick: number }
  /** A process is killed, told to end and then killed, or stands still, and goes on `ms` later. */
  | { on: 'process'; kind: 'killed' | 'terminated' | 'frozen'; instance: number; atMs: number; ms: number }
  /** The timer fires on two instances. */
  | { on: 'timer'; kind: 'doubled'; atMs: number };
