import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output of a run with one plain line, for programs: `12 passed, 0 failed, 0 skipped`. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that does not load has no tests to count, and one that fails before or after its tests none that failed: neither may pass.
    const broken = modules.filter((module) => !module.ok() && ![...module.children.allTests('failed')].some(() => true)).length;
    // After the summary of the other reporter, which is printed in the same turn.
    process.once('exit', () =>
      process.stdout.write(`\n${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped\n`),
    );
  }
}
