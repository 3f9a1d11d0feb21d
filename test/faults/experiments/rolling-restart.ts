import { readdir } from 'node:fs/promises';
import { startBalancer } from '../balancer.ts';
import type { Experiment } from '../experiment.ts';
import { startLoad } from '../load.ts';
import { judge } from '../verdict.ts';

const migrations = new URL('../../../packages/server/src/database/migrations/', import.meta.url);

/** Every server is stopped and started again, one after another, behind a load balancer. */
export const rollingRestart: Experiment[] = [
  {
    name: 'T26',
    what: 'two servers behind a load balancer are restarted one after another: no request fails; of two first starts one migrates',
    rounds: 5,
    async run({ rounds, random, history, install, afterwards }) {
      const installation = await install({ engine: 'external', servers: 2, settings: { CROSSWALK_DRAIN_SECONDS: '1' } });
      const { servers, targets } = installation;
      const problems: string[] = [];
      const applied = servers.flatMap(({ output }) => [...output().matchAll(/Applied migration (\S+)/g)].map(([, name]) => name));
      const known = (await readdir(migrations)).filter((name) => name.endsWith('.sql'));
      if (applied.toSorted().join() !== known.toSorted().join())
        problems.push(`migrations were applied ${applied.length} times, of ${known.length}`);

      const balancer = await startBalancer(targets.map(({ url }) => url));
      afterwards(balancer.close);
      await balancer.allReady();
      const load = await startLoad({ targets: [{ url: balancer.url, token: targets[0]?.token ?? '' }], history, random });
      for (let round = 1; round <= rounds; round += 1) {
        for (const index of servers.keys()) {
          await load.more(20);
          const status = await servers[index]?.end('SIGTERM');
          if (status !== 0) problems.push(`a stop ended with status ${status}`);
          await load.more(20);
          await installation.start(index);
          await balancer.allReady();
        }
      }
      await load.more(20);
      await load.stop();
      // A record that another client keeps busy is no failure of the restart.
      const failed = history.operations().filter(({ outcome, status }) => outcome !== 'ok' && status !== 409);
      for (const { kind, status, reason } of failed) problems.push(`a ${kind} failed: ${status ?? 'no answer'}, ${reason}`);
      return { problems: [...problems, ...(await judge(history, targets))], note: `${rounds * servers.length} restarts` };
    },
  },
];
