import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { say } from '../tools/programs/report.ts';
import { type Bench, loadOnce, type Measured, median } from './measure.ts';
import { subjects } from './subjects.ts';

/** Name of what is measured here. */
export const pgbenchSubject = 'look-up by ID / pgbench -S -M prepared';

/** Connections of pgbench: as many as the server has. */
const connections = 8;

/**
 * Look-ups by ID over HTTP beside what the database alone does: rows by primary key that `pgbench` reads through prepared statements, without HTTP,
 * JSON or metadata. Says so and gives no row where pgbench is not installed.
 */
export async function measurePgbench(bench: Bench): Promise<Measured[]> {
  if (!(await isInstalled())) {
    say('  left out: pgbench is not installed (package postgresql-contrib)');
    return [];
  }
  const { url } = await bench.database.another();
  await run(['-i', '-q', '-s', '1', url]);
  const read = async () => {
    const output = await run(['-n', '-S', '-M', 'prepared', '-c', String(connections), '-j', '1', '-T', '1', url]);
    const [, rate] = /tps = ([0-9.]+) /.exec(output) ?? [];
    if (rate === undefined) throw new Error(`pgbench: ${output.slice(0, 300)}`);
    return Number(rate);
  };
  const subject = subjects.find(({ name }) => name === 'look-up by ID');
  if (subject === undefined) throw new Error('there is no look-up by ID');
  const [ours, floor]: [number[], number[]] = [[], []];
  // The first round is for warming up.
  for (let round = 0; round <= bench.rounds; round += 1) {
    const rates = [await loadOnce(bench, subject, bench.ours, round, bench.secondsOfRound), await read()] as const;
    if (round === 0) continue;
    ours.push(rates[0]);
    floor.push(rates[1]);
  }
  const ratios = ours.map((rate, round) => rate / (floor[round] ?? Number.NaN));
  return [
    {
      name: pgbenchSubject,
      ours: median(ours),
      floor: median(floor),
      ratio: median(ours) / median(floor),
      unit: 'requests/s',
      range: [Math.min(...ratios), Math.max(...ratios)],
      aim: undefined,
    },
  ];
}

function isInstalled(): Promise<boolean> {
  return run(['--version']).then(
    () => true,
    () => false,
  );
}

async function run(args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('pgbench', args);
  return stdout;
}
