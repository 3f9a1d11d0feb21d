import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { Crosswalk, NotFoundError, PreconditionError, ValidationError } from './index.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
let crosswalk: Crosswalk;
let url = '';
const verified: unknown[] = [];
let [secret, status] = ['', 204];
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  verified.push(await crosswalk.webhooks.verify(Buffer.concat(chunks), request.headers, secret).catch((error: Error) => error.name));
  response.writeHead(status).end();
});
beforeAll(async () => {
  crosswalk = new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);
  server.startWork();
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
});
afterAll(() => receiver.close());

const until = async (holds: () => Promise<boolean> | boolean) => {
  for (const deadline = Date.now() + 10_000; !(await holds()) && Date.now() < deadline; )
    await new Promise((resolve) => setTimeout(resolve, 20));
};

test('endpoints are made, read, changed, disabled, enabled and deleted; fields may be in camelCase', async () => {
  const { webhook_endpoint: made, secret: first } = await crosswalk.webhookEndpoint.create({ url, eventTypes: ['organization'] });
  expect(first).toMatch(/^whsec_/);
  expect(await crosswalk.webhookEndpoint.get(made.id)).toEqual(made);
  expect(await crosswalk.webhookEndpoint.list()).toEqual([made]);
  const changed = await crosswalk.webhookEndpoint.update(made.id, { description: 'CRM' }, { ifMatch: 1 });
  expect(changed).toMatchObject({ description: 'CRM', event_types: ['organization'], version: 2 });
  await expect(crosswalk.webhookEndpoint.update(made.id, { description: 'X' }, { ifMatch: 1 })).rejects.toThrow(PreconditionError);
  await expect(crosswalk.webhookEndpoint.update(made.id, { url: 'https://10.0.0.1/' })).rejects.toThrow(ValidationError);
  expect(await crosswalk.webhookEndpoint.disable(made.id)).toMatchObject({ status: 'DISABLED' });
  expect(await crosswalk.webhookEndpoint.enable(made.id)).toMatchObject({ status: 'ENABLED' });
  const rotated = await crosswalk.webhookEndpoint.rotateSecret(made.id, { overlapHours: 0 });
  secret = rotated.secret;
  const { delivered, message } = await crosswalk.webhookEndpoint.test(made.id, 'user.created');
  expect([delivered, verified.at(-1)]).toEqual([true, message]);
  await crosswalk.webhookEndpoint.delete(made.id);
  await expect(crosswalk.webhookEndpoint.get(made.id)).rejects.toThrow(NotFoundError);
});

test('deliveries are iterated, read and sent again: one, what was given up, a span of time', async () => {
  const made = await crosswalk.webhookEndpoint.create({ url, event_types: ['organization.created'] });
  const { id } = made.webhook_endpoint;
  secret = made.secret;
  const before = verified.length;
  const from = new Date();
  for (const name of ['a', 'b', 'c']) await crosswalk.organization.create({ display_name: name });
  await until(async () => (await crosswalk.webhookEndpoint.deliveries(id, { status: 'DELIVERED' })).total_size === 3);
  const events: string[] = [];
  for await (const { event_id, status: ended } of crosswalk.webhookEndpoint.deliveries(id, { pageSize: 1 }))
    events.push(`${event_id} ${ended}`);
  expect(events).toHaveLength(3);
  const eventId = events[0]?.split(' ')[0] ?? '';
  expect(await crosswalk.webhookEndpoint.delivery(id, eventId)).toMatchObject({ event_id: eventId, log: [{ response_status: 204 }] });
  expect(await crosswalk.webhookEndpoint.replayOne(id, eventId)).toMatchObject({ status: 'PENDING' });
  await until(() => verified.length === before + 4);
  expect(await crosswalk.webhookEndpoint.replay(id, { failed: true })).toBe(0);
  await until(async () => (await crosswalk.webhookEndpoint.deliveries(id, { status: 'PENDING' })).total_size === 0);
  expect(await crosswalk.webhookEndpoint.replay(id, { from, to: new Date(Date.now() + 1000) })).toBe(3);
  await until(() => verified.length === before + 7);
  expect(verified.slice(before).map((message) => Object(message).type)).toEqual(Array.from({ length: 7 }, () => 'organization.created'));
});

test.each<[string, unknown, string]>([
  ['nothing', {}, 'say what to send again: { failed: true }, or { from }'],
  ['no argument', undefined, 'say what to send again'],
  ['what was not given up', { failed: false }, 'say what to send again'],
  ['two ways at once', { failed: true, from: '2026-01-01T00:00:00Z' }, 'say what to send again'],
  [
    'a misspelled end',
    { from: '2026-01-01T00:00:00Z', til: '2026-01-02T00:00:00Z' },
    '"til" is no option here. The options are failed, from, to',
  ],
  [
    'a number',
    { from: 1_795_000_000_000 },
    'from must be a Date that is a time, or a text such as 2026-01-31T12:00:00Z, not 1795000000000',
  ],
  ['a date that is none', { from: '2026-01-01T00:00:00Z', to: new Date('never') }, 'to must be a Date that is a time'],
])('a replay of %s says what is needed', async (_name, request, message) => {
  // biome-ignore lint/suspicious/noExplicitAny: what a program without types gives
  const untyped: any = request;
  const refused = crosswalk.webhookEndpoint.replay('whe_1', untyped);
  await expect(refused).rejects.toThrow(TypeError);
  await expect(refused).rejects.toThrow(message);
});
