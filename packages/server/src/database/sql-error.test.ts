import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../../test/server-process.ts';
import { createTestDatabase, makeEnvironment, type TestDatabase } from '../testing.ts';
import { openPool } from './connection.ts';
import { databaseFailure, foreignKeyViolation, isConnectionFailure, uniqueViolation } from './sql-error.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The error of work that fails. */
async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const raised = (code: string) => errorOf(database.pool.query(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`));

test.each([
  ['55P03', 'RECORD_BUSY', 'a lock was not to be had in time'],
  ['40P01', 'RECORD_BUSY', 'lost a deadlock'],
  ['40001', 'RECORD_BUSY', 'lost a serialization race'],
  ['57014', 'QUERY_TOO_SLOW', 'the statement timeout'],
  ['53300', 'DATABASE_UNAVAILABLE', 'too many connections'],
  ['53100', 'DATABASE_UNAVAILABLE', 'the disk is full'],
  ['53200', 'DATABASE_UNAVAILABLE', 'out of memory'],
  ['57P01', 'DATABASE_UNAVAILABLE', 'PostgreSQL is stopped'],
  ['57P02', 'DATABASE_UNAVAILABLE', 'PostgreSQL crashed'],
  ['57P03', 'DATABASE_UNAVAILABLE', 'PostgreSQL is starting'],
  ['58030', 'DATABASE_UNAVAILABLE', 'the disk fails'],
  ['25006', 'DATABASE_UNAVAILABLE', 'a standby'],
  ['08006', 'DATABASE_UNAVAILABLE', 'the connection failed'],
  ['28P01', 'DATABASE_UNAVAILABLE', 'the password was changed'],
  ['3D000', 'DATABASE_UNAVAILABLE', 'the database is gone'],
])('%s is %s: %s; it can be tried again', async (code, expected) => {
  const failure = databaseFailure(await raised(code));
  expect(failure?.code).toBe(expected);
  expect(failure?.detail.retryAfter).toBeGreaterThan(0);
});

test.each(['42P01', '23514', '22P02', '42501', 'P0001'])('%s is a bug of ours: no failure of the database', async (code) => {
  expect(databaseFailure(await raised(code))).toBeUndefined();
});

test('what is no error of the database is none', async () => {
  for (const thrown of [
    await errorOf(readFile('/no/such/file')),
    new TypeError('x'),
    new Error('timeout'),
    'text',
    undefined,
    null,
    { code: '57P01' },
  ]) {
    expect(databaseFailure(thrown)).toBeUndefined();
    expect(isConnectionFailure(thrown)).toBe(false);
  }
});

test('no listener, no socket, a connection that is closed and a pool that is ended are connection failures, 503', async () => {
  const embedded = { database: 'x', user: 'x', ssl: false } as const;
  const ended = openPool(database.connection);
  await ended.end();
  const closed = new pg.Client(database.connection);
  await closed.connect();
  await closed.end();
  for (const error of [
    await errorOf(openPool({ ...embedded, host: '127.0.0.1', port: await freePort() }).query('select')),
    await errorOf(openPool({ ...embedded, host: '/no/such/directory', port: 5432 }).query('select')),
    await errorOf(ended.query('select')),
    await errorOf(closed.query('select')),
  ]) {
    expect(isConnectionFailure(error), String(error)).toBe(true);
    expect(databaseFailure(error)?.code).toBe('DATABASE_UNAVAILABLE');
  }
});

test('a violated constraint is told by its name', async () => {
  const { pool } = database;
  await makeEnvironment(pool, 'one');
  const twice = await errorOf(
    pool.query("insert into environments (id, name, default_creator_role_id, default_member_role_id) values (20, 'one', 21, 22)"),
  );
  expect([uniqueViolation(twice), foreignKeyViolation(twice)]).toEqual(['environments_name_key', undefined]);
  const orphan = await errorOf(pool.query("insert into permissions (environment_id, id, name) values (9, 9, 'x')"));
  expect([uniqueViolation(orphan), foreignKeyViolation(orphan)]).toEqual([undefined, 'permissions_environment_fkey']);
});
