import { describe, inject, test, vi } from 'vitest';
import { experiments } from './experiments/index.ts';
import { perform } from './perform.ts';

// Programs take long to start on a busy machine, and each experiment starts several.
vi.setConfig({ testTimeout: 300_000 });

/** Another one each time, as in `npm run faults`: a failure tells it. */
const seed = 1 + Math.floor(Math.random() * 999_999_999);

/** Those that take seconds in a round, by their names and a part of what is done; `npm run faults` does them all, and more often. */
const short: [name: string, what: string][] = [
  ['T1', 'external'],
  ['T13', 'Idempotency-Key'],
  ['T16', 'cut after a random byte'],
  ['T24', 'under two servers'],
];
/** Those that start servers again and again, or wait for minutes. */
const long: typeof short = [
  ['T17', 'the network to PostgreSQL'],
  ['T24', 'kill -9'],
  ['T26', 'one after another'],
  ['T35', 'may open 1024 files'],
];

// At once: most of their time they wait, for programs to start and keys to come of age.
describe.concurrent('once, as `npm run faults` does it', () => {
  test.for(inject('long') ? [...short, ...long] : short)('%s: %s', async ([name, what], { annotate, expect }) => {
    const experiment = experiments.find((one) => one.name === name && one.what.includes(what));
    if (experiment === undefined) throw new Error(`there is no experiment ${name} with ${what}`);
    await annotate(`seed ${seed}`);
    const { problems, verdict, seed: used } = await perform(experiment, { rounds: 1, seed });
    expect({ problems, verdict, seed: used }).toEqual({ problems: [], verdict: 'held', seed });
  });
});
