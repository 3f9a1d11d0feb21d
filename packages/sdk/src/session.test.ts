import { beforeAll, expect, test } from 'vitest';
import { Browser, environmentIdOf, password } from '../../server/src/operators/testing.ts';
import { useTestServer } from '../../server/src/testing.ts';
import { AuthenticationError, ConflictError, Crosswalk, DashboardSession, PermissionError } from './index.ts';

const server = useTestServer();
let page: DashboardSession;
let browser: Browser;
let environment: string;

/** A page in a browser of its own. */
function openPage(): { browser: Browser; page: DashboardSession } {
  const opened = new Browser(server.url);
  return { browser: opened, page: new DashboardSession(server.url, { fetch: opened.fetch, maxRetries: 1 }) };
}

beforeAll(async () => {
  ({ browser, page } = openPage());
  environment = environmentIdOf(server.client);
});

test('the first operator is made with the link, and works with a client of the session', async () => {
  expect(await page.get()).toEqual({ session: null, setup_required: true });
  const { session } = await page.setUp({ token: (await server.firstOperator.prepare()) ?? '', email: 'root@example.com', password });
  expect(session?.environments).toEqual([{ id: environment, name: 'test', role: 'admin' }]);
  const crosswalk = page.client(environment);
  const acme = await crosswalk.organization.create({ display_name: 'Acme', external_id: 'SESSION-1' });
  await crosswalk.organization.updateByExternalId('SESSION-1', { metadata: { seats: 3 } });
  expect((await crosswalk.organization.get(acme.id)).metadata).toEqual({ seats: 3 });
  const [event] = (await crosswalk.events.list({ actorId: session?.operator.id ?? '', types: ['organization'] })).events;
  expect(event?.actor).toEqual({ type: 'operator', id: session?.operator.id });
});

test('operators and environments are made, changed and listed', async () => {
  const crosswalk = page.client(environment);
  const ada = await crosswalk.operator.create({ email: 'ada@example.com', password, role: 'viewer' });
  await expect(crosswalk.operator.create({ email: 'ada@example.com', password, role: 'viewer' })).rejects.toThrow(ConflictError);
  expect((await crosswalk.operator.update(ada.id, { name: 'Ada' }, { ifMatch: ada.version })).name).toBe('Ada');
  expect((await crosswalk.operator.list()).map(({ email }) => email)).toEqual(['root@example.com', 'ada@example.com']);
  const made = await crosswalk.environment.create({ name: 'staging' });
  expect((await page.client(made.id).environment.update(made.id, { name: 'production' })).name).toBe('production');
  expect((await crosswalk.environment.list()).map(({ name }) => name)).toEqual(['production', 'test']);
  const opened = openPage();
  await opened.page.signIn({ email: 'ada@example.com', password });
  await expect(opened.page.client(environment).organization.create({ display_name: 'No' })).rejects.toThrow(PermissionError);
  await crosswalk.operator.delete(ada.id);
  await expect(opened.page.client(environment).organization.list()).rejects.toThrow(AuthenticationError);
});

test('a client made before the page knows its session, or after another tab has signed in, finds the token by itself', async () => {
  const reloaded = new DashboardSession(server.url, { fetch: browser.fetch });
  const crosswalk = reloaded.client(environment);
  expect((await crosswalk.organization.create({ display_name: 'After a reload' })).version).toBe(1);
  await new DashboardSession(server.url, { fetch: browser.fetch }).signIn({ email: 'root@example.com', password });
  expect((await crosswalk.organization.create({ display_name: 'After another tab' })).version).toBe(1);
});

test('without a session every call fails with 401, a change too', async () => {
  const opened = openPage();
  await expect(opened.page.signIn({ email: 'root@example.com', password: 'an incorrect password' })).rejects.toMatchObject({
    status: 401,
    errorCode: 'SIGN_IN_FAILED',
  });
  await opened.page.signIn({ email: 'root@example.com', password });
  const crosswalk = opened.page.client(environment);
  await opened.page.changePassword({ currentPassword: password, newPassword: 'another good password' });
  await opened.page.changePassword({ currentPassword: 'another good password', newPassword: password });
  await opened.page.changeEmail({ currentPassword: password, email: 'grace@example.com' });
  expect((await opened.page.get()).session?.operator.email).toBe('grace@example.com');
  await opened.page.changeEmail({ currentPassword: password, email: 'root@example.com' });
  await opened.page.signOut();
  expect(await opened.page.get()).toEqual({ session: null, setup_required: false });
  for (const call of [() => crosswalk.organization.list(), () => crosswalk.organization.create({ display_name: 'No' })]) {
    await expect(Promise.resolve(call())).rejects.toMatchObject({ name: 'AuthenticationError', status: 401 });
  }
});

test('a client with a secret goes on without cookies', async () => {
  const crosswalk = new Crosswalk(server.url, server.client.clientId, server.client.clientSecret, { fetch: browser.fetch });
  const [event] = (await crosswalk.events.list({ actorId: server.client.clientId })).events;
  expect(event).toBeUndefined();
  await crosswalk.organization.create({ display_name: 'By a client' });
  expect((await crosswalk.events.list({ actorId: server.client.clientId })).events).toHaveLength(1);
});
