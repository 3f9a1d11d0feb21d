import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Crosswalk } from '@crosswalk/sdk';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { momentOf } from './feed.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer();
const crosswalk = (...args: string[]) => runIn(variablesOf(server), args);
const make = (name: string, metadata = {}) => server.client.request('POST', '/api/v1/organizations', { display_name: name, metadata });

const received: { body: string; headers: Record<string, string> }[] = [];
let answer = 204;
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
  received.push({ body: Buffer.concat(chunks).toString(), headers: Object.fromEntries(headers) });
  response.writeHead(answer).end();
});
let address = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const bound = receiver.address();
  address = `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}/hook`;
});
afterAll(() => {
  receiver.close();
  receiver.closeAllConnections();
});

/** The built command as a process: what it has printed so far, and its status when it is gone. */
const start = (...args: string[]) => startAt(server.url, ...args);

function startAt(url: string, ...args: string[]) {
  const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const env = { PATH: process.env.PATH ?? '', ...variablesOf(server), CROSSWALK_ENVIRONMENT_URL: url };
  const child: ChildProcess = spawn(process.execPath, [program, ...args], { cwd: tmpdir(), env });
  const printed = { out: '', err: '' };
  child.stdout?.on('data', (data: Buffer) => {
    printed.out += data;
  });
  child.stderr?.on('data', (data: Buffer) => {
    printed.err += data;
  });
  const ended = once(child, 'exit').then(([status]) => status);
  return { child, printed, ended };
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('it did not come');
    await pause(20);
  }
}

test('the feed is printed a line per event, as JSON Lines with --json, chosen by time, type and organization', async () => {
  const { body } = await make('Tailed', { paint: '\u001b[31mred' });
  const id = Object(body).organization.id;
  const line = await crosswalk('events', 'tail', '--since', '1h', '--no-follow', '--org', id);
  expect(line.status).toBe(0);
  expect(line.out).toMatch(
    new RegExp(`^20.*Z {2}organization\\.created {2}${id} v1 {2}- {2}.*display_name null -> "Tailed".* {2}by skc_\\d+\\n$`),
  );
  expect(line.out).not.toContain('\u001b[31m');
  expect(line.err).toMatch(/^go on with --after \S+\n$/);
  const json = await crosswalk('events', 'tail', '--since', '1h', '--no-follow', '--types', 'organization.created', '--json');
  expect(
    json.out
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text).type),
  ).toContain('organization.created');
  expect((await crosswalk('events', 'tail', '--since', '1h', '--no-follow', '--types', 'user')).out).toBe('');
  const cursor = line.err.split(' ').at(-1)?.trim() ?? '';
  expect((await crosswalk('events', 'tail', '--after', cursor, '--no-follow')).out).toBe('');
  expect((await crosswalk('events', 'tail', '--no-follow')).out).toBe('');
  for (const wrong of [
    ['--types', 'orgs'],
    ['--since', 'yesterday'],
    ['--since', '1h', '--after', cursor],
  ])
    expect((await crosswalk('events', 'tail', ...wrong)).status).toBe(2);
});

test('a tail that is interrupted ends with 130 and the cursor that goes on behind what it printed', async () => {
  const tail = start('events', 'tail', '--since', '1h', '--json');
  await until(() => tail.printed.out.includes('Tailed'));
  await make('While it runs');
  await until(() => tail.printed.out.includes('While it runs'));
  tail.child.kill('SIGINT');
  expect(await tail.ended).toBe(130);
  const cursor = /go on with --after (\S+)/.exec(tail.printed.err)?.[1] ?? '';
  await make('Afterwards');
  const more = await crosswalk('events', 'tail', '--after', cursor, '--no-follow', '--json');
  expect(
    more.out
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text).data.display_name),
  ).toEqual(['Afterwards']);
});

/** The server behind a proxy that cuts off so many of the answers that a pattern names. */
async function cutting(pattern: RegExp, times: number) {
  let cuts = times;
  const proxy = createServer(async (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { authorization = '', 'content-type': type = '' } = request.headers;
    const headers = { ...(authorization === '' ? {} : { authorization }), ...(type === '' ? {} : { 'content-type': type }) };
    const sent = request.method === 'POST' ? { method: 'POST', body: Buffer.concat(chunks) } : {};
    try {
      const answer = await fetch(`${server.url}${request.url}`, { ...sent, headers, signal: gone.signal });
      const body = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': body.length });
      if (cuts === 0 || !pattern.test(request.url ?? '')) {
        response.end(body);
        return;
      }
      cuts -= 1;
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const bound = proxy.address();
  const close = () => {
    proxy.close();
    proxy.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`, left: () => cuts, close };
}

test('a tail outlives answers that are cut off on their way, and misses nothing', async () => {
  // More often than a call is tried again.
  const proxy = await cutting(/^\/api\/v1\/events/, 5);
  await make('Before the cuts');
  const tail = startAt(proxy.url, 'events', 'tail', '--since', '1h', '--json');
  await until(() => tail.printed.out.includes('Before the cuts'));
  await make('After the cuts');
  await until(() => tail.printed.out.includes('After the cuts'));
  tail.child.kill('SIGINT');
  expect([await tail.ended, proxy.left()]).toEqual([130, 0]);
  expect(tail.printed.err).toMatch(/^no answer from the server at http:\/\/\S+: .*; trying again\ninterrupted; go on with --after \S+\n$/);
  proxy.close();
});

test('what happened to a record is listed, newest first', async () => {
  const id = Object((await make('History')).body).organization.id;
  await crosswalk('orgs', 'update', id, '--name', 'Second');
  const { out } = await crosswalk('events', 'history', id);
  expect(out).toMatch(/organization\.updated .* v2 .*"History" -> "Second".*\n.*organization\.created/);
  expect(JSON.parse((await crosswalk('events', 'history', id, '--limit', '1', '--json')).out)).toMatchObject([{ record_version: 2 }]);
  expect((await crosswalk('events', 'history', 'mem_1')).status).toBe(2);
});

test('listen forwards what happens as the server would send it, signed with the secret that it prints', async () => {
  received.length = 0;
  const listening = start('webhooks', 'listen', '--forward-to', address, '--since', '1h', '--events', 'user');
  const organization = Object((await make('Club')).body).organization;
  await server.client.request('POST', `/api/v1/organizations/${organization.id}/users`, {
    email: 'ada@example.com',
    send_invitation_email: false,
  });
  await until(() => received.length === 2);
  await until(() => listening.printed.out.split('\n').length === 3);
  listening.child.kill('SIGINT');
  expect(await listening.ended).toBe(130);
  const secret = /CROSSWALK_WEBHOOK_SECRET=(\S+)/.exec(listening.printed.err)?.[1] ?? '';
  expect(listening.printed.err).toContain('go on with --after');
  expect(listening.printed.out).toMatch(/^204 +\d+ ms {2}evt_\d+ {2}user\.created {2}usr_\d+\n204 .*user\.organization_membership_created/);
  const { webhooks } = new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);
  for (const { body, headers } of received) {
    expect(await webhooks.verify(body, headers, secret)).toMatchObject({ spec_version: '1' });
    expect(new Webhook(secret).verify(body, headers)).toBeTruthy();
  }
  expect(JSON.parse(received[1]?.body ?? '').data).toMatchObject({
    organization: { display_name: 'Club' },
    user: { email: 'ada@example.com' },
    membership: { membership_status: 'ACTIVE' },
  });
});

test('listen outlives answers about the records of an event that are cut off, and forwards it once', async () => {
  received.length = 0;
  // Both records are asked for, each four times before a call fails.
  const proxy = await cutting(/\/as-of\?/, 8);
  const { id } = Object((await make('Cut off')).body).organization;
  const { status } = await server.client.request('POST', `/api/v1/organizations/${id}/users?send_invitation_email=false`, {
    email: 'cut@example.com',
  });
  expect(status).toBe(201);
  const listening = startAt(proxy.url, 'webhooks', 'listen', '--forward-to', address, '--since', '1h', '--org', id);
  await until(() => received.length > 0 && listening.printed.out.includes('membership_created'));
  listening.child.kill('SIGINT');
  expect([await listening.ended, proxy.left()]).toEqual([130, 0]);
  expect(listening.printed.err).toMatch(/; trying again\ninterrupted; go on with --after \S+\n$/);
  const forwarded = received.map(({ body }) => JSON.parse(body)).filter(({ type }) => type.includes('membership_created'));
  expect(forwarded).toMatchObject([{ data: { organization: { display_name: 'Cut off' }, user: { email: 'cut@example.com' } } }]);
  proxy.close();
});

test('trigger sends one sample, with a secret of its own or the one that is given, and fails when it is not taken', async () => {
  received.length = 0;
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const sent = await runIn({ CROSSWALK_WEBHOOK_SECRET: secret }, [
    'webhooks',
    'trigger',
    'user.updated',
    '--forward-to',
    `http://${address}`,
    '--json',
  ]);
  expect([sent.status, sent.err]).toEqual([0, '']);
  expect(JSON.parse(sent.out)).toMatchObject({ event_type: 'user.updated', status: 204, error: null });
  expect(new Webhook(secret).verify(received[0]?.body ?? '', received[0]?.headers ?? {})).toMatchObject({ type: 'user.updated' });
  answer = 500;
  expect(await crosswalk('webhooks', 'trigger', 'user.updated', '--forward-to', address)).toMatchObject({
    status: 1,
    err: expect.stringMatching(/whsec_[\s\S]*answered 500/),
  });
  answer = 204;
  expect(await crosswalk('webhooks', 'trigger', 'user.updated', '--forward-to', '127.0.0.1:2')).toMatchObject({
    status: 1,
    err: expect.stringContaining('ECONNREFUSED'),
  });
  for (const wrong of [
    ['user.renamed', '--forward-to', address],
    ['user.updated'],
    ['user.updated', '--forward-to', address, '--secret', 'x'],
  ])
    expect((await crosswalk('webhooks', 'trigger', ...wrong)).status).toBe(2);
});

test('a moment is a while ago or a time', () => {
  expect(momentOf('10m', 1_000_000)).toBe(400_000);
  expect(momentOf('2026-11-24T08:00:00Z')).toBe(Date.parse('2026-11-24T08:00:00Z'));
  for (const wrong of ['', '10', 'm', '10 m', '2026', 'now']) expect(() => momentOf(wrong)).toThrow('--since');
});

test('a list of all that is interrupted ends with 130, and goes on where it was without a gap', async () => {
  const names = Array.from({ length: 250 }, (_, index) => `Row ${index}`);
  for (const name of names) await make(name, { row: true });
  const filter = ['--filter', 'metadata.row = true', '--all', '--json'];
  const list = start('orgs', 'list', ...filter);
  await until(() => list.printed.out !== '');
  list.child.kill('SIGINT');
  const status = await list.ended;
  const token = /go on with --page-token (\S+)/.exec(list.printed.err)?.[1];
  // Unless it was through already, or at its very end, where nobody hears the signal any more: all rows are there then.
  expect([status, token === undefined]).toEqual(status === 130 ? [130, false] : [expect.toBeOneOf([0, null]), true]);
  const rest = token === undefined ? '' : (await crosswalk('orgs', 'list', ...filter, '--page-token', token)).out;
  const seen = `${list.printed.out}${rest}`.split('\n').filter(Boolean);
  expect(seen.map((line) => JSON.parse(line).display_name).sort()).toEqual(names.sort());
});

test('whose history it is may be told by an external ID, of a system too, or by the address of a user', async () => {
  await crosswalk('orgs', 'create', '--name', 'Known', '--external-id', 'HIST-1', '--external-id-of', 'stripe=cus_hist');
  await crosswalk('users', 'create', '--email', 'hist@example.com', '--external-id', 'HIST-1');
  for (const [type, ...named] of [
    ['organization.created', '--external-id', 'HIST-1'],
    ['organization.created', '--external-id', 'cus_hist', '--system', 'stripe'],
    ['user.created', '--external-id', 'HIST-1', '--kind', 'user'],
    ['user.created', '--email', 'hist@example.com'],
  ])
    expect(JSON.parse((await crosswalk('events', 'history', ...named, '--json')).out)).toMatchObject([{ type }]);
  for (const [status, problem, ...named] of [
    [1, 'nothing has the primary external ID HIST-2', '--external-id', 'HIST-2'],
    [2, 'an ID of your own goes with --external-id', 'HIST-1'],
    [2, 'in one way', '--email', 'hist@example.com', '--external-id', 'HIST-1'],
    [2, 'with --external-id'],
  ] as const) {
    const { status: ended, err } = await crosswalk('events', 'history', ...named);
    expect([ended, err]).toEqual([status, expect.stringContaining(problem)]);
  }
});
