import { Webhook } from 'standardwebhooks';
import { beforeAll, expect, test } from 'vitest';
import { SecretKeyError } from './lib/seal.ts';
import { startAnotherServer, testSettings, useTestServer } from './testing.ts';
import { startReceiver } from './webhooks/testing.ts';

const webhooks = { allow: ['127.0.0.0/8'] };
const server = useTestServer({ webhooks });
const [before] = testSettings.secretKeys;
const after = 'the secret key that comes after it';

/** A server on the same database with secret keys of its own. */
async function start(...secretKeys: [string, ...string[]]) {
  const another = await startAnotherServer(server, { secretKeys, webhooks });
  const request = async (method: string, path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${another.port}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${server.client.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: Object(await response.json()) };
  };
  return { ...another, request };
}

/** Whether a server can send to an endpoint what its receiver takes for its own. */
async function delivers({ request }: Awaited<ReturnType<typeof start>>, id: string): Promise<boolean> {
  const { status, body } = await request('POST', `webhook_endpoints/${id}:test`, { event_type: 'user.created' });
  expect(status).toBe(200);
  return body.delivered;
}

function isSigned(secret: string, text: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(text, headers);
    return true;
  } catch {
    return false;
  }
}

async function grants({ port }: { port: number }): Promise<number> {
  const { clientId, clientSecret } = server.client;
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
  return (await fetch(`http://127.0.0.1:${port}/oauth/token`, { method: 'POST', body })).status;
}

beforeAll(async () => {
  for (const name of ['A', 'B', 'C']) await server.client.request('POST', '/api/v1/organizations', { display_name: name });
});

test('the secret key is changed in three steps; what was made with either is good as long as there are both', async () => {
  const secrets: string[] = [];
  const receiver = await startReceiver(({ text, headers }, response) =>
    response.writeHead(secrets.some((secret) => isSigned(secret, text, headers)) ? 204 : 401).end(),
  );
  const made = Object((await server.client.request('POST', '/api/v1/webhook_endpoints', { url: receiver.url })).body);
  secrets.push(made.secret);
  const { id } = made.webhook_endpoint;
  const { next_page_token: page } = Object((await server.client.request('GET', '/api/v1/organizations?page_size=1')).body);
  const { organization } = Object((await server.client.request('POST', '/api/v1/organizations', { display_name: 'Inviting' })).body);
  await server.client.request('POST', `/api/v1/organizations/${organization.id}/users`, { email: 'invited@example.com' });
  await server.feed.place();

  const first = await start(before, after);
  const second = await start(after, before);
  for (const one of [first, second]) {
    expect([await delivers(one, id), await grants(one)]).toEqual([true, 200]);
    expect((await one.request('GET', `organizations?page_size=1&page_token=${page}`)).status).toBe(200);
  }
  // Made with the new key, known to whoever has it beside the old one.
  const newer = await second.request('POST', 'webhook_endpoints', { url: receiver.url });
  secrets.push(newer.body.secret);
  expect(await delivers(first, newer.body.webhook_endpoint.id)).toBe(true);
  const newPage = (await second.request('GET', 'organizations?page_size=1')).body.next_page_token;
  expect((await first.request('GET', `organizations?page_size=1&page_token=${newPage}`)).status).toBe(200);
  await second.request('POST', 'signing_keys:rotate', {});
  await first.close();

  // A mail that was begun before leads to where its invitation is accepted.
  while (await second.mailWorker.sendDue());
  const { messages } = (await second.request('GET', 'mailbox')).body;
  const [, link] = /(\/invitations\/[\w-]+)/.exec(messages[0].text) ?? [];
  expect((await fetch(`http://127.0.0.1:${second.port}${link}`)).status).toBe(200);
  await second.close();

  const third = await start(after);
  expect([await delivers(third, id), await delivers(third, newer.body.webhook_endpoint.id), await grants(third)]).toEqual([
    true,
    true,
    200,
  ]);
  expect((await fetch(`http://127.0.0.1:${third.port}${link}`)).status).toBe(200);
  await third.close();
  await expect(start(before)).rejects.toThrow(SecretKeyError);
  await receiver.close();
});

test('a mail whose link was made with a key that is gone is not sent, and says what to do', async () => {
  const { organization } = Object((await server.client.request('POST', '/api/v1/organizations', { display_name: 'Late' })).body);
  await server.client.request('POST', `/api/v1/organizations/${organization.id}/users`, { email: 'late@example.com' });
  await server.feed.place();
  await (await start(after, before)).close();
  const third = await start(after);
  while (await third.mailWorker.sendDue());
  const { messages } = (await third.request('GET', `mailbox?organization_id=${organization.id}`)).body;
  expect(messages).toMatchObject([{ state: 'DROPPED', last_error: expect.stringContaining('send the invitation again') }]);
  await third.close();
});

test('a server does not start while the secret of a webhook is sealed with a key that it does not have', async () => {
  const another = await start(after, before);
  const { body } = await another.request('POST', 'webhook_endpoints', { url: 'http://127.0.0.1:9/' });
  await another.close();
  // Sealed by the server of the test, which has the old key alone.
  const { status } = await server.client.request('POST', `/api/v1/webhook_endpoints/${body.webhook_endpoint.id}:rotate_secret`, {});
  expect(status).toBe(200);
  await expect(start(after)).rejects.toThrow('CROSSWALK_OTHER_SECRET_KEY');
  const mended = await start(after, before);
  await mended.close();
  await (await start(after)).close();
});
