import { type Experiment, pause } from '../experiment.ts';
import { startLoad } from '../load.ts';
import { judge } from '../verdict.ts';

/** PostgreSQL is stopped under two servers, in order (fast) and at once (immediate) in turn; its keeper starts it again. */
export const databaseRestart: Experiment[] = [
  {
    name: 'T5',
    what: 'restart of PostgreSQL, fast and immediate in turn, under two servers',
    rounds: 20,
    async run({ rounds, random, history, install }) {
      const installation = await install({ engine: 'external', servers: 2 });
      const load = await startLoad({ targets: installation.targets, history, random });
      let recovery = 0;
      for (let round = 1; round <= rounds; round += 1) {
        await load.more(20);
        await pause(random(500));
        const before = await installation.postmaster();
        const begin = performance.now();
        process.kill(before, round % 2 === 0 ? 'SIGQUIT' : 'SIGINT');
        while ((await installation.postmaster().catch(() => before)) === before) await pause(5);
        await load.more(1);
        recovery = Math.max(recovery, performance.now() - begin);
      }
      await load.more(20);
      await load.stop();
      const ended = installation.servers.filter(({ child }) => child.exitCode !== null || child.signalCode !== null);
      const problems = await judge(history, installation.targets);
      return { problems: [...problems, ...ended.map(({ output }) => `a server ended: ${output().slice(-500)}`)], recovery };
    },
  },
];
