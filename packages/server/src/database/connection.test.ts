import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { freePort } from '../../../../test/server-process.ts';
import { asUser, onDatabase } from '../testing.ts';
import { ConnectionError, openPool, requireConnection } from './connection.ts';
import { databaseFailure } from './sql-error.ts';
import { inTransaction } from './transaction.ts';

const { server } = inject('postgres');
const password = 'never shown';

test.each([
  [
    'no listener',
    async () => ({ connectionString: `postgres://u:${encodeURIComponent(password)}@127.0.0.1:${await freePort()}/x` }),
    'ECONNREFUSED',
  ],
  ['no listener on any address', async () => ({ connectionString: `postgres://u@localhost:${await freePort()}/x` }), 'ECONNREFUSED'],
  ['no socket', async () => ({ connectionString: 'postgres://u@/x?host=/no/such/directory' }), 'ENOENT'],
  ['no such database', async () => onDatabase(server, 'no_such_database'), 'database "no_such_database" does not exist'],
  ['no such user', async () => asUser(server, 'no_such_user', password), 'no_such_user'],
  ['a URL that cannot be read', async () => ({ connectionString: `postgres://u:${password}/1@x/y` }), 'Invalid URL'],
])('%s: it says what to check, and shows no password', async (_name, connection, reason) => {
  const pool = openPool(await connection());
  const error: unknown = await requireConnection(pool).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConnectionError)) throw new Error(`not refused: ${error}`);
  expect(error.message).toMatch(
    /^The database of DATABASE_URL cannot be used: .*\. Check that it runs, and the host, port, user, password and database name/,
  );
  expect(error.message).toContain(reason);
  expect(error.message).not.toContain(password);
  await pool.end();
});

test('a connection that is ended in the same moment as its statement fails whoever is next, and not the process', async () => {
  const target = new pg.Client(server);
  const network = target.host.startsWith('/')
    ? { path: `${target.host}/.s.PGSQL.${target.port}` }
    : { host: target.host, port: target.port };
  let isEnding = false;
  // What an administrator's shutdown sends, behind the end of a statement: both arrive at once, as they may.
  const proxy = createServer((client) => {
    const database = connect(network);
    client.pipe(database).on('error', () => client.destroy());
    database.on('data', (chunk) => client.write(isEnding ? Buffer.concat([chunk, shutdown]) : chunk));
    client.on('error', () => {}).on('close', () => database.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('a listener on a port has an address');
  const { user = '', database = '' } = target;
  const pool = openPool({ host: '127.0.0.1', port: address.port, database, user, ssl: false }, { size: 1 });
  await pool.query('select');
  isEnding = true;
  const [first, next] = await Promise.allSettled([
    pool.query('select'),
    pool.connect().then((client) => client.query('select').finally(() => client.release())),
  ]);
  expect(first.status).toBe('fulfilled');
  expect(databaseFailure(next.status === 'rejected' ? next.reason : undefined)?.code).toBe('DATABASE_UNAVAILABLE');
  isEnding = false;
  await pool.query('select');
  await pool.end();
  proxy.close();
});

/** An ErrorResponse of PostgreSQL: FATAL 57P01, admin_shutdown. */
const shutdown = (() => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

test('through a pooler nothing is prepared by name, and every transaction has the time limits of its own', async () => {
  const connectionString =
    'connectionString' in server
      ? server.connectionString
      : `postgres://${server.user}@/${server.database}?host=${encodeURIComponent(server.host)}&port=${server.port}`;
  const pool = openPool({ connectionString, pooler: 'transaction' }, { size: 1 });
  const limits = "select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock";
  const { rows } = await pool.query({ name: 'named', text: limits });
  expect((await pool.query('select name from pg_prepared_statements')).rows).toEqual([]);
  expect(await inTransaction(pool, async (tx) => (await tx.query({ name: 'named', text: limits })).rows)).toEqual([
    { statement: '10s', lock: '5s' },
  ]);
  // What was before is there again: the next in line may be another's session.
  expect((await pool.query(limits)).rows).toEqual(rows);
  expect(rows).not.toEqual([{ statement: '10s', lock: '5s' }]);
  await pool.end();
});
