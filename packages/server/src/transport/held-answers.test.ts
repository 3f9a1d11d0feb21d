import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { connectTo, useTestServer } from '../testing.ts';
import { HeldAnswers } from './held-answers.ts';

const server = useTestServer({ answers: { limit: 20_000, timeout: 300_000 } });

test('answers that nobody reads are dropped, the oldest first, as soon as all together are too many bytes', () => {
  const answers = new HeldAnswers({ limit: 100 });
  const dropped: string[] = [];
  const hold = (name: string, bytes: number) => answers.hold(bytes, () => dropped.push(name));
  const releases = [hold('a', 40), hold('b', 40)];
  expect(dropped).toEqual([]);
  releases.push(hold('c', 40));
  expect(dropped).toEqual(['a']);
  // What was read gives its room to others.
  releases[1]?.();
  releases.push(hold('d', 60));
  expect(dropped).toEqual(['a']);
  // One by itself is sent, however large it is.
  releases.push(hold('e', 1_000));
  expect(dropped).toEqual(['a', 'c', 'd']);
  for (const release of releases) release();
  hold('f', 100)();
  expect(dropped).toEqual(['a', 'c', 'd']);
});

test('an answer that is not read in time is dropped, once; one that is read is not', async () => {
  const answers = new HeldAnswers({ timeout: 10 });
  const dropped: string[] = [];
  answers.hold(1, () => dropped.push('read'))();
  const done = new Promise<void>((resolve) => {
    const release = answers.hold(1, () => {
      dropped.push('slow');
      release();
      resolve();
    });
  });
  await done;
  expect(dropped).toEqual(['slow']);
});

test('an answer whose client is gone takes no room of those that are read', async () => {
  const { pool, connection } = server.database;
  const authorization = `Bearer ${server.client.token}`;
  const { body } = await server.client.request('POST', '/api/v1/organizations', {
    display_name: 'Large',
    metadata: { note: 'x'.repeat(8_000) },
  });
  const path = `/api/v1/organizations/${Object(body).organization.id}`;
  const id = path.slice(path.indexOf('_') + 1);
  // Asks, and lets nothing of the answer come until it says so.
  const reader = http2.connect(server.url, { settings: { initialWindowSize: 0 } });
  const slow = reader.request({ ':path': path, authorization });
  await once(slow, 'response');

  const holder = await connectTo(connection);
  await holder.query('begin');
  await holder.query('select from organizations where id = $1 for update', [id]);
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  for (const count of [1, 2, 3]) {
    const arrived = once(server.server.server, 'request');
    const headers = { authorization, 'content-type': 'application/json' };
    const request = http.request(server.url + path, { method: 'PATCH', agent: false, headers }).on('error', () => {});
    request.end(JSON.stringify({ display_name: `Large ${count}` }));
    const [{ socket }] = await arrived;
    await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(count);
    request.destroy();
    await once(socket, 'close');
  }
  await holder.end();
  await expect.poll(async () => (await pool.query('select version from organizations where id = $1', [id])).rows[0].version).toBe('4');
  await server.client.request('GET', '/healthz');

  reader.settings({ initialWindowSize: 65_535 });
  expect(JSON.parse(await text(slow)).organization.metadata.note).toHaveLength(8_000);
  reader.close();
});
