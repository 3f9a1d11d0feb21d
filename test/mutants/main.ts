import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { onlyNamed } from '../../tools/programs/command-line.ts';
import { type Defence, defences } from './defences.ts';

const usage = `Breaks the defences of Crosswalk in each small way, one at a time, and looks whether the tests notice.

  npm run mutants [-- options]

  --only NAMES   only these: ${defences.map(({ name }) => name).join(', ')}`;

/** Of the mutants of each module so many are to be noticed. Percent. */
const wanted = 90;

const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean', default: false } } });

/** A line of the table. */
interface Line {
  module: string;
  mutants: number;
  /** by a test that fails, or that does not end */
  killed: number;
  /** no test failed */
  survived: number;
  /** no test got there */
  untouched: number;
  /** The tests could not be run: a test with a name of kilobytes is enough for that. */
  untried: number;
  percent: number;
}

if (values.help) console.info(usage);
else await run();

async function run(): Promise<void> {
  const chosen = onlyNamed(values.only, defences);
  const lines: Line[] = [];
  for (const defence of chosen) lines.push(...(await mutate(defence)));
  console.table(lines);
  if (lines.some(({ percent }) => percent < wanted)) process.exitCode = 1;
}

/** Tries the mutants of a defence; prints those that nothing has noticed. */
async function mutate({ modules, tests }: Defence): Promise<Line[]> {
  // Read by vitest.config.ts, in the process that runs the tests.
  process.env.MUTANTS_TESTS = tests.join();
  const tried = await new Stryker({ configFile: 'test/mutants/stryker.config.mjs', mutate: modules }).runMutationTest();
  return modules.map((module) => {
    const own = tried.filter(({ fileName }) => fileName.endsWith(module));
    const count = (...states: string[]) => own.filter(({ status }) => states.includes(status)).length;
    const [killed, survived, untouched] = [count('Killed', 'Timeout'), count('Survived'), count('NoCoverage')];
    const mutants = own.length - count('Ignored');
    const percent = Math.floor((1000 * killed) / Math.max(1, mutants)) / 10;
    return { module, mutants, killed, survived, untouched, untried: mutants - killed - survived - untouched, percent };
  });
}
