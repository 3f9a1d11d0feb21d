import { type BadNetwork, startBadNetwork } from '../bad-network.ts';
import { type Experiment, pause } from '../experiment.ts';
import type { History } from '../history.ts';
import { startLoad } from '../load.ts';
import { startReceiver } from '../receiver.ts';
import { writesAgain } from '../recovery.ts';
import { judge } from '../verdict.ts';

/** A network that no database should be behind: 200 ± 100 ms each way, and one of twenty packets is lost. */
const slow = { delay: 200, jitter: 100, loss: 5 };
/** How long the network is so, and how long it is silent then. Milliseconds. */
const [slowTime, silentTime] = [30_000, 60_000];
/** Every request is answered after 14 seconds (transport/patience.ts in the server); the rest is for its way and a busy machine. Milliseconds. */
const longestWait = 15_000;
/** From the end of the silence until each server writes again. Milliseconds. */
const longestRecovery = 10_000;
/** Webhooks whose sending nobody could note are sent again when the lease of their worker is over, 25 seconds. Milliseconds. */
const longestDelivery = 60_000;

/** The network between the servers and PostgreSQL is slow and loses packets; then nothing passes, and nobody is told. */
export const badNetwork: Experiment[] = [
  {
    name: 'T17',
    what: `the network to PostgreSQL: ${slow.delay} ± ${slow.jitter} ms each way with ${slow.loss} % of packets lost, then ${silentTime / 1000} s in which nothing passes and no connection is closed`,
    rounds: 2,
    async run({ rounds, random, history, install, afterwards }) {
      let network: BadNetwork | undefined;
      const installation = await install({
        engine: 'external',
        servers: 2,
        settings: { CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8' },
        network: async (socket) => {
          network = await startBadNetwork(socket, random);
          afterwards(network.close);
          return `127.0.0.1:${network.port}`;
        },
      });
      if (network === undefined) throw new Error('the servers go through the network');
      const { targets } = installation;
      const receiver = await startReceiver();
      afterwards(receiver.close);
      const [first] = targets;
      if (first === undefined) throw new Error('there are two servers');
      await receiver.subscribe(first);
      const load = await startLoad({ targets, history, random });
      const problems: string[] = [];
      const notes: string[] = [];
      const times: { begin: number; silence: number; end: number }[] = [];
      let recovery = 0;
      for (let round = 1; round <= rounds; round += 1) {
        await load.more(100);
        const [before, begin] = [history.acknowledged, performance.now()];
        network.state = slow;
        await pause(slowTime);
        notes.push(`${history.acknowledged - before} acknowledged while it was slow`);
        network.state = 'silent';
        const silence = performance.now();
        await pause(silentTime);
        network.state = 'good';
        const end = performance.now();
        const back = await Promise.all(targets.map((target) => writesAgain(target, history)));
        recovery = Math.max(recovery, ...back.map((time) => time - end));
        times.push({ begin, silence, end });
        await load.more(100);
      }
      await load.stop();
      for (const { begin, silence, end } of times) {
        const [inSlow, inSilence] = [slowestOf(history, begin, silence), slowestOf(history, silence, end)];
        notes.push(`the slowest answer to what was asked while it was slow took ${inSlow} ms, and ${inSilence} ms while it was silent`);
        for (const slowest of [inSlow, inSilence]) if (slowest > longestWait) problems.push(`an answer took ${slowest} ms`);
      }
      notes.push(`${network.lost()} packets were lost`);
      if (recovery > longestRecovery) problems.push(`a server did not write for ${Math.round(recovery)} ms after the silence`);
      problems.push(...(await judge(history, targets)));
      const wanted = history.operations().filter(({ kind, outcome }) => kind !== 'read' && outcome === 'ok').length;
      for (const deadline = Date.now() + longestDelivery; receiver.seen.size < wanted && Date.now() < deadline; ) await pause(100);
      if (receiver.seen.size < wanted) problems.push(`${wanted - receiver.seen.size} webhooks did not come`);
      return { problems, recovery, note: notes.join('; ') };
    },
  },
];

/** The slowest answer to what was asked in a span of time. Milliseconds. */
function slowestOf(history: History, from: number, to: number): number {
  const asked = history.operations().filter(({ invoked }) => invoked >= from && invoked < to);
  return Math.round(Math.max(0, ...asked.map(({ invoked, ended }) => ended - invoked)));
}
