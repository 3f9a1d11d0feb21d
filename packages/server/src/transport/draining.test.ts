import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectTo, useTestServer } from '../testing.ts';

const server = useTestServer();

/** Sends the beginning of a request; resolves when the server has read it. */
async function begin(beginning: string): Promise<Socket> {
  const accepted = once(server.server.server, 'connection');
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write(beginning);
  const [peer]: Socket[] = await accepted;
  while ((peer?.bytesRead ?? 0) < beginning.length) await sleep(5);
  return socket;
}

test('a server that closes answers what was under way, and refuses in its own words what comes on open connections', async () => {
  const { body } = await server.client.request('POST', '/api/v1/organizations', { display_name: 'Before' });
  const { id } = Object(body).organization;
  const holder = await connectTo(server.database.connection);
  await holder.query('begin');
  await holder.query('select from organizations where id = $1 for update', [id.slice(4)]);
  const change = server.client.request('PATCH', `/api/v1/organizations/${id}`, { display_name: 'After' });
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await expect.poll(async () => (await server.database.pool.query(waiting)).rowCount).toBe(1);
  const late: Socket[] = [];
  for (const type of ['application/json', 'application/problem+json'])
    late.push(await begin(`GET /healthz HTTP/1.1\r\nHost: x\r\nAccept: ${type}\r\n`));
  const closed = server.server.close();
  while (server.server.server.listening) await sleep(5);
  const answers = late.map((socket) => text(socket));
  for (const socket of late) socket.write('\r\n');
  const [usual = '', problem = ''] = await Promise.all(answers);
  for (const answer of [usual, problem]) {
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    for (const header of [/^x-request-id: req_/im, /^retry-after: 1\r$/im, /^connection: close\r$/im]) expect(answer).toMatch(header);
  }
  const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
  expect(bodyOf(usual)).toMatchObject({ code: 14, details: [{ error_code: 'SERVER_STOPPING' }] });
  expect(bodyOf(problem)).toMatchObject({ status: 503, error_code: 'SERVER_STOPPING' });
  await holder.end();
  expect((await change).body).toMatchObject({ organization: { display_name: 'After' } });
  await closed;
});
