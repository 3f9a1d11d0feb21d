import { once } from 'node:events';
import { request as send } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectTo, startAnotherServer, useTestServer } from '../testing.ts';

/** Longer than a busy machine takes for a request, and less than a lock is waited for. */
const patience = 1_500;
const server = useTestServer();
let hasty: Awaited<ReturnType<typeof startAnotherServer>>;
beforeAll(async () => {
  hasty = await startAnotherServer(server, { patience });
});
afterAll(() => hasty.close());

const path = '/api/v1/organizations';
const address = () => `http://127.0.0.1:${hasty.port}`;
const authorization = () => `Bearer ${server.client.token}`;

async function newOrganization(name: string): Promise<string> {
  const { body } = await server.client.request('POST', path, { display_name: name });
  return Object(body).organization.id;
}

/** Runs `work` while the record of an organization is held by another, who would be waited for much longer. */
async function whileHeld<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
  const holder = await connectTo(server.database.connection);
  await holder.query('begin');
  await holder.query('select from organizations where id = $1 for update', [id.slice('org_'.length)]);
  return work().finally(() => holder.end());
}

const nameOf = async (id: string) => Object((await server.client.request('GET', `${path}/${id}`)).body).organization.display_name;

test('what takes too long is 503 with Retry-After in time, and its change is made later as a whole or not at all', async () => {
  const id = await newOrganization('Before');
  await whileHeld(id, async () => {
    const begin = performance.now();
    const answer = await fetch(`${address()}${path}/${id}`, {
      method: 'PATCH',
      headers: { authorization: authorization(), 'content-type': 'application/json' },
      body: JSON.stringify({ display_name: 'After' }),
    });
    const body = await answer.json();
    const took = performance.now() - begin;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(body).toMatchObject({
      message: 'it was not done within 1.5 seconds; try again',
      details: [{ error_code: 'DATABASE_UNAVAILABLE' }],
    });
    // Less than the 5 seconds in which it would have been told that the record is busy.
    expect([took >= patience - 5, took < 4_500]).toEqual([true, true]);
    expect(await nameOf(id)).toBe('Before');
  });
  await expect.poll(() => nameOf(id)).toBe('After');
});

test('the time in which a client sends its request is its own', async () => {
  const body = JSON.stringify({ display_name: 'Slowly sent' });
  const request = send(address() + path, {
    method: 'POST',
    headers: { authorization: authorization(), 'content-type': 'application/json', 'content-length': body.length },
  });
  const answered = once(request, 'response');
  request.write(body.slice(0, 10));
  await new Promise((resolve) => setTimeout(resolve, patience + 500));
  request.end(body.slice(10));
  const [response] = await answered;
  expect([response.statusCode, Object(await json(response)).organization?.display_name]).toEqual([201, 'Slowly sent']);
});

test('what is known to take long takes as long as it takes', async () => {
  const end = Object((await server.client.request('GET', '/api/v1/events?limit=1000')).body).next_cursor;
  const begin = performance.now();
  const answer = await fetch(`${address()}/api/v1/events?after=${encodeURIComponent(end)}&wait=2`, {
    headers: { authorization: authorization() },
  });
  expect([answer.status, Object(await answer.json()).events]).toEqual([200, []]);
  expect(performance.now() - begin).toBeGreaterThan(patience);
});
