import type { Socket } from 'node:net';
import { type Member, openCrowd } from '../crowd.ts';
import { type Experiment, pause } from '../experiment.ts';
import { role } from '../installation.ts';
import { startLoad } from '../load.ts';
import { judge } from '../verdict.ts';

/** How many files a server may open, its connections among them; and how many connections are opened besides those of the load. */
const [limit, crowd] = [1_024, 1_500];
/** How long the crowd stays. Milliseconds. */
const fullTime = 5_000;

const ask = (socket: Socket) => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
const cut = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}' and application_name = 'crosswalk'`;

/** A server has no file left: not for a connection that comes, and not for one to PostgreSQL, which takes away those there are. */
export const files: Experiment[] = [
  {
    name: 'T35',
    what: `a server that may open ${limit} files gets ${crowd} connections, and loses those to PostgreSQL meanwhile`,
    rounds: 3,
    async run({ rounds, random, history, install, afterwards }) {
      const installation = await install({ engine: 'external', shell: `ulimit -n ${limit}` });
      const { targets, servers } = installation;
      const [target] = targets;
      if (target === undefined) throw new Error('there is one server');
      const load = await startLoad({ targets, history, random });
      const problems: string[] = [];
      let [recovery, kept] = [0, 0];
      for (let round = 1; round <= rounds; round += 1) {
        await load.more(50);
        const members = await openCrowd(target.url, crowd, ask);
        afterwards(async () => leave(members));
        // Again and again: what is given back, a connection that comes may have before the one to PostgreSQL.
        for (const deadline = Date.now() + fullTime; Date.now() < deadline; ) {
          await installation.sql(cut);
          members.push(...(await openCrowd(target.url, 50, ask)));
          await pause(200);
        }
        kept = Math.max(kept, members.filter(({ ended, received }) => ended === undefined && received !== '').length);
        if (kept >= limit) problems.push(`${kept} connections were kept, and there are ${limit} files`);
        const begin = performance.now();
        leave(members);
        await load.more(1);
        recovery = Math.max(recovery, performance.now() - begin);
        const { status } = await fetch(`${target.url}/readyz`, { headers: { connection: 'close' } });
        if (status !== 200) problems.push(`afterwards /readyz answered ${status}`);
      }
      await load.more(50);
      await load.stop();
      const ended = servers.filter(({ child }) => child.exitCode !== null || child.signalCode !== null);
      problems.push(...ended.map(({ output }) => `the server ended: ${output().slice(-500)}`), ...(await judge(history, targets)));
      return { problems, recovery, note: `${kept} connections were kept at most; ${history.refused} operations were refused` };
    },
  },
];

function leave(members: readonly Member[]): void {
  for (const { socket } of members) socket.destroy();
}
