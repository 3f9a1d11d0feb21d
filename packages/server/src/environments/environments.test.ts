import { beforeAll, expect, test } from 'vitest';
import { type Browser, environmentIdOf, makeFirstOperator } from '../operators/testing.ts';
import { type TestAnswer, useTestServer } from '../testing.ts';

const server = useTestServer();
let admin: Browser;
let environment: string;

beforeAll(async () => {
  admin = await makeFirstOperator(server);
  environment = environmentIdOf(server.client);
});

const told = ({ status, body }: TestAnswer) => [status, Object(body).details?.[0]?.error_code];
const create = (name: string) => admin.inside(environment, 'POST', '/api/v1/environments', { name });

test('an operator makes an environment, empty and with its two roles, and is its admin at once', async () => {
  const { status, body } = await create('production');
  expect([status, Object(body).environment]).toMatchObject([201, { name: 'production', version: 1 }]);
  const { id } = Object(body).environment;
  const { session } = Object((await admin.request('GET', '/api/v1/session')).body);
  expect(session.environments).toContainEqual({ id, name: 'production', role: 'admin' });
  expect(Object((await admin.inside(id, 'GET', '/api/v1/organizations')).body).total_size).toBe(0);
  const { roles } = Object((await admin.inside(id, 'GET', '/api/v1/roles')).body);
  expect(roles.map(({ name }: { name: string }) => name)).toEqual(['admin', 'member']);
  const client = Object((await admin.inside(id, 'POST', '/api/v1/clients', { name: 'First' })).body);
  expect(client.client.environment_id).toBe(id);
  const { events } = Object((await admin.inside(id, 'GET', '/api/v1/events')).body);
  expect(events).toMatchObject([
    {
      type: 'environment.created',
      record_id: id,
      actor: { type: 'operator', id: session.operator.id },
      changed: { name: [null, 'production'] },
    },
    { type: 'client.created' },
  ]);
});

test('each sees the environments of their own: a client one, an operator those with a role', async () => {
  await server.addEnvironment('not of the operator');
  const names = ({ body }: TestAnswer) => Object(body).environments.map(({ name }: { name: string }) => name);
  expect(names(await server.client.request('GET', '/api/v1/environments'))).toEqual(['test']);
  expect(names(await admin.inside(environment, 'GET', '/api/v1/environments'))).toEqual(['production', 'test']);
});

test('a name is unique, one line of up to 64 characters, and is changed with an event', async () => {
  expect(told(await create('production'))).toEqual([409, 'ENVIRONMENT_NAME_TAKEN']);
  expect((await create('x'.repeat(65))).status).toBe(400);
  expect((await create('a\nb')).status).toBe(400);
  const rename = (id: string, name: string) => admin.inside(environment, 'PATCH', `/api/v1/environments/${id}`, { name });
  expect(told(await rename(environment, 'production'))).toEqual([409, 'ENVIRONMENT_NAME_TAKEN']);
  expect(Object((await rename(environment, 'testing')).body).environment).toMatchObject({ name: 'testing', version: 2 });
  expect(Object((await rename(environment, 'testing')).body).environment.version).toBe(2);
  const { session } = Object((await admin.request('GET', '/api/v1/session')).body);
  expect(session.environments.map(({ name }: { name: string }) => name)).toEqual(['production', 'testing']);
  const { events } = Object((await server.client.request('GET', '/api/v1/events?types=environment')).body);
  expect(events).toMatchObject([{ type: 'environment.updated', changed: { name: ['test', 'testing'] } }]);
});

test('only the environment of the request is changed, and a client makes none', async () => {
  const { environments } = Object((await admin.inside(environment, 'GET', '/api/v1/environments')).body);
  const other = environments.find(({ id }: { id: string }) => id !== environment).id;
  expect(told(await admin.inside(environment, 'PATCH', `/api/v1/environments/${other}`, { name: 'x' }))).toEqual([
    404,
    'ENVIRONMENT_NOT_FOUND',
  ]);
  expect(told(await server.client.request('PATCH', `/api/v1/environments/${other}`, { name: 'x' }))).toEqual([
    404,
    'ENVIRONMENT_NOT_FOUND',
  ]);
  expect(told(await server.client.request('POST', '/api/v1/environments', { name: 'x' }))).toEqual([403, 'PERMISSION_DENIED']);
});
