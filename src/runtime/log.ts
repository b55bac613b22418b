/** Values that may stand in a log line. Never a name, a phone number or any other text of a call. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Structured log: a constant event name and fields. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One line of JSON for an event, as the platform's log stores it. */
export const logLine = (event: string, fields: LogFields = {}): string =>
  JSON.stringify({ event, ...fields });

/** A log that writes each event as one line of JSON, for example to an invocation's context. */
export const lineLog = (write: {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}): Log => ({
  info: (event, fields) => write.info(logLine(event, fields)),
  warn: (event, fields) => write.warn(logLine(event, fields)),
  error: (event, fields) => write.error(logLine(event, fields)),
});
