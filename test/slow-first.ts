import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take ten seconds and more, the slowest first. One that begins as the last leaves the other workers idle. */
const slow = [
  'organizations/concurrency.test.ts',
  'faults/webhooks.test.ts',
  'faults/imports.test.ts',
  'faults/embedded.test.ts',
  'faults/faults.test.ts',
  'imports/jobs.test.ts',
  'imports/imports.test.ts',
  'dashboard/test/settings-by-keyboard.test.ts',
  'dashboard/test/code.test.ts',
  'dashboard/test/session.test.ts',
  'webhooks/deliveries.test.ts',
  'mail/delivery.test.ts',
  'inputs/streams.test.ts',
  'inputs/floods.test.ts',
  'inputs/import.test.ts',
  'import-scalekit/interruption.test.ts',
  'bench/bench.test.ts',
  'faults/crash.test.ts',
  'faults/external.test.ts',
  'faults/restore.test.ts',
  'telemetry/metrics.test.ts',
  'inputs/naughty-strings.test.ts',
  'inputs/properties.test.ts',
  'embedded/embedded-postgres.test.ts',
  'database/transaction.test.ts',
  'test/demo.test.ts',
];

/** Begins with the slow files, on every machine: the order of Vitest knows them by an earlier run only. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = slow.findIndex((end) => moduleId.endsWith(end));
      return index === -1 ? slow.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
