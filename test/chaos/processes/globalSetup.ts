import type { TestProject } from 'vitest/node';
import { bundle, removeBundle } from './bundle.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the app and the scripts of its processes lie. */
    bundle: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await bundle();
  project.provide('bundle', folder);
  return () => removeBundle(folder);
}
