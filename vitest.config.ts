import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/_support/check-every-response.ts'],
    pool: 'forks',
    // Two cores are what the suite is made for; a file has its own processes beside it.
    maxWorkers: 2,
    // Above the deadlines of what a test awaits, which say what did not come. The longest: Temporal goes on giving tasks
    // to the open polls of a worker that was stopped, for a minute.
    testTimeout: 300_000,
    hookTimeout: 180_000,
    // A failing test shows at once; nothing is tried twice.
    retry: 0,
    reporters: ['default', './test/_support/tally-reporter.ts'],
  },
});
