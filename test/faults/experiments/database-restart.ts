import { type Experiment, pause } from '../experiment.ts';
import type { Installation } from '../installation.ts';
import { startLoad } from '../load.ts';
import { writesAgain } from '../recovery.ts';
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
      let [recovery, own] = [0, 0];
      const times = { fast: [] as number[], immediate: [] as number[] };
      for (let round = 1; round <= rounds; round += 1) {
        await load.more(20);
        await pause(random(500));
        const before = await installation.postmaster();
        const begin = performance.now();
        const mode = round % 2 === 0 ? 'immediate' : 'fast';
        process.kill(before, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
        while ((await installation.postmaster().catch(() => before)) === before) await pause(5);
        const [accepted, ...written] = await Promise.all([
          accepts(installation),
          ...installation.targets.map((target) => writesAgain(target, history)),
        ]);
        const last = Math.max(...written);
        times[mode].push(last - begin);
        recovery = Math.max(recovery, last - begin);
        own = Math.max(own, last - accepted);
      }
      await load.more(20);
      await load.stop();
      const ended = installation.servers.filter(({ child }) => child.exitCode !== null || child.signalCode !== null);
      const problems = await judge(history, installation.targets);
      const note =
        `both servers wrote ${Math.round(own)} ms after PostgreSQL took a plain connection, at most; ` +
        `${slowest(times.fast)} ms at most after a fast stop, ${slowest(times.immediate)} after an immediate one`;
      return { problems: [...problems, ...ended.map(({ output }) => `a server ended: ${output().slice(-500)}`)], recovery, note };
    },
  },
];

/** Waits until PostgreSQL serves whoever comes, for as long as that takes; the time when it did, by the clock of `performance.now()`. */
async function accepts(installation: Installation): Promise<number> {
  for (;;) {
    const isServed = await installation.sql('select').then(
      () => true,
      () => false,
    );
    if (isServed) return performance.now();
    await pause(20);
  }
}

const slowest = (times: readonly number[]) => Math.round(Math.max(0, ...times));
