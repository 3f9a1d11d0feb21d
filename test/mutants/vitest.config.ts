import { defineConfig } from 'vitest/config';

/** The tests of one defence, in threads of their own: each mutant is another program. */
export default defineConfig({
  test: {
    include: (process.env.MUTANTS_TESTS ?? '').split(','),
    testTimeout: 30_000,
  },
});
