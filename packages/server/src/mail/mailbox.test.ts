import type { Message } from '@crosswalk/contract';
import { beforeAll, expect, test } from 'vitest';
import { startAnotherServer, useTestServer } from '../testing.ts';
import { linkIn, useSmtpSink } from './testing.ts';

/** Without a mail server. */
const server = useTestServer();
const sink = useSmtpSink();
const request: typeof server.client.request = (...call) => server.client.request(...call);

let organizationId = '';
let count = 0;
beforeAll(async () => {
  const { body } = await request('POST', '/api/v1/organizations', { display_name: 'Kept' });
  organizationId = Object(body).organization.id;
});

async function invite(): Promise<string> {
  count += 1;
  const { body } = await request('POST', `/api/v1/organizations/${organizationId}/users`, { email: `kept${count}@example.com` });
  return Object(body).user.id;
}

const list = async (query = '') => Object((await request('GET', `/api/v1/mailbox${query}`)).body);

test('a message is there to be read as soon as the invitation is answered, and its link leads to the page', async () => {
  const userId = await invite();
  const { messages, total_size } = await list();
  expect([total_size, messages]).toMatchObject([
    1,
    [
      {
        id: expect.stringMatching(/^msg_\d+$/),
        state: 'KEPT',
        organization_id: organizationId,
        user_id: userId,
        to: 'kept1@example.com',
        subject: 'You are invited to Kept',
        html: expect.stringContaining('<!doctype html>'),
        attempts: 1,
        sent_at: null,
        next_attempt_at: null,
      },
    ],
  ]);
  expect(linkIn(messages[0].text)).toMatch(/^http:\/\/crosswalk\.test\/invitations\//);
});

test('pages, newest first; narrowed by state, organization and user', async () => {
  const users = [await invite(), await invite(), await invite()];
  const first = await list('?page_size=2');
  const second = await list(`?page_size=2&page_token=${first.next_page_token}`);
  const order = [...first.messages, ...second.messages].map(({ user_id }: Message) => user_id);
  expect(order.slice(0, 3)).toEqual(users.toReversed());
  expect((await list('?state=SENT')).total_size).toBe(0);
  expect((await list(`?state=KEPT&user_id=${users[0]}&organization_id=${organizationId}`)).total_size).toBe(1);
  expect((await list('?organization_id=org_7')).total_size).toBe(0);
  for (const query of ['?state=OPEN', '?user_id=org_1', '?page_token=x', '?page_size=0', '?to=x']) {
    expect([query, (await request('GET', `/api/v1/mailbox${query}`)).status]).toEqual([query, 400]);
  }
});

test('403 for a client that may only read: whoever reads a link can accept', async () => {
  const { body } = await request('POST', '/api/v1/clients', { name: 'reader', scopes: ['read'] });
  const { client, plain_secret } = Object(body);
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.id, client_secret: plain_secret });
  const { access_token } = Object(await (await fetch(`${server.url}/oauth/token`, { method: 'POST', body: form })).json());
  const answer = await fetch(`${server.url}/api/v1/mailbox`, { headers: { authorization: `Bearer ${access_token}` } });
  expect(answer.status).toBe(403);
});

test('another environment sees none of them', async () => {
  const stranger = await server.addEnvironment('stranger');
  expect(Object((await stranger.request('GET', '/api/v1/mailbox')).body).messages).toEqual([]);
});

test('a page writes what waits on it, whatever its filter, and none of what waits elsewhere', async () => {
  const { pool } = server.database;
  const other = await server.addEnvironment('busy');
  await pool.query(
    `insert into messages (environment_id, id, event_sequence, organization_id, user_id, membership_id, to_address, token_hash)
     select $1, n, n, 1, 1, 1, 'busy@example.com', sha256(n::text::bytea) from generate_series(1, 500) n`,
    [other.environmentId],
  );
  const waiting = async () => {
    const { rows } = await pool.query("select count(*)::int as count from messages where environment_id = $1 and state = 'QUEUED'", [
      other.environmentId,
    ]);
    return rows[0].count;
  };
  const userId = await invite();
  expect((await list(`?state=KEPT&user_id=${userId}`)).messages).toMatchObject([{ state: 'KEPT', text: expect.any(String) }]);
  expect(await waiting()).toBe(500);
  const { body } = await other.request('GET', '/api/v1/mailbox?page_size=10');
  // They are of no invitation that there is.
  expect(Object(body).messages.map(({ state }: Message) => state)).toEqual(Array(10).fill('DROPPED'));
  expect(await waiting()).toBe(490);
});

test('with a mail server, what was kept before is not shown any more: its links are good still', async () => {
  await invite();
  await list();
  const other = await startAnotherServer(server, { mail: sink.settings() });
  const answer = await fetch(`http://127.0.0.1:${other.port}/api/v1/mailbox`, {
    headers: { authorization: `Bearer ${server.client.token}` },
  });
  await other.close();
  const { messages } = Object(await answer.json());
  expect(messages[0]).toMatchObject({ state: 'KEPT', text: null, html: null, subject: 'You are invited to Kept' });
});
