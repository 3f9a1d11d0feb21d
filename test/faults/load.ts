import { Client, rest, type Target } from './client.ts';
import type { History } from './history.ts';

/** Clients at work: creations by external ID and by Idempotency-Key, merges into shared records and reads of them. */
export interface Load {
  /** Waits until this many more operations were acknowledged; throws after `patience` milliseconds (60,000). */
  more(count: number, patience?: number): Promise<void>;
  /** Lets each client end what it does. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  targets: readonly Target[];
  history: History;
  /** whole numbers from 1 to a maximum */
  random: (max: number) => number;
  /** clients of each target; default 8 */
  clients?: number;
}

let loads = 0;

/** Starts the load. The first thing it does is to make the records that clients share, so the target must answer. */
export async function startLoad({ targets, history, random, clients = 8 }: LoadOptions): Promise<Load> {
  loads += 1;
  const name = `L${loads}-${random(1_000_000_000)}`;
  const [first] = targets;
  if (first === undefined) throw new Error('a load needs a target');
  const shared: string[] = [];
  const maker = new Client(first, history);
  for (let index = 0; index < 4; index += 1) {
    const { id, reason } = await maker.create(`${name}-shared-${index}`);
    if (id === undefined) throw new Error(`the load cannot begin: ${reason}`);
    shared.push(id);
  }
  let isStopped = false;
  const mayStop = () => isStopped || history.isOver;
  const work = async (target: Target, place: string) => {
    const client = new Client(target, history);
    for (let number = 1; !mayStop(); number += 1) {
      const key = `${place}-${number}`;
      const record = shared[random(shared.length) - 1] ?? '';
      const choice = random(10);
      if (choice === 10) {
        await client.createOnce(key, mayStop);
        continue;
      }
      const operation =
        choice <= 4 ? client.create(key) : choice <= 8 ? client.merge(record, `field_${random(6)}`, key) : client.read(record);
      if ((await operation).outcome !== 'ok') await rest();
    }
  };
  const all = Promise.all(
    targets.flatMap((target, at) => Array.from({ length: clients }, (_, each) => work(target, `${name}-${at}-${each}`))),
  );
  return {
    async more(count, patience = 60_000) {
      const goal = history.acknowledged + count;
      for (const deadline = Date.now() + patience; history.acknowledged < goal; ) {
        if (Date.now() > deadline) throw new Error(`no ${count} more operations were acknowledged within ${patience / 1000} seconds`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    async stop() {
      isStopped = true;
      await all;
    },
  };
}
