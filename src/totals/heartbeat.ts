/** Shows, if it has not been shown for a while, that a run is alive. */
export type Beat = () => Promise<void>;

/** @param monotonicMs a clock of real time that never jumps, in milliseconds. */
export function heartbeat(show: () => Promise<void>, everyMs: number, monotonicMs: () => number): Beat {
  let lastMs = monotonicMs();
  return async () => {
    if (monotonicMs() - lastMs < everyMs) return;
    await show();
    lastMs = monotonicMs();
  };
}

export async function* withBeat<T>(items: AsyncIterable<T>, beat: Beat): AsyncGenerator<T> {
  for await (const item of items) {
    await beat();
    yield item;
  }
}
