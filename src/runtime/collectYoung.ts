import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: ((options: { type: 'minor' }) => void) | undefined;

/**
 * Collects what has lately become garbage (a scavenge of V8): half a millisecond. For code that gets through many
 * large buffers: their bytes lie outside of the heap, where they only count towards the next collection of
 * everything, which takes many times as long, and until then stay in memory.
 */
export function collectYoung(): void {
  collect ??= exposed();
  collect({ type: 'minor' });
}

/** V8 has this function at all times, but shows it only to contexts that are made while the flag is set. */
function exposed(): NonNullable<typeof collect> {
  setFlagsFromString('--expose-gc');
  try {
    const found: unknown = runInNewContext('globalThis.gc');
    return typeof found === 'function' ? (found as NonNullable<typeof collect>) : () => undefined;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
