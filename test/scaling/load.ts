import { setTimeout as sleep } from 'node:timers/promises';
import { fetchToken } from '../../tools/programs/credentials.ts';

/** Requests that are made one after another by each of some workers, until they are stopped. */
export interface Load {
  /** how many were answered as they should be */
  done: number;
  /** what the others got, and how often */
  failed: Map<string, number>;
  /** external IDs of organizations whose creation was acknowledged */
  acknowledged: string[];
  /** look-ups that did not show a change that had been acknowledged before, through whichever server */
  behind: string[];
  /** the longest that a request took, in milliseconds */
  longest: number;
  stop(): Promise<void>;
}

const path = '/api/v1/organizations';
let runs = 0;

/**
 * Creates, merges metadata and looks up: what was made, and what each worker changes again and again, which servers keep in memory. A failure is
 * not tried again, unless `retry`: then a request is repeated, with its idempotency key, until it is answered, as the SDK does.
 */
export async function startLoad(url: string, { workers, retry = false }: { workers: number; retry?: boolean }): Promise<Load> {
  const token = await fetchToken(url);
  const load: Load = { done: 0, failed: new Map(), acknowledged: [], behind: [], longest: 0, stop: async () => {} };
  let stopped = false;
  runs += 1;
  const name = `L${runs}-${process.pid}`;
  const once = async (
    method: string,
    to: string,
    body: unknown,
    key: string,
    wanted: number,
  ): Promise<{ text: string } | { failure: string }> => {
    const begin = performance.now();
    try {
      const response = await fetch(url + to, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      });
      const text = await response.text();
      return response.status === wanted ? { text } : { failure: `${method} ${response.status} ${text.slice(0, 80)}` };
    } catch (error) {
      return { failure: `${method} ${error instanceof Error ? String(error.cause ?? error.message) : String(error)}` };
    } finally {
      load.longest = Math.max(load.longest, performance.now() - begin);
    }
  };
  /** The text of the answer; undefined: it failed. */
  const request = async (method: string, to: string, body: unknown, key: string, wanted: number) => {
    for (;;) {
      const answer = await once(method, to, body, key, wanted);
      if ('text' in answer) {
        load.done += 1;
        return answer.text;
      }
      load.failed.set(answer.failure, (load.failed.get(answer.failure) ?? 0) + 1);
      if (!retry) return undefined;
      await sleep(100);
    }
  };
  const create = async (id: string) => {
    if ((await request('POST', path, { display_name: id, external_id: id }, `${id}-c`, 201)) === undefined) return false;
    load.acknowledged.push(id);
    return true;
  };
  const work = async (worker: number) => {
    const steady = `${name}-${worker}`;
    while (!stopped && !(await create(steady)));
    for (let number = 0; !stopped; number += 1) {
      const id = `${steady}-${number}`;
      if (!(await create(id))) continue;
      await request('PATCH', `${path}:external/${id}`, { metadata: { number } }, `${id}-m`, 200);
      await request('GET', `${path}:external/${id}`, undefined, '', 200);
      const changed = await request('PATCH', `${path}:external/${steady}`, { metadata: { number } }, `${id}-s`, 200);
      const shown = await request('GET', `${path}:external/${steady}`, undefined, '', 200);
      if (changed !== undefined && shown?.includes(`"number":${number}}`) === false) load.behind.push(shown);
    }
  };
  const working = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  load.stop = async () => {
    stopped = true;
    await working;
  };
  return load;
}
