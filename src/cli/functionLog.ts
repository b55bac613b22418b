import { logLine, type Log, type LogFields } from '../runtime/log.ts';

export interface FunctionLog {
  log: Log;
  /** Requests that the functions sent to Graph, repeated ones included. */
  requests: () => number;
}

/** Lines that differ in numbers and ids only, beyond which only every tenth, hundredth ... is shown. */
const SHOWN_IN_FULL = 3;

/**
 * The log of functions that run in this process: counts requests to Graph and shows warnings and errors. What
 * repeats itself, as failures of a queue's messages do, is shown ever more rarely.
 */
export function functionLog(show: (line: string) => void): FunctionLog {
  let requests = 0;
  const seen = new Map<string, number>();
  const see = (level: string | undefined, event: string, fields: LogFields = {}): void => {
    const inner = ownEvent(fields['message']);
    if (inner?.['event'] === 'graphRequest') requests += 1;
    if (level === undefined) return;
    const where = fields['function'] === undefined ? '' : `${String(fields['function'])}: `;
    const line = inner === undefined ? logLine(event, fields) : JSON.stringify(inner);
    const kind = `${level} ${event} ${line.replace(/[0-9a-f-]{36}|\d+/g, '#')}`;
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    if (count > SHOWN_IN_FULL && !/^10+$/.test(String(count))) return;
    show(`${level}: ${where}${line}${count > SHOWN_IN_FULL ? ` (${count} times by now)` : ''}`);
  };
  return {
    log: {
      info: (event, fields) => see(undefined, event, fields),
      warn: (event, fields) => see('warning', event, fields),
      error: (event, fields) => see('error', event, fields),
    },
    requests: () => requests,
  };
}

/** The event that the app itself logged, inside the host's line; undefined for other text. */
function ownEvent(message: unknown): Record<string, unknown> | undefined {
  if (typeof message !== 'string' || !message.startsWith('{')) return undefined;
  try {
    return JSON.parse(message) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
