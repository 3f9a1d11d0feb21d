import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { run } from './run.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
let status = 200;
const receiver = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(status).end('\u001b[31mred'));
});
let url = '';
beforeAll(async () => {
  server.startWork();
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook`;
});
afterAll(() => receiver.close());

async function webhooks(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const env = {
    CROSSWALK_ENVIRONMENT_URL: server.url,
    CROSSWALK_CLIENT_ID: server.client.clientId,
    CROSSWALK_CLIENT_SECRET: server.client.clientSecret,
  };
  const code = await run(['webhooks', ...args], env, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { status: code, out, err };
}

test('an endpoint is made, tried, changed, disabled, enabled, given a new secret, and deleted when that is confirmed', async () => {
  const made = await webhooks('create', url, '--events', 'organization,user.updated', '--description', 'Billing');
  expect([made.status, made.err]).toEqual([0, '']);
  expect(made.out).toMatch(/id +.*whe_\d+\n[\s\S]*events +.*organization, user\.updated\n[\s\S]*secret {2}whsec_/);
  const id = /whe_\d+/.exec(made.out)?.[0] ?? '';
  expect((await webhooks('list')).out).toContain(id);
  expect(JSON.parse((await webhooks('get', id, '--json')).out)).toMatchObject({ id, url, status: 'ENABLED' });

  expect((await webhooks('test', id)).out).toMatch(/^answered 200 in \d+ ms\n$/);
  status = 500;
  expect(await webhooks('test', id, '--event', 'user.created')).toEqual({
    status: 1,
    out: '',
    err: 'crosswalk: answered 500: only 2xx counts as received\n',
  });
  status = 200;
  expect(await webhooks('test', id, '--event', 'user.renamed')).toEqual({
    status: 2,
    out: '',
    err: expect.stringMatching(/^crosswalk: --event is one of organization\.created, .*user\.updated, /),
  });

  expect((await webhooks('update', id, '--events', 'role')).out).toMatch(/events +.*role\n/);
  expect(await webhooks('update', id)).toMatchObject({ status: 2, err: expect.stringContaining('--url, --events or --description') });
  expect((await webhooks('disable', id)).out).toMatch(/status +.*DISABLED REQUESTED\n/);
  expect((await webhooks('enable', id)).out).toMatch(/status +.*ENABLED\n/);
  expect((await webhooks('rotate-secret', id, '--overlap-hours', '2')).out).toMatch(/old secret until +.*20\d\d-[\s\S]*secret {2}whsec_/);
  for (const wrong of ['x', '', '1.5', '169'])
    expect(await webhooks('rotate-secret', id, '--overlap-hours', wrong)).toMatchObject({
      status: 2,
      err: expect.stringContaining('It must be a whole number from 0 to 168.'),
    });

  expect(await webhooks('delete', id)).toMatchObject({ status: 2, err: expect.stringContaining('Add --yes') });
  expect(await webhooks('delete', id, '--yes')).toMatchObject({ status: 0, err: `deleted ${id}\n` });
  expect(await webhooks('get', id)).toMatchObject({ status: 1, err: expect.stringContaining('there is no webhook endpoint') });
});

test('what was sent is listed, by status too, and sent again', async () => {
  status = 410;
  const id = JSON.parse((await webhooks('create', url, '--events', 'organization.created', '--json')).out).webhook_endpoint.id;
  await server.client.request('POST', '/api/v1/organizations', { display_name: 'Gone' });
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && (await webhooks('deliveries', id, '--status', 'failed')).out === ''; )
    await new Promise((resolve) => setTimeout(resolve, 50));
  const { out } = await webhooks('deliveries', id, '--status', 'failed');
  expect(out).toMatch(/^evt_\d+ {2}.*FAILED.* {2}organization\.created {2}org_\d+ {2}.*1x answered 410/);
  status = 200;
  await webhooks('enable', id);
  expect((await webhooks('replay', id, '--failed')).out).toBe('1 will be sent again\n');
  for (
    const deadline = Date.now() + 10_000;
    Date.now() < deadline && (await webhooks('deliveries', id, '--status', 'delivered')).out === '';
  )
    await new Promise((resolve) => setTimeout(resolve, 50));
  const [delivery] = JSON.parse((await webhooks('deliveries', id, '--limit', '1', '--json')).out);
  expect(delivery).toMatchObject({ status: 'DELIVERED', log: [{ response_body: '\u001b[31mred' }, { response_status: 410 }] });
  expect((await webhooks('replay', id, delivery.event_id)).out).toBe('1 will be sent again\n');
  expect((await webhooks('replay', id, '--from', '2020-01-01T00:00:00Z', '--to', '2020-01-02T00:00:00Z', '--json')).out).toContain(
    '"scheduled": 0',
  );
  for (const wrong of [[], ['--failed', '--from', '2020-01-01T00:00:00Z'], ['--to', '2020-01-01T00:00:00Z']])
    expect((await webhooks('replay', id, ...wrong)).status).toBe(2);
  expect(await webhooks('deliveries', id, '--status', 'lost')).toMatchObject({
    status: 2,
    err: 'crosswalk: --status is one of PENDING, DELIVERED, FAILED\n',
  });
});

test('deliveries are paged as every list is', async () => {
  const id = JSON.parse((await webhooks('create', url, '--events', 'organization.created', '--json')).out).webhook_endpoint.id;
  for (const name of ['One', 'Two', 'Three']) await server.client.request('POST', '/api/v1/organizations', { display_name: name });
  const all = async () => (await webhooks('deliveries', id, '--all', '--json')).out.split('\n').filter(Boolean);
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && (await all()).length < 3; )
    await new Promise((resolve) => setTimeout(resolve, 50));
  const events = (await all()).map((line) => JSON.parse(line).event_id);
  expect(new Set(events).size).toBe(3);
  const two = await webhooks('deliveries', id, '--limit', '2', '--json');
  expect(JSON.parse(two.out).map((delivery: { event_id: string }) => delivery.event_id)).toEqual(events.slice(0, 2));
  expect(two.err).toBe('there are more than these 2: see --limit and --all\n');
  for (const wrong of [
    ['--limit', '0'],
    ['--page-token', 'x'],
  ])
    expect((await webhooks('deliveries', id, ...wrong)).status).toBe(2);
});
