import type { BuildOptions } from 'esbuild';

/** How esbuild bundles the functions into a folder. */
export function functionsBundle(outdir: string): BuildOptions;
/** Bundles the functions to `dist/functions` and the command line to `dist/cli`. */
export function buildAll(): Promise<void>;
/** The same, if a source is newer than what was built. */
export function buildIfStale(): Promise<void>;
