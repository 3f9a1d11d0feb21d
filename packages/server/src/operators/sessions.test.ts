import { beforeAll, describe, expect, test } from 'vitest';
import { connectTo, startAnotherServer, type TestAnswer, useTestServer } from '../testing.ts';
import { Browser, environmentIdOf, makeFirstOperator, password } from './testing.ts';

const server = useTestServer();
let admin: Browser;
let environment: string;

beforeAll(async () => {
  admin = await makeFirstOperator(server, 'root@example.com');
  environment = environmentIdOf(server.client);
});

const browser = () => new Browser(server.url);
const told = ({ status, body }: TestAnswer) => [status, Object(body).details?.[0]?.error_code];
const organizations = (client: Browser, method = 'GET', body?: unknown) =>
  client.inside(environment, method, '/api/v1/organizations', body);

test('a sign-in gives a cookie that no script reads and no other site sends, and tells who it is and where', async () => {
  const grace = browser();
  const answer = await grace.signIn('ROOT@example.com');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('set-cookie')).toMatch(/^crosswalk_session=cwo_[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toMatchObject({
    setup_required: false,
    session: {
      operator: { email: 'root@example.com', roles: { [environment]: 'admin' } },
      environments: [{ id: environment, name: 'test', role: 'admin' }],
    },
  });
  expect(answer.text).not.toMatch(/scrypt|password_hash/);
  const { session } = Object(answer.body);
  expect(Date.parse(session.expire_time) - Date.now()).toBeGreaterThan(11 * 3600_000);
  expect(Date.parse(session.expire_time) - Date.now()).toBeLessThan(12.1 * 3600_000);
  expect(Object((await grace.request('GET', '/api/v1/session')).body).session).toEqual(session);
  expect((await organizations(grace)).status).toBe(200);
});

test('behind https the cookie is Secure and bound to the very host', async () => {
  const other = await startAnotherServer(server, { publicUrl: 'https://crosswalk.test' });
  const answer = await new Browser(`http://127.0.0.1:${other.port}`).signIn('root@example.com').finally(other.close);
  expect(answer.headers.get('set-cookie')).toMatch(/^__Host-crosswalk_session=.+; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
});

test('each sign-in has an ID of its own, and the session that the browser brought ends: none can be planted', async () => {
  const planted = browser();
  await planted.signIn('root@example.com');
  const victim = browser();
  victim.cookie = planted.cookie;
  await victim.signIn('root@example.com');
  expect(victim.cookie).not.toBe(planted.cookie);
  expect([told(await organizations(planted)), told(await organizations(victim))]).toEqual([
    [401, 'UNAUTHENTICATED'],
    [200, undefined],
  ]);
  const invented = browser();
  invented.cookie = `crosswalk_session=cwo_${'A'.repeat(43)}`;
  await invented.signIn('root@example.com');
  expect(invented.cookie).not.toContain('AAAA');
});

test('what is kept of a session does not open it', async () => {
  const { rows } = await server.database.pool.query('select * from operator_sessions');
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows.map((row) => ({ ...row, token_hash: row.token_hash.toString() })))).not.toContain('cwo_');
});

test('a sign-out ends the session at once, here and within seconds on other servers', async () => {
  const other = await startAnotherServer(server, {});
  const [here, there] = [browser(), new Browser(`http://127.0.0.1:${other.port}`)];
  await here.signIn('root@example.com');
  there.cookie = here.cookie;
  expect((await organizations(there)).status).toBe(200);
  const old = here.cookie;
  expect((await here.request('DELETE', '/api/v1/session')).status).toBe(204);
  expect(here.cookie).toBeUndefined();
  here.cookie = old;
  expect(told(await organizations(here))).toEqual([401, 'UNAUTHENTICATED']);
  await expect.poll(async () => (await organizations(there)).status, { timeout: 7_000 }).toBe(401);
  await other.close();
});

test('a session ends after 12 hours without use and after 7 days, and ended ones are removed', async () => {
  const [idle, old, used] = [browser(), browser(), browser()];
  // The last sign-in is of nobody here: it makes the server look the others up again.
  for (const one of [idle, old, used, browser()]) await one.signIn('root@example.com');
  const age = (one: Browser, column: string, interval: string) =>
    server.database.pool.query(
      `update operator_sessions set ${column} = now() - $2::interval where token_hash = sha256(convert_to($1, 'UTF8'))`,
      [one.cookie?.split('=')[1], interval],
    );
  await age(idle, 'last_used_time', '12 hours 1 second');
  await age(old, 'create_time', '7 days 1 second');
  await age(used, 'last_used_time', '11 hours');
  expect((await Promise.all([idle, old, used].map((one) => organizations(one)))).map(({ status }) => status)).toEqual([401, 401, 200]);
  const answer = await used.request('GET', '/api/v1/session');
  await server.purge();
  const { rows } = await server.database.pool.query(
    "select count(*)::int as count from operator_sessions where last_used_time < now() - interval '5 minutes'",
  );
  expect([answer.status, rows[0].count]).toEqual([200, 0]);
});

test('a wrong password and an unknown address get the same answer, in the same time', async () => {
  const attempts: [string, number][] = [];
  const times = { wrong: 0, unknown: 0 };
  for (let round = 0; round < 3; round += 1) {
    for (const [kind, email] of [
      ['wrong', 'root@example.com'],
      ['unknown', 'nobody@example.com'],
    ] as const) {
      const start = performance.now();
      const answer = await browser().signIn(email, 'an incorrect password');
      times[kind] += performance.now() - start;
      attempts.push([answer.text.replace(/"request_id":"[^"]+"/, ''), answer.status]);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  }
  expect(new Set(attempts.map(String)).size).toBe(1);
  expect(told(await browser().signIn('root@example.com', 'an incorrect password'))).toEqual([401, 'SIGN_IN_FAILED']);
  // Both cost a hash, some hundred milliseconds; without one it would be a few.
  expect(times.unknown).toBeGreaterThan(times.wrong / 3);
  expect((await browser().signIn('root@example.com')).status).toBe(200);
});

test('after ten failures an address is locked out for a while, even with the right password, and no other', async () => {
  await server.client.request('POST', '/api/v1/operators', { email: 'locked@example.com', password, role: 'viewer' });
  const answers: TestAnswer[] = [];
  for (let attempt = 0; attempt < 10; attempt += 1) answers.push(await browser().signIn('locked@example.com', 'an incorrect password'));
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(401));
  const refused = await browser().signIn('Locked@example.com');
  expect(told(refused)).toEqual([429, 'RATE_LIMITED']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
  expect((await browser().signIn('root@example.com')).status).toBe(200);
});

test('requests of other sites are refused, whatever they carry', async () => {
  const sent = async (headers: Record<string, string>, method = 'POST', path = '/api/v1/organizations') => {
    const page = browser();
    page.cookie = admin.cookie;
    page.csrfToken = admin.csrfToken;
    page.headers = headers;
    return told(await page.inside(environment, method, path, method === 'POST' ? { display_name: 'Forged' } : undefined));
  };
  const refused = [403, 'CROSS_SITE_REQUEST'];
  expect(await sent({ 'sec-fetch-site': 'cross-site' })).toEqual(refused);
  expect(await sent({ 'sec-fetch-site': 'same-site' })).toEqual(refused);
  expect(await sent({ 'sec-fetch-site': 'cross-site' }, 'GET')).toEqual(refused);
  expect(await sent({ origin: 'https://evil.example' })).toEqual(refused);
  expect(await sent({ origin: 'null' })).toEqual(refused);
  expect(await sent({ 'sec-fetch-site': 'cross-site' }, 'GET', '/api/v1/session')).toEqual(refused);
  expect(await sent({ origin: 'https://evil.example' }, 'POST', '/api/v1/session')).toEqual(refused);
  expect(await sent({ origin: 'http://crosswalk.test' })).toEqual([201, undefined]);
  expect(await sent({})).toEqual([201, undefined]);
});

test('a change needs the token of its session; reading does not', async () => {
  const page = browser();
  await page.signIn('root@example.com');
  const own = page.csrfToken;
  for (const token of [undefined, '', 'x', admin.csrfToken]) {
    page.csrfToken = token;
    expect(told(await organizations(page, 'POST', { display_name: 'Forged' }))).toEqual([403, 'INVALID_CSRF_TOKEN']);
    expect(told(await page.request('DELETE', '/api/v1/session'))).toEqual([403, 'INVALID_CSRF_TOKEN']);
    expect((await organizations(page)).status).toBe(200);
  }
  page.csrfToken = own;
  expect((await organizations(page, 'POST', { display_name: 'Mine' })).status).toBe(201);
});

test('with an Authorization header the cookie counts for nothing', async () => {
  const answer = await admin.request('GET', '/api/v1/organizations', undefined, {
    authorization: 'Bearer nonsense',
    'x-crosswalk-environment': environment,
  });
  expect(told(answer)).toEqual([401, 'UNAUTHENTICATED']);
});

test('a request with a session names its environment, and sees none without a role', async () => {
  const missing = await admin.request('GET', '/api/v1/organizations');
  expect([missing.status, Object(missing.body).details[0].validation_error_info.field_violations[0].field]).toEqual([
    400,
    'x-crosswalk-environment',
  ]);
  const stranger = await server.addEnvironment('stranger');
  const answers = [environmentIdOf(stranger), 'env_7'].map((id) => admin.inside(id, 'GET', '/api/v1/organizations'));
  expect((await Promise.all(answers)).map(told)).toEqual(Array(2).fill([404, 'ENVIRONMENT_NOT_FOUND']));
  expect(told(await admin.inside('test', 'GET', '/api/v1/organizations'))).toEqual([400, 'INVALID_ID']);
});

test('a new password asks for the current one, ends all other sessions, and is an event', async () => {
  await server.client.request('POST', '/api/v1/operators', { email: 'changer@example.com', password, role: 'editor' });
  const [mine, other] = [browser(), browser()];
  const { session } = Object((await mine.signIn('changer@example.com')).body);
  await other.signIn('changer@example.com');
  const change = (current: string, wanted: string) =>
    mine.request('PUT', '/api/v1/session/password', { current_password: current, new_password: wanted });
  expect(Object((await change('an incorrect password', 'another good password')).body).message).toMatch(/^current_password: /);
  expect(Object((await change(password, 'too short')).body).message).toMatch(/^new_password: must have 12 to 256 characters/);
  expect((await organizations(other)).status).toBe(200);
  // Composed and decomposed letters are one password.
  expect((await change(password, 'cafe\u0301 noir et blanc')).status).toBe(204);
  expect([(await organizations(mine)).status, (await organizations(other)).status]).toEqual([200, 401]);
  expect(told(await browser().signIn('changer@example.com'))).toEqual([401, 'SIGN_IN_FAILED']);
  expect((await browser().signIn('changer@example.com', 'caf\u00e9 noir et blanc')).status).toBe(200);
  const { events } = Object((await server.client.request('GET', `/api/v1/events?actor_id=${session.operator.id}`)).body);
  expect(events).toMatchObject([{ type: 'operator.updated', actor: { type: 'operator', id: session.operator.id } }]);
  expect(Object.keys(events[0].changed)).toEqual(['password_change_time']);
});

test('another address asks for the password, is free or refused without a name, leaves sessions as they are, and is an event', async () => {
  await server.client.request('POST', '/api/v1/operators', { email: 'before@example.com', password, role: 'viewer' });
  const page = browser();
  const { session } = Object((await page.signIn('before@example.com')).body);
  const change = (current: string, email: string) => page.request('PUT', '/api/v1/session/email', { current_password: current, email });
  expect(Object((await change('an incorrect password', 'after@example.com')).body).message).toMatch(/^current_password: /);
  expect(told(await change(password, 'no address'))).toEqual([400, 'INVALID_EMAIL']);
  const taken = await change(password, 'Root@example.com');
  expect(told(taken)).toEqual([409, 'OPERATOR_EXISTS']);
  expect(taken.text).not.toContain('opr_');
  expect((await change(password, 'After@example.com')).status).toBe(204);
  expect(Object((await page.request('GET', '/api/v1/session')).body).session.operator).toMatchObject({
    email: 'After@example.com',
    version: session.operator.version + 1,
  });
  expect(told(await browser().signIn('before@example.com'))).toEqual([401, 'SIGN_IN_FAILED']);
  expect((await browser().signIn('after@example.com')).status).toBe(200);
  const { events } = Object((await server.client.request('GET', `/api/v1/events?actor_id=${session.operator.id}`)).body);
  expect(events).toMatchObject([{ type: 'operator.updated', changed: { email: ['before@example.com', 'After@example.com'] } }]);
  page.cookie = undefined;
  expect((await change(password, 'other@example.com')).status).toBe(401);
});

describe('a change of oneself whose current password was right when it began', () => {
  const changes: [string, object][] = [
    ['password', { new_password: 'a password of a thief' }],
    ['email', { email: 'thief@example.com' }],
  ];

  /** An operator who is signed in, and whose changes wait until `release`. */
  async function held(email: string) {
    const { body } = await server.client.request('POST', '/api/v1/operators', { email, password, role: 'viewer' });
    const { id } = Object(body).operator;
    const page = browser();
    await page.signIn(email);
    const holder = await connectTo(server.database.connection);
    await holder.query('begin');
    await holder.query('select from operators where id = $1 for update', [id.slice(4)]);
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    return {
      id,
      page,
      wait: (count: number) => expect.poll(async () => (await server.database.pool.query(waiting)).rowCount).toBe(count),
      release: () => holder.end(),
    };
  }

  test.each(changes)('is refused after an admin has set another one meanwhile: %s', async (what, change) => {
    const email = `reset-${what}@example.com`;
    const { id, page, wait, release } = await held(email);
    const reset = server.client.request('PATCH', `/api/v1/operators/${id}`, { password: 'an admin has set this one' });
    await wait(1);
    const late = page.request('PUT', `/api/v1/session/${what}`, { current_password: password, ...change });
    await wait(2);
    await release();
    expect([(await reset).status, told(await late)]).toEqual([200, [401, 'SIGN_IN_FAILED']]);
    expect((await browser().signIn(email, 'an admin has set this one')).status).toBe(200);
  });

  test.each(changes)('is refused after the session has ended meanwhile: %s', async (what, change) => {
    const email = `ended-${what}@example.com`;
    const { page, wait, release } = await held(email);
    const late = page.request('PUT', `/api/v1/session/${what}`, { current_password: password, ...change });
    await wait(1);
    expect((await page.request('DELETE', '/api/v1/session')).status).toBe(204);
    await release();
    expect(told(await late)).toEqual([401, 'SIGN_IN_FAILED']);
    expect((await browser().signIn(email)).status).toBe(200);
  });
});
