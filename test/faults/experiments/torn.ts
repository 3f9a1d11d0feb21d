import { startCuttingProxy } from '../cutting-proxy.ts';
import type { Experiment } from '../experiment.ts';
import { startLoad } from '../load.ts';
import { judge } from '../verdict.ts';

/** Cut connections in a round. */
const cutsPerRound = 100;

/** Requests and answers are torn: nobody knows whether what was asked for happened, but by asking again. */
export const torn: Experiment[] = [
  {
    name: 'T16',
    what: `connections cut after a random byte of the request or the answer, ${cutsPerRound} a round`,
    rounds: 10,
    async run({ rounds, random, history, install, afterwards }) {
      const installation = await install({ engine: 'embedded' });
      const [target] = installation.targets;
      if (target === undefined) throw new Error('there is one server');
      const proxy = await startCuttingProxy(target.url, random);
      afterwards(proxy.close);
      const way = { ...target };
      const load = await startLoad({ targets: [way], history, random });
      way.url = proxy.url;
      while (proxy.cuts() < rounds * cutsPerRound) await load.more(1);
      way.url = target.url;
      await load.more(1);
      await load.stop();
      return { problems: await judge(history, installation.targets), note: `${proxy.cuts()} connections were cut` };
    },
  },
];
