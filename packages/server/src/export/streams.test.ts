import { once } from 'node:events';
import http2 from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { createLogger } from '../logger.ts';
import { useTestServer } from '../testing.ts';
import { exportText, rowsIn } from './testing.ts';

const lines: string[] = [];
/** How long a reader may take here. Milliseconds. */
const patience = 2_000;
const server = useTestServer({ exportPatience: patience, logger: createLogger('info', { write: (line) => lines.push(line) }) });
const request: typeof server.client.request = (...call) => server.client.request(...call);

/** Records of the large environment: many more than the buffers of a connection hold. */
const many = inject('long') ? 200_000 : 30_000;

beforeAll(async () => {
  const large = await server.addEnvironment('large');
  token = large.token;
  await server.database.pool.query(
    `insert into organizations (environment_id, id, display_name, external_id, metadata)
     select $1, 1000 + n, 'Organization ' || n, 'L-' || n, jsonb_build_object('text', repeat('x', 900), 'n', n) from generate_series(1, $2) n`,
    [large.environmentId, many],
  );
});
let token = '';

/** Asks for an export on a connection of its own, which reads nothing by itself. */
async function ask(path = '/api/v1/export?kinds=organization'): Promise<Socket> {
  const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

/** Waits until no connection of the pool is in use. */
async function released(): Promise<void> {
  const { pool } = server.database;
  for (let waited = 0; pool.totalCount > pool.idleCount && waited < 20_000; waited += 50) await sleep(50);
  expect(pool.totalCount - pool.idleCount).toBe(0);
}

describe('an export', () => {
  test('shows one moment while others write; the feed after its cursor gives the rest, each change once or twice', async () => {
    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const { body } = await request('POST', '/api/v1/organizations', {
          display_name: 'Pair',
          external_id: `P-${index}`,
          metadata: { step: 0, pair: index >> 1 },
        });
        return Object(body).organization.id;
      }),
    );
    let stopped = false;
    // Both of a pair get a step in one transaction of a re-key: no moment has one without the other.
    const writer = (async () => {
      for (let step = 1; !stopped; step += 1) {
        const pair = step % 20;
        const suffix = (n: number) => (n === 0 ? '' : `-${n}`);
        const round = Math.floor((step - 1) / 20);
        const pairs = [2 * pair, 2 * pair + 1].map((n) => ({ from: `P-${n}${suffix(round)}`, to: `P-${n}${suffix(round + 1)}` }));
        expect((await request('POST', '/api/v1/rekey', { kind: 'organization', pairs })).status).toBe(200);
      }
    })();
    try {
      for (let round = 0; round < 10; round += 1) {
        const { text, headers } = await exportText(server.url, server.client, '?kinds=organization');
        const rows = rowsIn(text);
        expect(rows).toHaveLength(ids.length);
        const externalIds = rows.map((row) => String('external_id' in row ? row.external_id : ''));
        const states: string[] = [];
        const known = new Map<string | undefined, string>();
        for (const externalId of externalIds) {
          const [, index, state = '0'] = externalId.split('-');
          states[Number(index)] = state;
          known.set(ids[Number(index)], externalId);
        }
        for (let pair = 0; pair < 20; pair += 1) expect([pair, states[2 * pair]]).toEqual([pair, states[2 * pair + 1]]);
        // What the feed tells after the cursor, put on top of the rows, is how things are then.
        const cursor = headers.get('crosswalk-events-cursor') ?? '';
        const { events } = Object((await request('GET', `/api/v1/events?limit=1000&after=${encodeURIComponent(cursor)}`)).body);
        for (const { record_id, data } of events) known.set(record_id, data.external_id);
        const seen = Object((await request('POST', '/api/v1/resolve', { ids: [...known.values()] })).body).results;
        // Later changes make some of them aliases: none leads to another record, and none to nothing.
        expect(seen.map(({ matches }: { matches: { id: string }[] }) => matches[0]?.id)).toEqual([...known.keys()]);
      }
    } finally {
      stopped = true;
      await writer;
    }
  });

  test('comes whole, in NDJSON and in CSV, and is read from the database no faster than it is taken', async () => {
    const linesOf = async (query: string) => {
      const response = await fetch(`${server.url}/api/v1/export${query}`, { headers: { authorization: `Bearer ${token}` } });
      let [newlines, bytes] = [0, 0];
      for await (const chunk of response.body ?? []) {
        bytes += chunk.length;
        const block = Buffer.from(chunk);
        for (let at = block.indexOf(10); at !== -1; at = block.indexOf(10, at + 1)) newlines += 1;
      }
      return { newlines, bytes };
    };
    const whole = await linesOf('?kinds=organization');
    expect(whole.newlines).toBe(many);
    expect((await linesOf('?format=csv&kinds=organization')).newlines).toBe(many + 1);
    let ours: Socket | undefined;
    server.server.server.once('connection', (socket: Socket) => {
      ours = socket;
    });
    const socket = await ask();
    await sleep(patience / 2);
    // What the buffers of both ends of a connection hold; of the rest there is one batch.
    expect(ours?.bytesWritten).toBeLessThan(Math.min(whole.bytes / 2, 12 * 1024 * 1024));
    socket.destroy();
    await released();
  });

  test('of what a filter finds comes whole, whether an index finds the few or the many are looked at', async () => {
    const rowsOf = async (filter: string, format = 'ndjson') => {
      const query = new URLSearchParams({ format, kinds: 'organization', filter });
      const { text } = await exportText(server.url, { ...server.client, token }, `?${query}`);
      return text.split('\n').slice(0, -1);
    };
    const numbers = (lines: string[]) => lines.map((line) => JSON.parse(line).metadata.n);
    expect(numbers(await rowsOf('metadata.n = 4711'))).toEqual([4711]);
    expect(numbers(await rowsOf('metadata.n > 4711 AND metadata.n <= 12000'))).toEqual(Array.from({ length: 7289 }, (_, n) => 4712 + n));
    expect(await rowsOf(`metadata.text = "${'x'.repeat(900)}"`)).toHaveLength(many);
    expect(await rowsOf('metadata.n != 5')).toHaveLength(many - 1);
    expect(await rowsOf('metadata.n >= 100', 'csv')).toHaveLength(many - 98);
    expect(await rowsOf('metadata.n < 0', 'csv')).toHaveLength(1);
  });

  test('in which nothing matches for long has begun, and ends when its client goes', async () => {
    const { pool } = server.database;
    // As on a table so large that each stretch of it takes long: all comparisons are made for each row.
    const slow = encodeURIComponent(
      `metadata.n > 0 AND (${Array.from({ length: 8 }, (_, n) => `metadata.text ^= "${'x'.repeat(20)}${n}"`).join(' OR ')})`,
    );
    const asked = Date.now();
    const response = await fetch(`${server.url}/api/v1/export?kinds=organization&filter=${slow}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const begun = Date.now() - asked;
    expect([response.status, await response.text()]).toEqual([200, '']);
    // Five of the six stretches came after the head; without it they would be one moment.
    expect(Date.now() - asked - begun).toBeGreaterThan(50);
    const socket = await ask(`/api/v1/export?kinds=organization&filter=${slow}`);
    expect(pool.totalCount - pool.idleCount).toBe(1);
    socket.destroy();
    await released();
  });

  test('whose reader stalls is cut over HTTP/2 as well', async () => {
    const session = http2.connect(server.url);
    const stream = session.request({ ':path': '/api/v1/export?kinds=organization', authorization: `Bearer ${token}` });
    stream.on('error', () => {});
    const closed = new Promise((resolve) => stream.once('close', resolve));
    await once(stream, 'response');
    await released();
    stream.resume();
    await closed;
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR);
    session.close();
  });

  test('whose reader stalls is cut, so that the client sees it is not whole, and its connection is free again (X21)', async () => {
    lines.length = 0;
    const socket = await ask();
    const asked = Date.now();
    await released();
    expect(Date.now() - asked).toBeGreaterThanOrEqual(patience / 4);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    await once(socket, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    // The last chunk, which says that all has come, is missing.
    expect(text.endsWith('\r\n0\r\n\r\n')).toBe(false);
    expect(lines.join('')).toContain('the reader of an export was too slow');
  });

  test('whose client goes frees its connection at once, in NDJSON and in CSV', async () => {
    for (const path of ['/api/v1/export?kinds=organization', '/api/v1/export?format=csv&kinds=organization']) {
      const socket = await ask(path);
      socket.destroy();
      const gone = Date.now();
      await released();
      expect(Date.now() - gone).toBeLessThan(patience);
    }
  });

  test('beyond two at once is told to come later, and finds room when one has ended', async () => {
    const sockets = [await ask(), await ask()];
    const authorization = { authorization: `Bearer ${token}` };
    const refused = await fetch(`${server.url}/api/v1/export?kinds=role`, { headers: authorization });
    expect([refused.status, refused.headers.get('retry-after'), Object(await refused.json()).details[0].error_code]).toEqual([
      429,
      '10',
      'RATE_LIMITED',
    ]);
    for (const socket of sockets) socket.destroy();
    await released();
    expect((await fetch(`${server.url}/api/v1/export?kinds=role`, { headers: authorization })).status).toBe(200);
  });

  test('whose database goes away in the middle is cut, and the next is answered', async () => {
    const socket = await ask();
    // Between two statements, once the buffers of the connection are full.
    const cut =
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'";
    await sleep(patience / 4);
    for (let count: number | null = 0; count === 0; count = (await server.database.pool.query(cut)).rowCount) await sleep(20);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    await once(socket, 'close');
    expect(text.endsWith('\r\n0\r\n\r\n')).toBe(false);
    await released();
    const { status } = await exportText(server.url, server.client, '?kinds=role');
    expect(status).toBe(200);
  });
});
