/** When a transport trap fires. Decided by the server's seeded generator, request by request. */
export interface Firing {
  /** How likely, for each request that reaches the trap. Default 1. */
  probability?: number;
  /** Only for so many requests, counted from the first that reaches the trap. Default: for all. */
  first?: number;
}

/** Rows planted in every day, the same for the same seed. */
export interface DataTraps {
  /** Rows at exactly hh:00:00.0000000 and hh:59:59.9999999 of several hours. */
  boundaryRows: boolean;
  /** For every property a row in which it is null, and a row in which all are. */
  nullProperties: boolean;
  /** Rows without an `id`. */
  idNull: boolean;
  /** Rows whose `startDateTime` is null, empty, or no instant. */
  startNull: boolean;
  /** Rows that start outside of what was asked. */
  startOutside: boolean;
  /** Rows with properties that the API's reference does not know. */
  unknownProperties: boolean;
  /** Charges of 0 to 7 decimals, an exponent, 999999999.999999 and 1e9. */
  moneyEdge: boolean;
  /** Instants with `+00:00` and other offsets, and with 0 to 9 fractional digits. */
  offsetInstants: boolean;
  /** Text where a number belongs, and the other way round. */
  wrongTypes: boolean;
  /** Names, ids and destinations with `/ \ # ? %`, line separators, emoji, and 40,000 characters. */
  awkwardText: boolean;
}

/** How the rows are cut into pages. */
export interface PagingTraps {
  /** A page without rows, but with a nextLink, before each page. */
  emptyPages: boolean;
  /** Each page begins with the last row of the one before. */
  repeatRowOnNextPage: boolean;
  /** As `repeatRowOnNextPage`, but the repeated row has another charge: the log moved between the pages. */
  changedRowOnNextPage: boolean;
  /** The rows of a day in no order of time. */
  shuffledRows: boolean;
}

/** Replace or damage an answer that would have been a page. At most one fires for a request. */
export interface TransportTraps {
  /** The JSON text ends in the middle; the HTTP message is complete. */
  cutBody: Firing;
  /** The connection ends in the middle of the body. */
  cutConnection: Firing;
  /** The connection is reset before an answer. */
  reset: Firing;
  /** The body comes in pieces, over `slowBodyMs`. */
  slowBody: Firing;
  /** The page is longer than `hugePageBytes`, by an annotation beside the rows. */
  hugePage: Firing;
  /** A page of HTML with status 200. */
  htmlWith200: Firing;
  /** Graph's error object with status 200. */
  errorWith200: Firing;
  /** A JSON object without `value`. */
  noValue: Firing;
  /** A page that has no rows and no nextLink, whatever was asked. */
  emptyAnswer: Firing;
  /** Status 302 to the same path of another origin (`elsewhere`). */
  redirectElsewhere: Firing;
  /** A page whose nextLink names another origin (`elsewhere`). */
  nextLinkElsewhere: Firing;
  /** As after the token's end. */
  status401: Firing;
  /** As without the permission. */
  status403: Firing;
  /** Throttled although within the limits; with Retry-After. */
  status429: Firing;
  status500: Firing;
  status502: Firing;
  /** With Retry-After. */
  status503: Firing;
  /** Without Retry-After. */
  status503Bare: Firing;
  status504: Firing;
  /** Bandwidth limit exceeded. */
  status509: Firing;
}

export interface TrapSettings {
  /** Retry-After is an HTTP date and not a number of seconds. */
  retryAfterDate: boolean;
  /** Status 429 and 503 come without Retry-After. */
  retryAfterMissing: boolean;
  /** Retry-After of `status429` and `status503`. */
  retryAfterSeconds: number;
  slowBodyMs: number;
  hugePageBytes: number;
  /** Origin of `redirectElsewhere` and `nextLinkElsewhere`. */
  elsewhere: string;
}

/** All traps, each of which is off unless it is named. */
export interface Traps extends DataTraps, PagingTraps, TransportTraps, TrapSettings {}

export const TRAP_SETTINGS: TrapSettings = {
  retryAfterDate: false,
  retryAfterMissing: false,
  retryAfterSeconds: 2,
  slowBodyMs: 3_000,
  hugePageBytes: 30_000_000,
  elsewhere: 'https://graph.example.invalid',
};
