import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/slow-first.ts';

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/dashboard/test/*.test.ts',
      'test/**/*.test.ts',
      'bench/**/*.test.ts',
      'tools/**/*.test.ts',
    ],
    globalSetup: ['test/database-server.ts', 'packages/dashboard/test/browser-server.ts'],
    reporters: ['default', './test/closing-line.ts'],
    pool: 'forks',
    // Each file has its own database. Many tests wait for a clock or a process, so that three at once keep two cores busy.
    maxWorkers: 3,
    // What the tests import takes a process seconds to load: as much as running most files. None of it keeps what one file leaves behind.
    isolate: false,
    sequence: { sequencer: SlowFirst },
    testTimeout: 30_000,
    // What is waited for comes within a moment, and on a busy machine later: a second is the machine's promise, not the test's.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
  },
});
