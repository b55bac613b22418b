import { buildIfStale } from '../../scripts/build.mjs';

/** The tests of the bundle and of the command line load what is built. */
export async function setup(): Promise<void> {
  await buildIfStale();
}
