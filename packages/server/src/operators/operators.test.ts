import { beforeAll, describe, expect, test } from 'vitest';
import { type TestAnswer, type TestClient, tagOf, useTestServer } from '../testing.ts';
import { Browser, environmentIdOf, makeFirstOperator, password } from './testing.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
let admin: Browser;
let environment: string;
let elsewhere: TestClient;

beforeAll(async () => {
  elsewhere = await server.addEnvironment('elsewhere');
  admin = await makeFirstOperator(server);
  environment = environmentIdOf(server.client);
});

const told = ({ status, body }: TestAnswer) => [status, Object(body).details?.[0]?.error_code];
const operators = (method: string, path = '', body?: unknown) => admin.inside(environment, method, `/api/v1/operators${path}`, body);
let count = 0;

/** A new operator of the environment, and a browser in which they are signed in. */
async function addOperator(role: string): Promise<{ id: string; email: string; browser: Browser }> {
  count += 1;
  const email = `operator${count}@example.com`;
  const { body } = await operators('POST', '', { email, name: `Operator ${count}`, password, role });
  const browser = new Browser(server.url);
  await browser.signIn(email);
  return { id: Object(body).operator.id, email, browser };
}

async function eventsOf(client: TestClient, recordId: string): Promise<Record<string, unknown>[]> {
  const { events } = Object((await client.request('GET', '/api/v1/events?limit=1000&types=operator,client,environment')).body);
  return events.filter(({ record_id }: { record_id: string }) => record_id === recordId);
}

test('the first operator is an admin of every environment, whose feeds both tell it', async () => {
  const { session } = Object((await admin.request('GET', '/api/v1/session')).body);
  expect(session.environments.map(({ name, role }: Record<string, string>) => [name, role])).toEqual([
    ['elsewhere', 'admin'],
    ['test', 'admin'],
  ]);
  for (const client of [server.client, elsewhere]) {
    const own = environmentIdOf(client);
    expect(await eventsOf(client, session.operator.id)).toMatchObject([
      {
        type: 'operator.created',
        environment_id: own,
        actor: { type: 'operator', id: session.operator.id },
        changed: { email: [null, 'root@example.com'], roles: [null, { [own]: 'admin' }] },
        data: { roles: { [own]: 'admin' } },
      },
    ]);
  }
});

describe('what each role may do', () => {
  const webhook = { url: 'http://127.0.0.1:9/' };
  const token = async () => {
    const { body } = await server.client.request('POST', '/api/v1/organizations', { display_name: 'Of a token' });
    return { organization_id: Object(body).organization.id };
  };
  test.each<[string, string, () => unknown, number, number, number]>([
    ['GET', 'organizations', () => undefined, 200, 200, 200],
    ['GET', 'operators', () => undefined, 200, 200, 200],
    ['GET', 'events', () => undefined, 200, 200, 200],
    ['GET', 'clients', () => undefined, 200, 200, 200],
    ['POST', 'organizations', () => ({ display_name: 'By a role' }), 403, 201, 201],
    ['POST', 'rekey', () => ({ kind: 'organization', pairs: [{ from: 'N-1', to: 'N-2' }] }), 403, 400, 400],
    ['POST', 'clients', () => ({ name: 'By a role' }), 403, 403, 201],
    ['POST', 'webhook_endpoints', () => webhook, 403, 403, 201],
    ['PATCH', 'invitation-settings', () => ({ invitation_days: 3 }), 403, 403, 200],
    ['POST', 'tokens', token, 403, 403, 201],
    ['POST', 'operators', () => ({ email: 'role@example.com', password, role: 'admin' }), 403, 403, 201],
    ['POST', 'environments', () => ({ name: 'by a role' }), 403, 403, 201],
  ])('%s %s', async (method, path, body, viewer, editor, administrator) => {
    const statuses: number[] = [];
    for (const role of ['viewer', 'editor', 'admin']) {
      const { browser } = await addOperator(role);
      const answer = await browser.inside(environment, method, `/api/v1/${path}`, await body());
      statuses.push(answer.status);
      if (answer.status === 403)
        expect([told(answer)[1], Object(answer.body).message]).toEqual([
          'PERMISSION_DENIED',
          expect.stringContaining(`your role is ${role}`),
        ]);
    }
    expect(statuses).toEqual([viewer, editor, administrator]);
  });
});

test('a change is told with the operator who made it, is found by them, and keeps its effect once with an Idempotency-Key', async () => {
  const { id, browser } = await addOperator('editor');
  const headers = { 'x-crosswalk-environment': environment, 'idempotency-key': 'operator-1' };
  const create = () => browser.request('POST', '/api/v1/organizations', { display_name: 'Once' }, headers);
  const [first, second] = [await create(), await create()];
  expect([first.status, second.status, second.text]).toEqual([201, 201, first.text]);
  const { events } = Object((await server.client.request('GET', `/api/v1/events?actor_id=${id}`)).body);
  expect(events).toMatchObject([{ type: 'organization.created', actor: { type: 'operator', id } }]);
});

test('what an operator imports is their change', async () => {
  const { id, browser } = await addOperator('editor');
  server.startWork();
  const response = await browser.fetch(`${server.url}/api/v1/imports`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'x-crosswalk-environment': environment, 'x-csrf-token': browser.csrfToken ?? '' },
    body: '{"kind":"organization","display_name":"Imported"}',
  });
  expect(response.status).toBe(202);
  const actors = async () => {
    const { events } = Object((await server.client.request('GET', `/api/v1/events?actor_id=${id}`)).body);
    return events.map(({ type, actor }: Record<string, unknown>) => [type, actor]);
  };
  await expect.poll(actors, { timeout: 10_000 }).toEqual([['organization.created', { type: 'operator', id }]]);
});

test('an operator is made, changed and deleted, each with its event; a deleted one and one without a role are out at once', async () => {
  const { id, email, browser } = await addOperator('viewer');
  expect((await browser.inside(environment, 'GET', '/api/v1/organizations')).status).toBe(200);
  const changed = await operators('PATCH', `/${id}`, { name: 'Renamed', role: 'editor' });
  expect([changed.status, changed.headers.get('etag'), Object(changed.body).operator]).toMatchObject([
    200,
    tagOf(2),
    { id, email, name: 'Renamed', roles: { [environment]: 'editor' }, version: 2 },
  ]);
  expect((await browser.inside(environment, 'POST', '/api/v1/organizations', { display_name: 'Now' })).status).toBe(201);
  // What changes nothing is no change.
  expect(Object((await operators('PATCH', `/${id}`, { name: 'Renamed', role: 'editor' })).body).operator.version).toBe(2);
  const removeFor = (tag: string | null) =>
    admin.request('PATCH', `/api/v1/operators/${id}`, { role: null }, { 'x-crosswalk-environment': environment, 'if-match': tag ?? '' });
  const { headers } = await operators('POST', '', { email: `other-${email}`, password, role: 'viewer' });
  // An old version, and the ETag of another operator.
  for (const tag of ['"1"', headers.get('etag')]) expect(told(await removeFor(tag))).toEqual([412, 'VERSION_MISMATCH']);
  expect((await operators('PATCH', `/${id}`, { role: null })).status).toBe(200);
  expect(told(await browser.inside(environment, 'GET', '/api/v1/organizations'))).toEqual([404, 'ENVIRONMENT_NOT_FOUND']);
  expect(told(await operators('DELETE', `/${id}`))).toEqual([404, 'OPERATOR_NOT_FOUND']);
  expect((await operators('PATCH', `/${id}`, { role: 'viewer' })).status).toBe(200);
  expect((await operators('DELETE', `/${id}`)).status).toBe(204);
  expect(told(await browser.inside(environment, 'GET', '/api/v1/organizations'))).toEqual([401, 'UNAUTHENTICATED']);
  const { operators: listed } = Object((await operators('GET')).body);
  expect(listed.map((operator: { id: string }) => operator.id)).not.toContain(id);
  const actor = { type: 'operator', id: Object((await admin.request('GET', '/api/v1/session')).body).session.operator.id };
  expect(await eventsOf(server.client, id)).toMatchObject([
    { type: 'operator.created', actor, changed: { roles: [null, { [environment]: 'viewer' }] } },
    {
      type: 'operator.updated',
      actor,
      changed: { name: [expect.any(String), 'Renamed'], roles: [{ [environment]: 'viewer' }, { [environment]: 'editor' }] },
    },
    { type: 'operator.updated', actor, changed: { roles: [{ [environment]: 'editor' }, {}] } },
    { type: 'operator.updated', actor, changed: { roles: [{}, { [environment]: 'viewer' }] } },
    { type: 'operator.deleted', actor },
  ]);
});

/** What is told of an operator who has the address of one to be made: the code, and their ID if they are named. */
const holderTold = ({ body }: TestAnswer) => {
  const [{ error_code, resource_info }] = Object(body).details;
  return [error_code, resource_info.id ?? null];
};

test('an admin of both environments is told who has an address, and gives them a role, without a word of their other ones', async () => {
  const { id, email } = await addOperator('editor');
  const there = environmentIdOf(elsewhere);
  const answer = await admin.inside(there, 'POST', '/api/v1/operators', { email: email.toUpperCase(), password, role: 'viewer' });
  expect([...told(answer), Object(answer.body).message]).toEqual([
    409,
    'OPERATOR_EXISTS',
    expect.stringContaining(`PATCH /api/v1/operators/${id}`),
  ]);
  const joined = await admin.inside(there, 'PATCH', `/api/v1/operators/${id}`, { role: 'viewer' });
  expect(Object(joined.body).operator.roles).toEqual({ [there]: 'viewer' });
  expect(Object((await operators('PATCH', `/${id}`, {})).body).operator.roles).toEqual({ [environment]: 'editor' });
});

test('of operators of another environment nothing is told, and nobody takes charge of them: for strangers they do not exist', async () => {
  const { id, email, browser } = await addOperator('viewer');
  const there = environmentIdOf(elsewhere);
  // Beside a client: who is an admin there alone, and who has a lesser role here.
  const strangers = [];
  for (const role of [null, 'editor']) {
    const { id: strangerId, browser: stranger } = await addOperator('viewer');
    await admin.inside(there, 'PATCH', `/api/v1/operators/${strangerId}`, { role: 'admin' });
    await operators('PATCH', `/${strangerId}`, { role });
    strangers.push((...[method, path, body]: Parameters<TestClient['request']>) => stranger.inside(there, method, path, body));
  }
  const nobody = 'opr_70000000000000010';
  const before = await eventsOf(server.client, id);
  for (const request of [elsewhere.request, ...strangers]) {
    for (const change of [
      { role: 'viewer' },
      { role: null },
      { name: 'Theirs' },
      { role: 'admin', password: 'a password of a thief' },
      {},
    ]) {
      const [known, unknown] = [
        await request('PATCH', `/api/v1/operators/${id}`, change),
        await request('PATCH', `/api/v1/operators/${nobody}`, change),
      ];
      const bare = ({ text }: TestAnswer, own: string) => text.replaceAll(own, 'opr').replace(/"request_id":"[^"]+"/g, '');
      expect([told(known), bare(known, id)]).toEqual([[404, 'OPERATOR_NOT_FOUND'], bare(unknown, nobody)]);
    }
    expect(told(await request('DELETE', `/api/v1/operators/${id}`))).toEqual([404, 'OPERATOR_NOT_FOUND']);
    const answer = await request('POST', '/api/v1/operators', { email, password, role: 'viewer' });
    expect([...holderTold(answer), answer.text]).toEqual(['OPERATOR_EXISTS', null, expect.not.stringContaining('opr_')]);
  }
  expect(await eventsOf(elsewhere, id)).toEqual([]);
  expect(await eventsOf(server.client, id)).toEqual(before);
  expect((await browser.inside(environment, 'GET', '/api/v1/organizations')).status).toBe(200);
  expect((await server.client.request('PATCH', `/api/v1/operators/${id}`, { password: 'another good password' })).status).toBe(200);
  expect((await server.client.request('DELETE', `/api/v1/operators/${id}`)).status).toBe(204);
});

test('a role in one more environment takes an admin of all those that they have', async () => {
  const third = Object((await admin.inside(environment, 'POST', '/api/v1/environments', { name: 'third' })).body).environment.id;
  const there = environmentIdOf(elsewhere);
  const { id: adminId, browser: some } = await addOperator('admin');
  await admin.inside(there, 'PATCH', `/api/v1/operators/${adminId}`, { role: 'admin' });
  const { id, email } = await addOperator('viewer');
  await admin.inside(third, 'PATCH', `/api/v1/operators/${id}`, { role: 'viewer' });
  expect(told(await some.inside(there, 'PATCH', `/api/v1/operators/${id}`, { role: 'viewer' }))).toEqual([404, 'OPERATOR_NOT_FOUND']);
  const create = { email, password, role: 'viewer' };
  expect(holderTold(await some.inside(there, 'POST', '/api/v1/operators', create))).toEqual(['OPERATOR_EXISTS', null]);
  expect(holderTold(await some.inside(environment, 'POST', '/api/v1/operators', create))).toEqual(['OPERATOR_EXISTS', id]);
  await operators('PATCH', `/${id}`, { role: null });
  expect((await admin.inside(there, 'PATCH', `/api/v1/operators/${id}`, { role: 'viewer' })).status).toBe(200);
});

test('an environment takes its own role away from an operator, whatever they are elsewhere; who has none left is free to any', async () => {
  const { id, email, browser } = await addOperator('editor');
  const there = environmentIdOf(elsewhere);
  await admin.inside(there, 'PATCH', `/api/v1/operators/${id}`, { role: 'viewer' });
  expect((await server.client.request('PATCH', `/api/v1/operators/${id}`, { role: null })).status).toBe(200);
  expect(told(await browser.inside(environment, 'GET', '/api/v1/organizations'))).toEqual([404, 'ENVIRONMENT_NOT_FOUND']);
  // They are of the other alone now, whose client may do all.
  expect(told(await server.client.request('PATCH', `/api/v1/operators/${id}`, { role: 'editor' }))).toEqual([404, 'OPERATOR_NOT_FOUND']);
  expect((await elsewhere.request('PATCH', `/api/v1/operators/${id}`, { name: 'Theirs' })).status).toBe(200);
  expect((await elsewhere.request('PATCH', `/api/v1/operators/${id}`, { role: null })).status).toBe(200);
  expect(holderTold(await server.client.request('POST', '/api/v1/operators', { email, password, role: 'editor' }))).toEqual([
    'OPERATOR_EXISTS',
    id,
  ]);
  expect((await server.client.request('PATCH', `/api/v1/operators/${id}`, { role: 'editor' })).status).toBe(200);
});

test('where no admin of all environments is left, who has the database makes one', async () => {
  const { id, email } = await addOperator('admin');
  const { rows } = await server.database.pool.query(
    `insert into operator_roles (environment_id, operator_id, role) select id, $1, 'admin' from environments
     on conflict (environment_id, operator_id) do update set role = excluded.role returning role`,
    [id.replace('opr_', '')],
  );
  expect(rows.length).toBeGreaterThan(1);
  const browser = new Browser(server.url);
  const { session } = Object((await browser.signIn(email)).body);
  expect(session.environments.map(({ role }: Record<string, string>) => role)).toEqual(rows.map(() => 'admin'));
  const { id: lost } = await addOperator('viewer');
  await admin.inside(environmentIdOf(elsewhere), 'PATCH', `/api/v1/operators/${lost}`, { role: 'viewer' });
  const change = await browser.inside(environment, 'PATCH', `/api/v1/operators/${lost}`, { password: 'another good password' });
  expect(change.status).toBe(200);
});

test('name, password and existence of an operator of several environments are for an admin of all of them', async () => {
  const { id, browser, email } = await addOperator('editor');
  await admin.inside(environmentIdOf(elsewhere), 'PATCH', `/api/v1/operators/${id}`, { role: 'viewer' });
  const { browser: local } = await addOperator('admin');
  for (const client of [
    server.client.request,
    elsewhere.request,
    (...[method, path, body]: Parameters<TestClient['request']>) => local.inside(environment, method, path, body),
  ]) {
    expect(told(await client('PATCH', `/api/v1/operators/${id}`, { password: 'another good password' }))).toEqual([
      403,
      'OPERATOR_ELSEWHERE',
    ]);
    expect(told(await client('PATCH', `/api/v1/operators/${id}`, { name: 'Taken over' }))).toEqual([403, 'OPERATOR_ELSEWHERE']);
    expect(told(await client('DELETE', `/api/v1/operators/${id}`))).toEqual([403, 'OPERATOR_ELSEWHERE']);
  }
  expect((await operators('PATCH', `/${id}`, { password: 'another good password' })).status).toBe(200);
  expect((await browser.inside(environment, 'GET', '/api/v1/organizations')).status).toBe(401);
  expect((await browser.signIn(email, 'another good password')).status).toBe(200);
  for (const client of [server.client, elsewhere]) {
    const last = (await eventsOf(client, id)).at(-1);
    expect([last?.type, Object.keys(Object(last?.changed))]).toEqual(['operator.updated', ['password_change_time']]);
  }
});

test('a client with the scope write is the way out for a lost password', async () => {
  const { id, email } = await addOperator('viewer');
  expect((await server.client.request('PATCH', `/api/v1/operators/${id}`, { password: 'a password made anew' })).status).toBe(200);
  expect((await new Browser(server.url).signIn(email, 'a password made anew')).status).toBe(200);
});

test('nobody can be the last admin and go, alone or both at once', async () => {
  const only = await server.addEnvironment('small');
  const add = async (email: string) =>
    Object((await only.request('POST', '/api/v1/operators', { email, password, role: 'admin' })).body).operator.id;
  const [first, second] = [await add('first@example.com'), await add('second@example.com')];
  const go = (id: string, way: unknown) => only.request(way === null ? 'DELETE' : 'PATCH', `/api/v1/operators/${id}`, way ?? undefined);
  const both = await Promise.all([go(first, { role: 'viewer' }), go(second, null)]);
  const refused = both.findIndex(({ status }) => status === 400);
  expect(both.map(({ status }) => status).filter((status) => status < 300)).toHaveLength(1);
  const left = [first, second][refused];
  for (const way of [null, { role: null }, { role: 'editor' }]) expect(told(await go(left, way))).toEqual([400, 'LAST_ADMIN']);
  expect((await go(left, { role: 'admin' })).status).toBe(200);
});

test('one does not set the own password past the current one', async () => {
  const { id, browser } = await addOperator('admin');
  const answer = await browser.inside(environment, 'PATCH', `/api/v1/operators/${id}`, { password: 'a password of a thief' });
  expect([answer.status, Object(answer.body).message]).toEqual([400, expect.stringContaining('/api/v1/session/password')]);
});

test.each([
  ['a short password', { password: 'too short' }, /^password: must have 12/],
  ['an address that is none', { email: 'nobody' }, /^email: /],
  ['a role that is none', { role: 'owner' }, /role/],
  ['a name with a line break', { name: 'a\nb' }, /^name: /],
])('%s makes no operator', async (_name, field, message) => {
  const answer = await operators('POST', '', { email: 'refused@example.com', password, role: 'viewer', ...field });
  expect([answer.status, Object(answer.body).message]).toEqual([400, expect.stringMatching(message)]);
});

test('changes of clients and of their secrets are events with their actor, without any secret', async () => {
  const made = Object((await admin.inside(environment, 'POST', '/api/v1/clients', { name: 'Told' })).body);
  const { id } = made.client;
  const second = Object((await server.client.request('POST', `/api/v1/clients/${id}/secrets`)).body);
  await server.client.request('DELETE', `/api/v1/clients/${id}/secrets/${made.secret_id}`);
  await server.client.request('DELETE', `/api/v1/clients/${id}`);
  const events = await eventsOf(server.client, id);
  expect(events.map(({ type, record_version, actor }) => [type, record_version, Object(actor).type])).toEqual([
    ['client.created', 1, 'operator'],
    ['client.updated', 2, 'client'],
    ['client.updated', 3, 'client'],
    ['client.deleted', 4, 'client'],
  ]);
  expect(Object.keys(Object(events[1]?.changed))).toEqual(['secrets']);
  for (const secret of [made.plain_secret, second.plain_secret]) expect(JSON.stringify(events)).not.toContain(secret);
});

test('an environment has a thousand operators at most, all of them in its list, whether they are new or come from another', async () => {
  const crowded = await server.addEnvironment('crowded with operators');
  const { operator: root } = Object((await admin.request('GET', '/api/v1/session')).body).session;
  await server.database.pool.query(
    `with made as (insert into operators (id, email, email_key, password_hash)
       select n, n || '@crowd.example', n || '@crowd.example', 'none' from generate_series(1, 998) n returning id)
     insert into operator_roles (environment_id, operator_id, role) select $1, id, 'viewer' from (select id from made union select $2) all_of_them`,
    [crowded.environmentId, root.id.slice(4)],
  );
  expect((await crowded.request('PATCH', `/api/v1/operators/${root.id}`, { role: 'admin' })).status).toBe(200);
  const inside = (method: string, path: string, body?: unknown) =>
    admin.inside(environmentIdOf(crowded), method, `/api/v1/operators${path}`, body);
  expect(told(await inside('POST', '', { email: 'the-last@example.com', password, role: 'admin' }))).toEqual([201, undefined]);
  const tooMany = [400, 'TOO_MANY_OPERATORS'];
  expect(told(await inside('POST', '', { email: 'one-more@example.com', password, role: 'admin' }))).toEqual(tooMany);
  const { id } = await addOperator('viewer');
  expect(told(await inside('PATCH', `/${id}`, { role: 'viewer' }))).toEqual(tooMany);
  expect(Object((await inside('GET', '')).body).operators).toHaveLength(1000);
});
