import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomNumbers } from '../../tools/programs/random.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { type Experiment, type Result, Skipped } from './experiment.ts';
import { History } from './history.ts';
import { type Installation, install } from './installation.ts';
import { type Counts, count } from './verdict.ts';

/** What came of an experiment. */
export interface Row extends Counts, Result {
  experiment: string;
  what: string;
  rounds: number;
  seed: number;
  verdict: 'held' | 'failed' | 'skipped';
}

export interface PerformOptions {
  rounds: number;
  seed: number;
  /** where the history is kept */
  keep?: string;
}

/** Performs an experiment in a directory of its own, and leaves nothing behind. */
export async function perform({ name, what, run }: Experiment, { rounds, seed, keep }: PerformOptions): Promise<Row> {
  const directory = await temporaryDirectory('crosswalk-faults-');
  const path = join(directory.path, 'history.ndjson');
  const history = new History(path);
  const installations: Installation[] = [];
  const undo: (() => Promise<void>)[] = [directory.remove];
  const finish = async () => {
    history.end();
    for (const installation of installations) await installation.stop();
    if (keep !== undefined) await copyFile(path, keep).catch(() => {});
    for (const step of undo.toReversed()) await step();
  };
  // Whoever interrupts a run leaves no PostgreSQL behind either.
  const interrupted = () => void finish().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  const row = { experiment: name, what, rounds, seed };
  try {
    const result = await run({
      rounds,
      random: randomNumbers(seed),
      history,
      directory: directory.path,
      async install(options) {
        const installation = await install({ directory: directory.path, ...options });
        installations.push(installation);
        return installation;
      },
      afterwards: (step) => undo.push(step),
    });
    const recovery = result.recovery === undefined ? {} : { recovery: Math.round(result.recovery) };
    return { ...row, ...count(history.operations()), ...result, ...recovery, verdict: result.problems.length === 0 ? 'held' : 'failed' };
  } catch (error) {
    if (error instanceof Skipped) return { ...row, ...count([]), problems: [], note: error.message, verdict: 'skipped' };
    return { ...row, ...count(history.operations()), problems: [explain(error)], verdict: 'failed' };
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    await finish();
  }
}

function explain(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
