import { readdir } from 'node:fs/promises';
import { residentMegabytes } from '../../resident-memory.ts';
import type { ServerProcess } from '../../server-process.ts';
import { type Experiment, pause } from '../experiment.ts';
import { type Load, startLoad } from '../load.ts';
import { startReceiver } from '../receiver.ts';
import { judge } from '../verdict.ts';

/** Operations that are acknowledged before a fault, and after it. */
const [before, after] = [300, 100];
/** What a server that was never killed may have more of in the last third than in the second: a leak shows as more in each. */
const most = { megabytes: 25, files: 10 };
/** In fewer rounds a receiver may be silent for a whole third of them, and what it holds up looks like a leak. */
const judged = 30;
/** Webhooks that a killed server was sending are sent again when its lease is over, and those that nobody took at their next attempt. Milliseconds. */
const longestDelivery = 120_000;

/** Whatever else is tried by itself, for as long as there are rounds: what is left behind each time adds up. */
export const soak: Experiment[] = [
  {
    name: 'T34',
    what: 'one of two servers killed, PostgreSQL restarted, or one of two receivers silent, at random; rounds of some seconds',
    rounds: 100,
    async run({ rounds, random, history, install, afterwards }) {
      const installation = await install({ engine: 'external', servers: 2, settings: { CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8' } });
      const { targets, servers } = installation;
      const [target] = targets;
      const lasting = servers[1];
      if (target === undefined || lasting === undefined) throw new Error('there are two servers');
      const [receiver, other] = [await startReceiver(), await startReceiver()];
      for (const each of [receiver, other]) {
        afterwards(each.close);
        await each.subscribe(target);
      }
      let recovery = 0;
      const recovered = async (load: Load, begin: number) => {
        await load.more(1);
        recovery = Math.max(recovery, performance.now() - begin);
      };
      const faults: ((load: Load) => Promise<void>)[] = [
        async (load) => {
          const begin = performance.now();
          await servers[0]?.end('SIGKILL');
          await recovered(load, begin);
          await installation.start(0);
        },
        async (load) => {
          const [postmaster, begin] = [await installation.postmaster(), performance.now()];
          process.kill(postmaster, random(2) === 1 ? 'SIGQUIT' : 'SIGINT');
          while ((await installation.postmaster().catch(() => postmaster)) === postmaster) await pause(5);
          await recovered(load, begin);
        },
        async () => {
          other.isSilent = !other.isSilent;
        },
      ];
      const used: { megabytes: number; files: number }[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        // The records that its clients share are new each time, so that a history of hours can be judged.
        const load = await startLoad({ targets, history, random, clients: 4 });
        await load.more(before);
        await faults[random(faults.length) - 1]?.(load);
        await load.more(after);
        await load.stop();
        used.push(await usedBy(lasting));
      }
      other.isSilent = false;
      const problems = await judge(history, targets);
      const wanted = history.operations().filter(({ kind, outcome }) => kind !== 'read' && outcome === 'ok').length;
      for (const deadline = Date.now() + longestDelivery; receiver.seen.size < wanted && Date.now() < deadline; ) await pause(100);
      if (receiver.seen.size < wanted) problems.push(`${wanted - receiver.seen.size} webhooks did not come`);
      if (lasting.child.exitCode !== null) problems.push(`the server that was not killed ended: ${lasting.output().slice(-500)}`);
      const notes = (['megabytes', 'files'] as const).map((what) => {
        const [first, second, third] = thirdsOf(used.map((each) => each[what]));
        if (rounds >= judged && (third ?? 0) > (second ?? 0) + most[what])
          problems.push(`the server that was not killed had ${second} ${what}, and then ${third}`);
        return `${first}, ${second} and ${third} ${what}`;
      });
      return {
        problems,
        recovery,
        note: `the server that was not killed had at least, in each third of the rounds, ${notes.join(', and ')}`,
      };
    },
  },
];

async function usedBy({ child }: ServerProcess): Promise<{ megabytes: number; files: number }> {
  return { megabytes: Math.round(await residentMegabytes(child.pid)), files: (await readdir(`/proc/${child.pid}/fd`)).length };
}

/**
 * The least of each third of the values; thirds of one or two values share them. What leaks is there in every round; what a receiver that is
 * silent holds up is gone some rounds later.
 */
function thirdsOf(values: readonly number[]): number[] {
  return [0, 1, 2].map((part) =>
    Math.min(...values.slice(Math.floor((values.length * part) / 3), Math.ceil((values.length * (part + 1)) / 3))),
  );
}
