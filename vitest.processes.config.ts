import { defineConfig } from 'vitest/config';

/** On real processes, which are killed and stopped: they need the machine for themselves, and take their time. */
export default defineConfig({
  test: {
    include: ['test/chaos/processes/**/*.processes.ts'],
    globalSetup: ['test/chaos/processes/globalSetup.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
