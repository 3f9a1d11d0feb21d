import { type Experiment, pause } from '../experiment.ts';
import { startLoad } from '../load.ts';
import { allOrganizations, judge } from '../verdict.ts';

/** A server that is told to stop has ended after this. Milliseconds. */
const longestStop = 30_000;

/** A server is told to stop under load, and started again. */
export const gracefulStop: Experiment[] = [
  {
    name: 'T25',
    what: 'SIGTERM under load: what was accepted is answered, and the status is 0 (external PostgreSQL)',
    rounds: 15,
    async run({ rounds, random, history, install }) {
      const installation = await install({ engine: 'external' });
      const load = await startLoad({ targets: installation.targets, history, random, clients: 16 });
      const problems: string[] = [];
      let [recovery, slowest] = [0, 0];
      for (let round = 1; round <= rounds; round += 1) {
        await load.more(20);
        await pause(random(300));
        const begin = performance.now();
        const status = await installation.servers[0]?.end('SIGTERM');
        const took = performance.now() - begin;
        slowest = Math.max(slowest, took);
        if (status !== 0) problems.push(`stop ${round} ended with status ${status}`);
        if (took > longestStop) problems.push(`stop ${round} took ${Math.round(took)} ms`);
        await installation.start();
        await load.more(1);
        recovery = Math.max(recovery, performance.now() - begin);
      }
      await load.stop();
      // A request whose connection ended may have met a server that had not read it. One that had its effect was read, and needs its answer.
      const made = new Set((await allOrganizations(installation.targets)).map(({ externalId }) => externalId));
      const cut = history
        .operations()
        .filter(({ kind, outcome, status }) => kind === 'create' && outcome === 'unknown' && status === undefined);
      for (const { key, reason } of cut) if (made.has(key)) problems.push(`${key} was made, and its request ended with ${reason}`);
      problems.push(...(await judge(history, installation.targets)));
      return {
        problems,
        recovery,
        note: `the slowest stop took ${Math.round(slowest)} ms; ${cut.length} creations were sent to a server that did not read them`,
      };
    },
  },
];
