import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // a golden file that is missing is a failure, not a reason to write one; `--update=all` writes them
    update: 'none',
    include: ['test/**/*.test.ts'],
    // a file over real parts waits for other processes much of its time: two of them share two cores well
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // bounds for a busy machine: the longest night (test/night/killed.test.ts) takes one minute on two idle cores
    testTimeout: 60_000,
    hookTimeout: 600_000,
  },
});
