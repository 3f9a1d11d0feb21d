import { expect, test } from 'vitest';
import { connectTo, type TestAnswer, useTestServer } from '../testing.ts';
import { Browser, password } from './testing.ts';

const server = useTestServer();
const told = ({ status, body }: TestAnswer) => [status, Object(body).details?.[0]?.error_code];
const setUp = (token: string | undefined, email: string, secret = password) =>
  new Browser(server.url).request('POST', '/api/v1/setup', { token, email, password: secret });

// In this order: there is a first operator once in the life of a server.

test('while there is no operator the session says that one must be made, and nobody can sign in', async () => {
  const page = new Browser(server.url);
  expect((await page.request('GET', '/api/v1/session')).body).toEqual({ session: null, setup_required: true });
  expect(told(await page.signIn('root@example.com'))).toEqual([401, 'SIGN_IN_FAILED']);
});

test('a link that is made up, replaced by a later start or a day old makes no operator; a bad password leaves it', async () => {
  const [replaced, current] = [await server.firstOperator.prepare(), await server.firstOperator.prepare()];
  expect(current).toMatch(/^cws_[\w-]{43}$/);
  expect(told(await setUp('cws_made_up', 'root@example.com'))).toEqual([400, 'INVALID_SETUP_TOKEN']);
  expect(told(await setUp(replaced, 'root@example.com'))).toEqual([400, 'INVALID_SETUP_TOKEN']);
  expect(Object((await setUp(current, 'root@example.com', 'short')).body).message).toMatch(/^password: /);
  const { rows } = await server.database.pool.query("update operator_setup set expire_time = now() - interval '1 second' returning *");
  expect(JSON.stringify(rows)).not.toContain(current);
  expect(told(await setUp(current, 'root@example.com'))).toEqual([400, 'INVALID_SETUP_TOKEN']);
});

test('the link ends with an operator who is made another way, also while it is used', async () => {
  const { pool } = server.database;
  const operator = { email: 'api@example.com', password, role: 'admin' };
  const token = await server.firstOperator.prepare();
  expect((await server.client.request('POST', '/api/v1/operators', operator)).status).toBe(201);
  expect(told(await setUp(token, 'stranger@example.com'))).toEqual([400, 'INVALID_SETUP_TOKEN']);
  await pool.query('delete from operators');
  expect(told(await setUp(token, 'stranger@example.com'))).toEqual([400, 'INVALID_SETUP_TOKEN']);

  const current = await server.firstOperator.prepare();
  const holder = await connectTo(server.database.connection);
  await holder.query('begin');
  await holder.query('select from operator_setup for update');
  const late = setUp(current, 'stranger@example.com');
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1);
  await holder.query("insert into operators (id, email, email_key, password_hash) values (1, 'a@b.example', 'a@b.example', 'none')");
  await holder.query('commit');
  await holder.end();
  expect(told(await late)).toEqual([400, 'INVALID_SETUP_TOKEN']);
  await pool.query('delete from operators');
});

test('of many who open the link at once, one becomes the first operator, and a start with ADMIN_EMAIL meanwhile makes no other', async () => {
  const token = await server.firstOperator.prepare();
  const [given, ...answers] = await Promise.all([
    server.firstOperator.prepare({ email: 'admin@example.com', password }),
    ...Array.from({ length: 8 }, (_, n) => setUp(token, `first${n}@example.com`)),
  ]);
  const { rows } = await server.database.pool.query('select email from operators');
  expect(rows).toHaveLength(1);
  expect(given).toBeUndefined();
  const made = answers.filter(({ status }) => status === 200);
  expect(made).toHaveLength(rows[0].email === 'admin@example.com' ? 0 : 1);
  for (const answer of answers.filter((one) => !made.includes(one))) expect(told(answer)).toEqual([400, 'INVALID_SETUP_TOKEN']);
  for (const answer of made) expect(answer.headers.get('set-cookie')).toMatch(/^crosswalk_session=cwo_/);
});

test('with an operator there is no link any more', async () => {
  expect(await server.firstOperator.prepare()).toBeUndefined();
  expect(await server.firstOperator.prepare({ email: 'late@example.com', password })).toBeUndefined();
  expect((await new Browser(server.url).request('GET', '/api/v1/session')).body).toEqual({ session: null, setup_required: false });
  expect((await server.database.pool.query('select from operators')).rowCount).toBe(1);
});
