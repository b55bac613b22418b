import { defineConfig } from 'vitest/config';

/** With the real compiler of Bicep, which is fetched from NuGet if the machine has none. */
export default defineConfig({
  test: {
    include: ['test/infra/**/*.compiled.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
