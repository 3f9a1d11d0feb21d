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
  /** the longest that a request took, in milliseconds */
  longest: number;
  stop(): Promise<void>;
}

const path = '/api/v1/organizations';
let runs = 0;

/**
 * Creates, merges metadata and looks up, a third each. A failure is not tried again, unless `retry`: then a request is repeated, with its
 * idempotency key, until it is answered, as the SDK does.
 */
export async function startLoad(url: string, { workers, retry = false }: { workers: number; retry?: boolean }): Promise<Load> {
  const token = await fetchToken(url);
  const load: Load = { done: 0, failed: new Map(), acknowledged: [], longest: 0, stop: async () => {} };
  let stopped = false;
  runs += 1;
  const name = `L${runs}-${process.pid}`;
  const once = async (method: string, to: string, body: unknown, key: string, wanted: number) => {
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
      if (response.status === wanted) return undefined;
      return `${method} ${response.status} ${text.slice(0, 80)}`;
    } catch (error) {
      return `${method} ${error instanceof Error ? String(error.cause ?? error.message) : String(error)}`;
    } finally {
      load.longest = Math.max(load.longest, performance.now() - begin);
    }
  };
  const request = async (method: string, to: string, body: unknown, key: string, wanted: number) => {
    for (;;) {
      const failure = await once(method, to, body, key, wanted);
      if (failure === undefined) {
        load.done += 1;
        return true;
      }
      load.failed.set(failure, (load.failed.get(failure) ?? 0) + 1);
      if (!retry) return false;
      await sleep(100);
    }
  };
  const work = async (worker: number) => {
    for (let number = 0; !stopped; number += 1) {
      const id = `${name}-${worker}-${number}`;
      if (!(await request('POST', path, { display_name: id, external_id: id }, `${id}-c`, 201))) continue;
      load.acknowledged.push(id);
      await request('PATCH', `${path}:external/${id}`, { metadata: { number } }, `${id}-m`, 200);
      await request('GET', `${path}:external/${id}`, undefined, '', 200);
    }
  };
  const working = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  load.stop = async () => {
    stopped = true;
    await working;
  };
  return load;
}
