import { defineConfig } from 'vitest/config';

/** Against programs that are not ours: they are installed by `.ci/run`, and take their time. */
export default defineConfig({
  test: {
    include: ['test/outside/**/*.outside.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
