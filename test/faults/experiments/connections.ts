import type pg from 'pg';
import { type Experiment, pause } from '../experiment.ts';
import { role } from '../installation.ts';
import { startLoad } from '../load.ts';
import { judge } from '../verdict.ts';

/** How many connections PostgreSQL gives the role of the servers. */
const limit = 12;
/** How long somebody else has them all. Milliseconds. */
const heldTime = 3_000;
/** A request waits this long for a connection before it is refused; a little is added for a busy machine. Milliseconds. */
const longestWait = 32_000;

/** Somebody else takes every connection that PostgreSQL gives, and lets go of them. */
export const connections: Experiment[] = [
  {
    name: 'T8',
    what: `all ${limit} connections that PostgreSQL gives are taken by somebody else, then free again`,
    rounds: 3,
    async run({ rounds, random, history, install, afterwards }) {
      const installation = await install({ engine: 'external' });
      await installation.sql(`alter role ${role} connection limit ${limit}`);
      const load = await startLoad({ targets: installation.targets, history, random });
      const held: pg.Client[] = [];
      const release = () => Promise.all(held.splice(0).map((client) => client.end().catch(() => {})));
      afterwards(async () => {
        await release();
      });
      let recovery = 0;
      for (let round = 1; round <= rounds; round += 1) {
        await load.more(50);
        // Cut until all are ours: the server takes back what it can.
        while (held.length < limit) {
          await installation.sql(
            `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}' and application_name = 'crosswalk'`,
          );
          const client = await installation.connect().catch(() => undefined);
          if (client !== undefined) held.push(client);
        }
        await pause(heldTime);
        const begin = performance.now();
        await release();
        await load.more(1);
        recovery = Math.max(recovery, performance.now() - begin);
      }
      await load.more(50);
      await load.stop();
      const slowest = Math.max(...history.operations().map(({ invoked, ended }) => ended - invoked));
      const problems = await judge(history, installation.targets);
      if (slowest > longestWait) problems.push(`an answer took ${Math.round(slowest)} ms`);
      return { problems, recovery, note: `the slowest answer took ${Math.round(slowest)} ms` };
    },
  },
];
