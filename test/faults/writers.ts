import { setTimeout as sleep } from 'node:timers/promises';

/** Sends one request; an answer of any status. */
export async function send(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
  { headers = {}, signal }: { headers?: Record<string, string>; signal?: AbortSignal } = {},
) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  // A deletion answers with nothing, and an export with lines.
  const answer: unknown = response.headers.get('content-type')?.startsWith('application/json') === true ? JSON.parse(text) : undefined;
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: answer };
}

/** Writers that create organizations, one after another each, until they are stopped. */
export interface Writers {
  /** the external IDs of the organizations that were answered with 201, in the order of the answers */
  acknowledged: string[];
  /** every other answer: its status and its Retry-After */
  refused: string[];
  /** Waits until this many more were acknowledged. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

let lastWriter = 0;

/** Starts eight writers on each server. A writer whose connection breaks fails: servers must answer whatever happens to the database. */
export function startWriters(servers: { url: string; token: string }[]): Writers {
  const [acknowledged, refused]: [string[], string[]] = [[], []];
  let stopped = false;
  const write = async ({ url, token }: { url: string; token: string }) => {
    lastWriter += 1;
    for (let number = 0, name = `W${lastWriter}`; !stopped; number += 1) {
      const externalId = `${name}-${number}`;
      const { status, retryAfter } = await send(url, token, 'POST', '/api/v1/organizations', {
        display_name: externalId,
        external_id: externalId,
      });
      if (status === 201) acknowledged.push(externalId);
      else {
        refused.push(`${status} Retry-After ${retryAfter}`);
        // Far less than a client should wait, and enough to leave the machine to the database.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  const writers = Promise.all(servers.flatMap((server) => Array.from({ length: 8 }, () => write(server))));
  // Told by more() and stop().
  writers.catch(() => {});
  const failed = new Promise<never>((_resolve, reject) => writers.catch(reject));
  failed.catch(() => {});
  return {
    acknowledged,
    refused,
    async more(count) {
      const goal = acknowledged.length + count;
      while (acknowledged.length < goal) await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 10))]);
    },
    async stop() {
      stopped = true;
      await writers;
    },
  };
}

/** The external IDs of all organizations, by listing them. */
export async function listExternalIds(url: string, token: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (let page = ''; ; ) {
    const { status, body } = await send(url, token, 'GET', `/api/v1/organizations?page_size=100&page_token=${page}`);
    // As every client does: the database may be on its way back.
    if (status === 503) {
      await sleep(200);
      continue;
    }
    for (const { external_id: externalId } of Object(body).organizations) found.add(externalId);
    page = Object(body).next_page_token;
    if (page === '') return found;
  }
}
