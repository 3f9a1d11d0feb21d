import { type Experiment, pause, type Setting } from '../experiment.ts';
import { startLoad } from '../load.ts';
import { judge } from '../verdict.ts';

/** A server is killed in the middle of all it does, and started again. */
export const kill: Experiment[] = [
  {
    name: 'T1',
    what: 'kill -9 of the server, every other time with its PostgreSQL (embedded)',
    rounds: 20,
    run: (setting) => run(setting, 'embedded'),
  },
  { name: 'T1', what: 'kill -9 of the server (external PostgreSQL)', rounds: 20, run: (setting) => run(setting, 'external') },
];

async function run({ rounds, random, history, install }: Setting, engine: 'embedded' | 'external') {
  const installation = await install({ engine });
  const load = await startLoad({ targets: installation.targets, history, random });
  let recovery = 0;
  for (let round = 1; round <= rounds; round += 1) {
    await load.more(1);
    await pause(random(1_500));
    const postmaster = await installation.postmaster();
    const begin = performance.now();
    await installation.servers[0]?.end('SIGKILL');
    if (engine === 'embedded' && round % 2 === 0) process.kill(postmaster, 'SIGKILL');
    await installation.start();
    await load.more(1);
    recovery = Math.max(recovery, performance.now() - begin);
  }
  await load.stop();
  return { problems: await judge(history, installation.targets), recovery };
}
