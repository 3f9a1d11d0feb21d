import { Client, type Target } from './client.ts';
import { pause } from './experiment.ts';
import type { History } from './history.ts';

/** So often a server is asked to write meanwhile: what it refuses costs the machine, which those who recover need. Milliseconds. */
const step = 50;

/** Waits until a server writes, for two minutes at most; the time when it did, by the clock of `performance.now()`. */
export async function writesAgain(target: Target, history: History): Promise<number> {
  const client = new Client(target, history);
  for (let [number, deadline] = [1, performance.now() + 120_000]; performance.now() < deadline; number += 1) {
    const { outcome } = await client.create(`again-${target.url}-${performance.now()}-${number}`);
    if (outcome === 'ok') return performance.now();
    await pause(step);
  }
  throw new Error(`${target.url} did not write within two minutes`);
}
