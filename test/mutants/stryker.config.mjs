/** How mutants are made and tried; which, and by what tests, is in `defences.ts`. */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // A mutant may not end; one that does takes far less than this beside what the tests take. Milliseconds.
  timeoutMS: 2_500,
  // What a copy of the project can do without. What `npm run build` has made is taken from where it is.
  ignorePatterns: ['/bench', '/demo', '/deploy', '/docs'],
  // TypeScript 7 has no JavaScript to rewrite a configuration with, and there is none to rewrite.
  tsconfigFile: 'none',
  logLevel: 'error',
  reporters: ['clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
};
