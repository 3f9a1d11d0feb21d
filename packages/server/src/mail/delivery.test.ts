import { Writable } from 'node:stream';
import type { Message } from '@crosswalk/contract';
import pino from 'pino';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startAnotherServer, useTestServer } from '../testing.ts';
import { claimMessages } from './mail-store.ts';
import { linkIn, sendAll, useSmtpSink } from './testing.ts';

const lines: string[] = [];
const logger = pino(
  new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  }),
);
const sink = useSmtpSink();
const server = useTestServer({
  logger,
  publicUrl: 'https://directory.example.com/base',
  get mail() {
    return sink.settings();
  },
});
const request: typeof server.client.request = (...call) => server.client.request(...call);

let organizationId = '';
let count = 0;
beforeAll(async () => {
  organizationId = await newOrganization('Acme');
});
beforeEach(() => {
  sink.received = [];
  sink.recipients = [];
  sink.script = [];
  sink.connections = 0;
});

async function newOrganization(name: string): Promise<string> {
  const { body } = await request('POST', '/api/v1/organizations', { display_name: name });
  return Object(body).organization.id;
}

async function invite(fields: object = {}, organization = organizationId): Promise<{ userId: string; email: string }> {
  count += 1;
  const email = `mail${count}@example.com`;
  const { body } = await request('POST', `/api/v1/organizations/${organization}/users`, { email, ...fields });
  return { userId: Object(body).user.id, email };
}

const invitesOf = (userId: string, organization = organizationId) => `/api/v1/invites/organizations/${organization}/users/${userId}`;

async function messagesOf(userId: string): Promise<Message[]> {
  const { body } = await request('GET', `/api/v1/mailbox?user_id=${userId}`);
  return Object(body).messages;
}

test('one mail for each invitation and each resend: whom it is from and for, what it says, where its link leads', async () => {
  const { userId, email } = await invite({ membership: { inviter_email: 'boss@example.com' }, user_profile: { name: 'Ada Lovelace' } });
  await sendAll(server);
  await sendAll(server);
  const [mail, ...others] = sink.received;
  expect(others).toEqual([]);
  const headers = Object.fromEntries(mail?.headers.map(({ key, value }) => [key, value]) ?? []);
  const [message] = await messagesOf(userId);
  expect(mail).toMatchObject({
    from: { name: 'Crosswalk Test', address: 'invitations@crosswalk.test' },
    to: [{ address: email }],
    subject: 'You are invited to Acme',
    messageId: `<${message?.id}@directory.example.com>`,
  });
  expect(headers).toMatchObject({ 'auto-submitted': 'auto-generated', 'content-language': 'en' });
  expect(headers['content-type']).toContain('multipart/alternative');
  expect(mail?.text).toContain('Hello Ada Lovelace,\n\nboss@example.com invites you to join Acme.');
  const link = linkIn(mail?.text);
  expect(link).toMatch(/^https:\/\/directory\.example\.com\/base\/invitations\/[A-Za-z0-9_-]{43}$/);
  expect(mail?.html?.replaceAll('&#x2F;', '/')).toContain(`href="${link}"`);
  expect(message).toMatchObject({
    state: 'SENT',
    to: email,
    subject: 'You are invited to Acme',
    locale: 'en',
    text: null,
    html: null,
    attempts: 1,
    last_error: null,
    next_attempt_at: null,
    sent_at: expect.any(String),
  });
  await request('PATCH', `${invitesOf(userId)}/resend`, {});
  await sendAll(server);
  expect(sink.received).toHaveLength(2);
  expect(linkIn(sink.received[1]?.text)).not.toBe(link);
});

test('nothing that opens an invitation is stored, nor is it in an event or in the answer of the mailbox', async () => {
  const { userId } = await invite();
  await sendAll(server);
  const token = linkIn(sink.received[0]?.text).replace(/^.*\//, '');
  const { rows } = await server.database.pool.query('select t::text as row from messages t union all select e::text from events e');
  expect(rows.filter(({ row }) => row.includes(token))).toEqual([]);
  expect(JSON.stringify(await messagesOf(userId))).not.toContain(token);
});

test('names are escaped in HTML and cannot break a header', async () => {
  const organization = await newOrganization('<script>alert(1)</script> & "Sons" Ünïcode 日本');
  await request('PATCH', '/api/v1/invitation-settings', { sender_name: 'Evil "<x@evil.example>" Ü' });
  await invite({}, organization);
  await sendAll(server);
  await request('PATCH', '/api/v1/invitation-settings', { sender_name: null });
  const [mail] = sink.received;
  expect(mail?.subject).toBe('You are invited to <script>alert(1)</script> & "Sons" Ünïcode 日本');
  expect(mail?.html).not.toContain('<script>');
  expect(mail?.html).toContain('&lt;script&gt;alert(1)&lt;&#x2F;script&gt; &amp; &quot;Sons&quot;');
  expect(mail?.from).toEqual({ name: 'Evil "<x@evil.example>" Ü', address: 'invitations@crosswalk.test' });
  for (const name of ['A\r\nBcc: x@evil.example', 'A\nB', 'A\u2028B']) {
    expect((await request('POST', '/api/v1/organizations', { display_name: name })).status).toBe(400);
    expect((await request('PATCH', '/api/v1/invitation-settings', { sender_name: name })).status).toBe(400);
  }
});

test('an address of the web in a name is no link of the mail (N3)', async () => {
  const organization = await newOrganization('Click http://evil.example/now or www.evil.example');
  await invite({}, organization);
  await sendAll(server);
  const [mail] = sink.received;
  const html = mail?.html?.replaceAll('&#x2F;', '/') ?? '';
  const links = [...html.matchAll(/(?:href|src|action)\s*=\s*"([^"]*)"/g)].map(([, address]) => address);
  expect([html.includes('evil.example'), links.length > 0]).toEqual([true, true]);
  expect(links.filter((address) => !address?.startsWith('https://directory.example.com/base/'))).toEqual([]);
});

test('a link never comes from a request, whatever its Host and X-Forwarded-Host say', async () => {
  count += 1;
  await request(
    'POST',
    `/api/v1/organizations/${organizationId}/users`,
    { email: `mail${count}@example.com` },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', origin: 'https://evil.example' },
  );
  await sendAll(server);
  expect(linkIn(sink.received[0]?.text)).toMatch(/^https:\/\/directory\.example\.com\/base\//);
});

test('an international domain is reached by way of a mail server that takes ASCII alone', async () => {
  const { body } = await request('POST', `/api/v1/organizations/${organizationId}/users`, { email: 'ada@bücher.example' });
  await sendAll(server);
  expect(sink.recipients).toEqual(['ada@bücher.example']);
  expect(await messagesOf(Object(body).user.id)).toMatchObject([{ state: 'SENT', to: 'ada@bücher.example' }]);
});

test('the address is in no line of the log', async () => {
  sink.script = ['unknown recipient'];
  const { email } = await invite();
  await sendAll(server);
  const told = lines.filter((line) => line.includes('a mail was not sent'));
  expect(told.at(-1)).toContain('no such mailbox: …');
  expect(lines.filter((line) => line.includes(email))).toEqual([]);
});

describe('a mail server that has its days', () => {
  test('down: the API answers at once, the message waits and is sent when it is back', async () => {
    await sink.stop();
    const { userId } = await invite();
    expect(await messagesOf(userId)).toMatchObject([{ state: 'QUEUED', attempts: 0 }]);
    await server.feed.place();
    await server.mailWorker.sendDue();
    expect(await messagesOf(userId)).toMatchObject([{ state: 'QUEUED', attempts: 1, last_error: expect.stringContaining('ECONNREFUSED') }]);
    await sink.start();
    await sendAll(server);
    expect(sink.received).toHaveLength(1);
    expect(await messagesOf(userId)).toMatchObject([{ state: 'SENT', attempts: 2, last_error: null }]);
  });

  test('slow: the API answers at once while a message is under way, and the message goes once', async () => {
    sink.script = [{ slow: 2_500 }];
    await invite();
    await server.feed.place();
    let sent = false;
    const sending = server.mailWorker.sendDue().finally(() => {
      sent = true;
    });
    const { userId } = await invite();
    expect(sent).toBe(false);
    expect(await messagesOf(userId)).toMatchObject([{ state: 'QUEUED', attempts: 0 }]);
    await sending;
    await sendAll(server);
    expect(sink.received).toHaveLength(2);
    expect(new Set(sink.received.map(({ messageId }) => messageId)).size).toBe(2);
  });

  test('greylisting: refused for now, then taken', async () => {
    sink.script = ['greylist', 'greylist'];
    const { userId } = await invite();
    await sendAll(server);
    expect(await messagesOf(userId)).toMatchObject([{ state: 'SENT', attempts: 3 }]);
    expect([sink.received.length, sink.connections]).toEqual([1, 3]);
  });

  test.each(['unknown recipient', 'spam'] as const)('%s: 5xx is final, visible and found by its state', async (behaviour) => {
    sink.script = [behaviour];
    const { userId } = await invite();
    await sendAll(server);
    expect(sink.connections).toBe(1);
    const { body } = await request('GET', `/api/v1/mailbox?state=FAILED&organization_id=${organizationId}`);
    expect(Object(body).messages[0]).toMatchObject({
      user_id: userId,
      state: 'FAILED',
      attempts: 1,
      last_error: expect.stringMatching(/55[04] /),
    });
    // A resend is another message, and another try.
    await request('PATCH', `${invitesOf(userId)}/resend`, {});
    await sendAll(server);
    expect((await messagesOf(userId)).map(({ state }) => state)).toEqual(['SENT', 'FAILED']);
  });

  test('refused for now every time: given up after the last pause, and visible', async () => {
    sink.script = Array(10).fill('local error');
    const { userId } = await invite();
    await sendAll(server);
    expect(await messagesOf(userId)).toMatchObject([{ state: 'FAILED', attempts: 4, last_error: expect.stringContaining('451') }]);
  });

  test('a drop after the last byte: sent again under the same Message-ID, with the same link', async () => {
    sink.script = ['drop after data'];
    const { userId } = await invite();
    await sendAll(server);
    const [first, second, ...others] = sink.received;
    expect(others).toEqual([]);
    expect([second?.messageId, linkIn(second?.text)]).toEqual([first?.messageId, linkIn(first?.text)]);
    expect(await messagesOf(userId)).toMatchObject([{ state: 'SENT', attempts: 2 }]);
  });
});

describe('workers', () => {
  test('several at once send each message once', async () => {
    const other = await startAnotherServer(server, { mail: sink.settings() });
    for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 10 }, () => invite()));
    await server.feed.place();
    const drain = async ({ mailWorker }: Pick<typeof server, 'mailWorker'>) => {
      while (await mailWorker.sendDue());
    };
    await Promise.all([drain(server), drain(other)]);
    await other.close();
    expect(sink.received).toHaveLength(30);
    expect(new Set(sink.received.map(({ messageId }) => messageId)).size).toBe(30);
  });

  test('what a worker that died had claimed is sent by another when the lease is over, not before', async () => {
    const { userId } = await invite();
    await server.feed.place();
    expect(await claimMessages(server.database.pool, 1, 8)).toHaveLength(1);
    expect(await server.mailWorker.sendDue()).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await server.mailWorker.sendDue()).toBe(true);
    expect(sink.received).toHaveLength(1);
    expect(await messagesOf(userId)).toMatchObject([{ state: 'SENT', attempts: 2 }]);
  });

  test('the loop sends by itself', async () => {
    const { userId } = await invite();
    server.startWork();
    for (let wait = 0; wait < 100 && sink.received.length === 0; wait += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    await server.stopWork();
    expect(await messagesOf(userId)).toMatchObject([{ state: 'SENT' }]);
  });
});

test('of two messages the one of the later event counts, whatever the clocks of the servers that queued them say', async () => {
  const { userId } = await invite();
  await request('PATCH', `${invitesOf(userId)}/resend`, {});
  await server.feed.place();
  const { rows } = await server.database.pool.query('select id, event_sequence from messages where user_id = $1 order by id', [
    userId.slice(4),
  ]);
  const [first, second] = rows;
  // As if the server that queued the second had a clock that is behind: the larger ID is that of the earlier event.
  await server.database.pool.query('update messages set event_sequence = -event_sequence where user_id = $1', [userId.slice(4)]);
  await server.database.pool.query(
    'update messages set event_sequence = case id when $1 then $3::bigint else $4 end where id in ($1, $2)',
    [first.id, second.id, second.event_sequence, first.event_sequence],
  );
  await sendAll(server);
  expect((await messagesOf(userId)).map(({ id, state }) => [id, state])).toEqual([
    [`msg_${second.id}`, 'DROPPED'],
    [`msg_${first.id}`, 'SENT'],
  ]);
});

describe('a message that has nothing left to say', () => {
  test.each([
    ['accepted', (userId: string) => request('POST', `${invitesOf(userId)}/accept`, {}), 'the invitation was accepted before'],
    ['revoked', (userId: string) => request('POST', `${invitesOf(userId)}/revoke`, {}), 'the invitation was revoked before'],
    [
      'expired',
      (userId: string) =>
        server.database.pool.query("update memberships set invite_expire_time = now() - interval '1 second' where user_id = $1", [
          userId.slice(4),
        ]),
      'the invitation had expired; send it again',
    ],
    [
      'to another address',
      (userId: string) => request('PATCH', `/api/v1/users/${userId}`, { email: `moved${userId.slice(4)}@example.com` }),
      'a later message replaces this one, or the user has another address now',
    ],
    [
      'of an organization that is gone',
      (userId: string) => request('DELETE', `/api/v1/memberships/organizations/${organizationId}/users/${userId}`),
      'the membership does not exist any more',
    ],
  ])('%s: it is dropped, and says why', async (_name, happens, reason) => {
    const { userId } = await invite();
    await server.feed.place();
    await happens(userId);
    await sendAll(server);
    expect(sink.received).toEqual([]);
    expect(await messagesOf(userId)).toMatchObject([{ state: 'DROPPED', last_error: reason }]);
  });

  test('of two that wait for one invitation the later one goes', async () => {
    const { userId } = await invite();
    await request('PATCH', `${invitesOf(userId)}/resend`, {});
    await sendAll(server);
    expect((await messagesOf(userId)).map(({ state }) => state)).toEqual(['SENT', 'DROPPED']);
    expect(sink.received).toHaveLength(1);
  });
});

test('messages are kept for 30 days; that of an invitation which is open stays as long as it is', async () => {
  const [open, closed] = [await invite(), await invite()];
  await sendAll(server);
  await request('POST', `${invitesOf(closed.userId)}/accept`, {});
  await server.database.pool.query("update messages set create_time = now() - interval '31 days'");
  await server.purge();
  expect([(await messagesOf(open.userId)).length, (await messagesOf(closed.userId)).length]).toEqual([1, 0]);
});
