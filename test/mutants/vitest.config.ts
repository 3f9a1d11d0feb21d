import { defineConfig } from 'vitest/config';

/** The tests of one defence, in threads of their own: each mutant is another program. */
export default defineConfig({
  test: {
    include: (process.env.MUTANTS_TESTS ?? '').split(','),
    globalSetup: process.env.MUTANTS_DATABASE === '1' ? ['test/database-server.ts'] : [],
    testTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
  },
});
