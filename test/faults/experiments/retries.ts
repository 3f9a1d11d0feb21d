import { Client } from '../client.ts';
import { type Experiment, pause } from '../experiment.ts';
import { judge } from '../verdict.ts';

/** Creations between two kills. */
const keysPerRound = 400;

/** Clients repeat what was not answered, under the same Idempotency-Key, while the server is killed. */
export const retries: Experiment[] = [
  {
    name: 'T13',
    what: 'creations by Idempotency-Key that are repeated until they are answered, while the server is killed -9',
    rounds: 10,
    async run({ rounds, random, history, install }) {
      const installation = await install({ engine: 'embedded' });
      const [target] = installation.targets;
      if (target === undefined) throw new Error('there is one server');
      const keys = Array.from({ length: rounds * keysPerRound }, (_, index) => `KEY-${index}`);
      const [queue, kills] = [[...keys], { left: rounds }];
      const client = new Client(target, history);
      const work = async () => {
        for (let key = queue.shift(); key !== undefined; key = queue.shift()) await client.createOnce(key);
      };
      const all = Promise.all(Array.from({ length: 16 }, work));
      let recovery = 0;
      for (; kills.left > 0 && queue.length > 0; kills.left -= 1) {
        const part = keysPerRound * (kills.left - 1) + random(keysPerRound);
        while (queue.length > part) await pause(1);
        const begin = performance.now();
        await installation.servers[0]?.end('SIGKILL');
        const before = history.acknowledged;
        await installation.start();
        while (history.acknowledged === before && queue.length > 0) await pause(2);
        recovery = Math.max(recovery, performance.now() - begin);
      }
      await all;
      const problems = await judge(history, installation.targets);
      const answered = new Set(history.operations().flatMap(({ outcome, idempotencyKey }) => (outcome === 'ok' ? [idempotencyKey] : [])));
      if (answered.size !== keys.length) problems.push(`${answered.size} of ${keys.length} keys were answered`);
      return { problems, recovery };
    },
  },
];
