import type { FromPart, ToPart } from './part.ts';

/**
 * Says that the process is ready, and answers what the test asks. Ends the process when the test is gone.
 * @param reply gets what `startPart` for this script asks
 */
export function servePart(
  ready: unknown,
  reply: (question: never) => unknown,
  end: () => Promise<void>,
): void {
  const say = (what: FromPart<unknown, unknown, never>): void => void process.send?.(what);
  process.on('message', (message) => {
    const { number, question } = message as ToPart<never>;
    Promise.resolve()
      .then(() => reply(question))
      .then(
        (answer) => say({ number, answer }),
        (error: unknown) => say({ number, failed: error instanceof Error ? error.message : String(error) }),
      );
  });
  const finish = (): void => {
    end().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`not ended in order: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', finish);
  process.on('disconnect', finish);
  say({ ready });
}

/** Tells the test of something that it waits for. */
export const tell = (note: object): void => void process.send?.({ note });
