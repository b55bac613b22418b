import type { Metafile } from 'esbuild';

/** Packages that the bundle leaves outside, with the versions that package.json asks for. @throws Error for one that it lacks. */
export function externalPackages(
  metafile: Pick<Metafile, 'outputs'>,
  manifest: { dependencies: Readonly<Record<string, string>> },
): Record<string, string>;
/** Writes the folder that is deployed. Gives the packages that were installed into it, with their versions. */
export function stage(folder: string): Promise<Record<string, string>>;
/** All files of a folder, ascending, with `/` between the parts of their names. */
export function filesOf(folder: string): string[];
/** The folder as a zip; the same files give the same bytes. */
export function zip(folder: string): Uint8Array;
/** Milliseconds in which a fresh process loads all functions; the median. */
export function startMs(folder: string, times?: number): number;
