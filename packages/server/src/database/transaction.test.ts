import type pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { asUser, connectTo, runOn, useTestServer } from '../testing.ts';
import { openPool } from './connection.ts';
import { databaseFailure } from './sql-error.ts';
import { inTransaction } from './transaction.ts';

// The limits are those of a server, only shorter. Longer than a busy machine takes for a statement, though.
const server = useTestServer({ pool: { connectionTimeout: 3_000, lockTimeout: 500, statementTimeout: 3_000 } });
/** What a server uses, with its usual limits. */
const usual = () => openPool(server.database.connection);

const pools: pg.Pool[] = [];
const opened = (pool: pg.Pool) => {
  pools.push(pool);
  return pool;
};
afterAll(async () => {
  for (const pool of pools) await pool.end();
});

/** What a caller is told of a failure. */
async function failureOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const failure = databaseFailure(error);
  return failure === undefined ? error : { code: failure.code, status: failure.status, retryAfter: failure.detail.retryAfter };
}

const path = '/api/v1/organizations';
async function makeOrganization(name: string): Promise<string> {
  const { body } = await server.client.request('POST', path, { display_name: name, external_id: name });
  return `${path}/${Object(body).organization.id}`;
}

/** What matters to a client that should try again. */
async function answerTo(method: string, url: string, body?: unknown) {
  const answer = await server.client.request(method, url, body);
  const [detail] = Object(answer.body).details ?? [];
  return { status: answer.status, error: detail?.error_code, retryAfter: answer.headers.get('retry-after') };
}

/** Runs `during` while another session is in the middle of a transaction. */
async function whileHeld<Result>(sql: string, during: () => Promise<Result>): Promise<Result> {
  const holder = await connectTo(server.database.connection);
  await holder.query('begin');
  await holder.query(sql);
  return during().finally(() => holder.end());
}

test('transactions that lock each other out are both done, each once: the one that loses is run again', async () => {
  const pool = opened(usual());
  await pool.query("create table counters as select name, 0 as n from unnest('{a,b}'::text[]) name");
  let [runs, missing] = [0, 2];
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const raise = (first: string, second: string) =>
    inTransaction(pool, async (tx) => {
      runs += 1;
      await tx.query('update counters set n = n + 1 where name = $1', [first]);
      missing -= 1;
      if (missing === 0) open();
      await gate;
      await tx.query('update counters set n = n + 1 where name = $1', [second]);
    });
  await Promise.all([raise('a', 'b'), raise('b', 'a')]);
  // Once more for each time that the one that lost was quicker to come back than the other to go on.
  expect(runs).toBeGreaterThanOrEqual(3);
  expect((await pool.query('select name, n from counters order by name')).rows).toEqual([
    { name: 'a', n: 2 },
    { name: 'b', n: 2 },
  ]);
});

test('a transaction that loses every race is given up after five times, as 409 RECORD_BUSY with Retry-After', async () => {
  let runs = 0;
  const losing = inTransaction(server.database.pool, async (tx) => {
    runs += 1;
    await tx.query("do $$ begin raise exception 'lost' using errcode = '40001'; end $$");
  });
  expect(await failureOf(losing)).toEqual({ code: 'RECORD_BUSY', status: 409, retryAfter: 1 });
  expect(runs).toBe(5);
});

test('whatever the isolation the database has by default, a writer waits for another and then sees what it did', async () => {
  const pool = opened(usual());
  await pool.query(
    "do $$ begin execute format('alter database %I set default_transaction_isolation = ''serializable''', current_database()); end $$",
  );
  const fresh = opened(usual());
  expect((await fresh.query('show transaction_isolation')).rows).toEqual([{ transaction_isolation: 'serializable' }]);
  const { rows } = await inTransaction(fresh, (tx) => tx.query('show transaction_isolation'));
  expect(rows).toEqual([{ transaction_isolation: 'read committed' }]);
});

test('a change of a record that another keeps locked is 409 RECORD_BUSY with Retry-After, and works when it is free', async () => {
  const url = await makeOrganization('LOCKED');
  const change = () => answerTo('PATCH', url, { display_name: 'Changed' });
  expect(await whileHeld("update organizations set slug = 'held' where external_id = 'LOCKED'", change)).toEqual({
    status: 409,
    error: 'RECORD_BUSY',
    retryAfter: '1',
  });
  expect(Object((await server.client.request('GET', url)).body).organization).toMatchObject({ display_name: 'LOCKED', version: 1 });
  expect((await change()).status).toBe(200);
});

test('a statement that takes too long is ended and answered with 503 QUERY_TOO_SLOW and Retry-After, and changed nothing', async () => {
  const url = await makeOrganization('SLOW');
  await server.database.pool.query(`
    create function take_long() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
    create trigger slow before update on organizations for each row when (new.display_name = 'Slow') execute function take_long()`);
  expect(await answerTo('PATCH', url, { display_name: 'Slow' })).toEqual({ status: 503, error: 'QUERY_TOO_SLOW', retryAfter: '10' });
  expect(Object((await server.client.request('GET', url)).body).organization).toMatchObject({ display_name: 'SLOW', version: 1 });
  expect((await answerTo('PATCH', url, { display_name: 'Quick' })).status).toBe(200);
});

test('a transaction may give its statements less time than the pool does, and what comes after it on the connection has that of the pool', async () => {
  const pool = opened(openPool(server.database.connection, { size: 1 }));
  const sleep = (seconds: number, options = {}) => inTransaction(pool, (tx) => tx.query('select pg_sleep($1)', [seconds]), options);
  await expect(sleep(5, { statementTimeout: 50 })).rejects.toMatchObject({ code: '57014' });
  await expect(sleep(0.1)).resolves.toMatchObject({ rowCount: 1 });
});

test('with every connection of the pool in use a request is 503 with Retry-After rather than hanging, and so is readiness', async () => {
  const { pool } = server.database;
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  const unavailable = { status: 503, error: 'DATABASE_UNAVAILABLE', retryAfter: '2' };
  const answers = await Promise.all([
    answerTo('POST', path, { display_name: 'Waiting' }),
    answerTo('GET', `${path}:external/LOCKED`),
    answerTo('GET', path),
    answerTo('GET', '/readyz'),
    answerTo('GET', '/healthz'),
  ]);
  for (const client of clients) client.release();
  expect(answers).toEqual([...Array(4).fill(unavailable), { status: 200, error: undefined, retryAfter: null }]);
  expect((await answerTo('POST', path, { display_name: 'Waited' })).status).toBe(201);
});

test('when PostgreSQL gives out no more connections a request has one of those there are, or is 503; none hangs', async () => {
  const role = `limited_${process.pid}`;
  await runOn(server.database.connection, `create role ${role} login password 'only for tests' connection limit 2`);
  const limited = openPool(asUser(server.database.connection, role, 'only for tests'));
  const work = Promise.all(Array.from({ length: 20 }, () => failureOf(limited.query('select pg_sleep(0.01)'))));
  const outcomes = new Set((await work).map((failure) => JSON.stringify(failure) ?? 'done'));
  expect(outcomes).toEqual(new Set(['done', '{"code":"DATABASE_UNAVAILABLE","status":503,"retryAfter":2}']));
  await limited.end();
  await runOn(server.database.connection, `drop role ${role}`);
});

test('a connection that is cut between two statements ends the transaction with 503, not the process', async () => {
  const { pool } = server.database;
  const cut = inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
    await tx.query("insert into counters values ('cut', 1)");
    const gone = new Promise((resolve) => tx.once('end', resolve));
    await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await gone;
    await tx.query('select');
  });
  expect(await failureOf(cut)).toEqual({ code: 'DATABASE_UNAVAILABLE', status: 503, retryAfter: 2 });
  expect((await pool.query("select from counters where name = 'cut'")).rowCount).toBe(0);
});

test('a database that says nothing for longer than a statement may take is given up with 503, and its connection too', async () => {
  const pool = opened(openPool(server.database.connection, { statementTimeout: 200 }));
  const silent = inTransaction(pool, async (tx) => {
    await tx.query('set local statement_timeout = 0');
    await tx.query('select pg_sleep(60)');
  });
  expect(await failureOf(silent)).toEqual({ code: 'DATABASE_UNAVAILABLE', status: 503, retryAfter: 2 });
  expect(pool.totalCount).toBe(0);
});
