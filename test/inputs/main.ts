import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startVitest, type TestCase } from 'vitest/node';
import { onlyNamed, seedOf, wholeNumber } from '../../tools/programs/command-line.ts';
import { rows } from './catalogue/index.ts';
import type { Door } from './trial.ts';

const usage = `Tries every bad input of the catalogue at each door that can say it, and properties of any input at all.

  npm run inputs [-- options]

  --only ROWS   only these rows or letters of the catalogue, such as E,K7; the properties are *
  --runs N      how often each property is tried for each operation (100)
  --seed N      of what the properties generate (another one each time)
  --json FILE   write the rows of the table to a file as well

TEST_DATABASE_URL names another PostgreSQL than the one that comes embedded.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** A line of the table: what the inputs of a row were answered at a door. */
interface Line {
  row: string;
  door: Door | 'elsewhere';
  /** how many inputs or properties were tried */
  tried: number;
  /** each answer and how often it came; of a row that other tests hold, how many */
  answers: string;
  verdict: 'ok' | 'failed' | 'held by its own tests';
}

/** What stands for the properties where rows are named. */
const properties = '*';

if (values.help) console.info(usage);
else await run();

async function run(): Promise<void> {
  const seed = seedOf(values.seed);
  const runs = wholeNumber('--runs', values.runs, 100, 1_000_000);
  const all = [...rows.keys(), properties].map((name) => ({ name }));
  const wanted = new Set(onlyNamed(values.only, all).map(({ name }) => name));
  console.info(`Seed ${seed}; Node ${process.versions.node}`);
  Object.assign(process.env, { INPUTS_SEED: String(seed), INPUTS_RUNS: String(runs), TEST_LONG: '1' });
  // Long tests may take as long as their runs do; what hangs is found out by its request, which has a limit.
  const vitest = await startVitest('test', ['test/inputs/'], {
    watch: false,
    reporters: ['dot'],
    testTimeout: 3_600_000,
    ...(wanted.has(properties) ? {} : { testNamePattern: namesOf([...wanted]) }),
  });
  const modules = vitest.state.getTestModules();
  const tests = modules.flatMap((module) => [...module.children.allTests()]).filter((one) => one.result().state !== 'skipped');
  const isWell = modules.every((module) => module.ok()) && vitest.state.getUnhandledErrors().length === 0;
  await vitest.close();
  const failed = tests.filter((one) => one.result().state === 'failed');
  const lines = tableOf(tests).filter(({ row }) => wanted.has(row));
  console.table(lines);
  const untold = failed.filter((one) => one.meta().trial === undefined);
  for (const one of untold) console.info(`failed: ${one.fullName}`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ seed, runs, lines }, undefined, 2)}\n`);
  process.exitCode = isWell ? 0 : 1;
}

/** What the names of the tests of rows have in them: the number of the row, by itself or in brackets. */
function namesOf(wanted: readonly string[]): RegExp {
  return new RegExp(`(?:^|[ (])(?:${wanted.join('|')})(?![0-9])`);
}

/** The tests that say what they tried, by row and door; rows that only tests of their own hold come with their number. */
function tableOf(tests: readonly TestCase[]): Line[] {
  const lines = new Map<string, Line & { counts: Map<string, number> }>();
  for (const one of tests) {
    const { trial } = one.meta();
    if (trial === undefined) continue;
    const key = `${trial.row} ${trial.door}`;
    const line = lines.get(key) ?? { row: trial.row, door: trial.door, tried: 0, answers: '', verdict: 'ok', counts: new Map() };
    line.tried += 1;
    line.counts.set(trial.answer, (line.counts.get(trial.answer) ?? 0) + 1);
    if (one.result().state === 'failed') line.verdict = 'failed';
    lines.set(key, line);
  }
  const tried = [...lines.values()].map(({ counts, ...line }) => ({
    ...line,
    answers: [...counts].map(([answer, count]) => (count === 1 ? answer : `${count} × ${answer}`)).join(', '),
  }));
  const places = [...rows].flatMap(([row, { places: held }]): Line[] => {
    if (held.length === 0) return [];
    return [{ row, door: 'elsewhere', tried: held.length, answers: '', verdict: 'held by its own tests' }];
  });
  const order = [...rows.keys(), properties];
  return [...tried, ...places].sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row));
}
