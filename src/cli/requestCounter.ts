import { logLine, type Log } from '../runtime/log.ts';
import type { Output } from './output.ts';

/** The log of the functions on this machine: counts requests to Graph, and shows what went wrong. */
export function requestCounter(output: Output): { log: Log; count: () => number } {
  let requests = 0;
  const count = (event: string): void => {
    if (event === 'graphRequest') requests += 1;
  };
  return {
    log: {
      info: count,
      warn: (event, fields) => {
        count(event);
        output.note(`warning: ${logLine(event, fields)}`);
      },
      error: (event, fields) => {
        count(event);
        output.note(`error: ${logLine(event, fields)}`);
      },
    },
    count: () => requests,
  };
}
