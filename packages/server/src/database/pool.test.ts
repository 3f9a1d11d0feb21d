import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openPool } from './connection.ts';
import { databaseFailure } from './sql-error.ts';

/** A way to the database on which nothing passes while it is silent, and no connection is closed. */
const way = { isSilent: false, connections: 0 };
const sockets = new Set<Socket>();
const target = new pg.Client(inject('postgres').server);
const server = createServer((client) => {
  way.connections += 1;
  const database = way.isSilent ? undefined : connect({ path: `${target.host}/.s.PGSQL.${target.port}` });
  for (const socket of [client, ...(database === undefined ? [] : [database])]) {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => database?.destroy());
  }
  client.on('data', (chunk) => way.isSilent || database?.write(chunk));
  database?.on('data', (chunk) => way.isSilent || client.write(chunk));
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

function open(size: number) {
  const { port } = Object(server.address());
  const { user = '', database = '' } = target;
  // Only what must fail takes its time: a second is long for a connection on one machine, and the tests have many. A statement is given up
  // three seconds after its end, which must be longer than others may have been silent.
  return openPool({ host: '127.0.0.1', port, database, user, ssl: false }, { size, connectTimeout: 1_000, statementTimeout: 2_200 });
}

/** Longer than a database that is away is left alone after an attempt. */
const pauseOver = () => new Promise((resolve) => setTimeout(resolve, 300));

const outcomes = async (work: Promise<unknown>[]) => (await Promise.allSettled(work)).map(({ status }) => status);

test('a database that says nothing is tried by a few for all who wait, and then by one at a time; when it is there again it is used', async () => {
  const pool = open(2);
  way.isSilent = true;
  way.connections = 0;
  const queries = () => Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? pool.query('select') : pool.connect()));
  expect(new Set(await outcomes(queries()))).toEqual(new Set(['rejected']));
  expect(new Set(await outcomes(queries()))).toEqual(new Set(['rejected']));
  // As many as the pool has and as many that were begun as those failed, and one or two of those who came later.
  expect(way.connections).toBeLessThanOrEqual(6);
  way.isSilent = false;
  await pauseOver();
  await pool.query('select');
  expect(new Set(await outcomes(Array.from({ length: 200 }, () => pool.query('select'))))).toEqual(new Set(['fulfilled']));
  await pool.end();
});

test('a statement that has no answer is one lesson: connections that were made before are not tried one after another', async () => {
  way.isSilent = false;
  const pool = open(3);
  await Promise.all(Array.from({ length: 3 }, () => pool.query('select')));
  way.isSilent = true;
  await expect(pool.query('select')).rejects.toThrow('Query read timeout');
  await pauseOver();
  await expect(pool.query('select')).rejects.toThrow('timeout expired');
  way.isSilent = false;
  await pauseOver();
  await pool.query('select');
  await pool.end();
});

test('a database that starts or shuts down is not troubled by everybody: it refuses some attempts a second for all who ask', async () => {
  let attempts = 0;
  let isUp = false;
  const starting = createServer((client) => {
    attempts += 1;
    client.on('error', () => {});
    if (!isUp) {
      client.once('data', () => client.end(refusal));
      return;
    }
    const database = connect({ path: `${target.host}/.s.PGSQL.${target.port}` }).on('error', () => {});
    client.pipe(database).pipe(client);
    client.once('close', () => database.destroy());
  }).listen(0, '127.0.0.1');
  await once(starting, 'listening');
  const { user = '', database = '' } = target;
  const pool = openPool({ host: '127.0.0.1', port: Object(starting.address()).port, database, user, ssl: false }, { size: 2 });
  const asked: Promise<unknown>[] = [];
  for (const until = performance.now() + 500; performance.now() < until; await new Promise((resolve) => setTimeout(resolve, 2))) {
    asked.push(pool.query('select'));
    // Looked at below.
    asked.at(-1)?.catch(() => {});
  }
  const reasons = (await Promise.allSettled(asked)).map((one) => (one.status === 'rejected' ? databaseFailure(one.reason)?.code : 'done'));
  expect(new Set(reasons)).toEqual(new Set(['DATABASE_UNAVAILABLE']));
  // Two by those who came before the first was refused, and one in each pause.
  expect(attempts).toBeLessThanOrEqual(6);
  isUp = true;
  await pauseOver();
  await pool.query('select');
  await pool.end();
  starting.close();
});

/** An ErrorResponse of PostgreSQL: FATAL 57P03, cannot_connect_now. */
const refusal = (() => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0');
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

test('one attempt that fails while others are served is nobody else’s failure', async () => {
  way.isSilent = false;
  const pool = open(2);
  const used = await pool.connect();
  way.isSilent = true;
  const before = way.connections;
  const attempt = pool.query('select');
  while (way.connections === before) await new Promise((resolve) => setImmediate(resolve));
  way.isSilent = false;
  // The database is there: it serves another meanwhile.
  const next = pool.connect();
  used.release();
  const served = await next;
  const waiting = pool.query('select');
  await expect(attempt).rejects.toThrow('timeout expired');
  served.release();
  await waiting;
  await pool.end();
});
