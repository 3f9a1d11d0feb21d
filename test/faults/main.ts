import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { onlyNamed, seedOf, wholeNumber } from '../../tools/programs/command-line.ts';
import { experiments } from './experiments/index.ts';
import { perform, type Row } from './perform.ts';

const usage = `Breaks Crosswalk under load, and holds what clients were told against what is there in the end.

  npm run faults [-- options]

  --only NAMES     only these experiments, such as T1 or T1,T13
  --rounds N       how often each fault is done, instead of what each does by itself
  --seed N         of the random choices (another one each time)
  --json FILE      write the rows of the table to a file as well
  --keep DIRECTORY keep the histories there: a line for the beginning and the end of what each client did`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'string' },
    keep: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.info(usage);
else await run();

async function run(): Promise<void> {
  const seed = seedOf(values.seed);
  // Checked at once, not by the first experiment.
  const roundsOf = (usual: number) => wholeNumber('--rounds', values.rounds, usual, 1_000_000);
  roundsOf(1);
  const chosen = onlyNamed(values.only, experiments);
  if (values.keep !== undefined) await mkdir(values.keep, { recursive: true });
  console.info(`Seed ${seed}; Node ${process.versions.node}`);
  const rows: Row[] = [];
  for (const [index, experiment] of chosen.entries()) {
    console.info(`${experiment.name}: ${experiment.what}`);
    const keep = values.keep === undefined ? undefined : join(values.keep, `${experiment.name}-${index}.ndjson`);
    const row = await perform(experiment, { rounds: roundsOf(experiment.rounds), seed, ...(keep === undefined ? {} : { keep }) });
    for (const problem of row.problems.slice(0, 20)) console.info(`  ${problem}`);
    if (row.problems.length > 20) console.info(`  and ${row.problems.length - 20} more`);
    if (row.note !== undefined) console.info(`  ${row.note}`);
    // Told at once: a run of hours may be broken off.
    console.info(`  ${row.verdict}`);
    rows.push(row);
  }
  console.table(
    rows.map(({ problems: _problems, note: _note, seed: _seed, recovery, ...row }) => ({
      ...row,
      'recovery ms max': recovery === undefined ? '' : recovery,
    })),
  );
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
  if (rows.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1;
}
