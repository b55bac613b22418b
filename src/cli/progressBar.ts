import cliProgress from 'cli-progress';
import type { Progress } from './output.ts';

/** A bar on a terminal, drawn on stderr. */
export function progressBar(): Progress {
  const bar = new cliProgress.SingleBar({
    format: '{bar} {value}/{total} {text}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    stream: process.stderr,
  });
  let started = false;
  return {
    update: (done, total, text) => {
      if (!started) bar.start(total, done, { text });
      started = true;
      bar.setTotal(total);
      bar.update(done, { text });
    },
    end: () => {
      if (started) bar.stop();
    },
  };
}
