import { format } from 'node:util';

/** Where a command writes: results to stdout, all else to stderr, so that `--json` gives one document. */
export interface Output {
  readonly json: boolean;
  readonly interactive: boolean;
  /** The result: one JSON document with `--json`, else the lines. */
  result(document: unknown, lines: readonly string[]): void;
  /** A line about what is going on. */
  note(line: string): void;
  error(line: string): void;
  progress(): Progress;
}

/** Progress of one piece of work, on a terminal as a bar, otherwise as a line now and then. */
export interface Progress {
  update(done: number, total: number, text: string): void;
  end(): void;
}

/** Those of a process. */
export interface Streams {
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
}

/** @param makeBar gives the bar of a terminal; not called otherwise. */
export function createOutput(
  streams: Streams,
  json: boolean,
  makeBar: () => Progress,
  nowMs: () => number,
): Output {
  const interactive = streams.stderr.isTTY === true;
  const line = (stream: NodeJS.WritableStream, text: string): void => void stream.write(format('%s\n', text));
  return {
    json,
    interactive,
    result: (document, lines) => {
      if (json) line(streams.stdout, JSON.stringify(document, jsonValue));
      else for (const one of lines) line(streams.stdout, one);
    },
    note: (text) => line(streams.stderr, text),
    error: (text) => line(streams.stderr, `error: ${text}`),
    progress: () => (interactive ? makeBar() : plainProgress((text) => line(streams.stderr, text), nowMs)),
  };
}

/** At first often, then ever more rarely: a log that is read later should not be all progress. */
const PLAIN_EVERY_MS = { first: 5_000, most: 60_000 };
const PLAIN_SHARE = 1 / 12;

function plainProgress(write: (line: string) => void, nowMs: () => number): Progress {
  const beganMs = nowMs();
  let lastMs = -Infinity;
  let lastText = '';
  return {
    update: (done, total, text) => {
      const now = nowMs();
      const next = `${done}/${total} ${text}`;
      const everyMs = Math.min(
        PLAIN_EVERY_MS.most,
        Math.max(PLAIN_EVERY_MS.first, (now - beganMs) * PLAIN_SHARE),
      );
      if (next === lastText || now - lastMs < everyMs) return;
      lastMs = now;
      lastText = next;
      write(next);
    },
    end: () => undefined,
  };
}

/** Int64 values are text in JSON: a number could not hold them. */
const jsonValue = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
