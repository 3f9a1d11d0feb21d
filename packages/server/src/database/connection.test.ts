import { expect, inject, test } from 'vitest';
import { freePort } from '../../../../test/server-process.ts';
import { asUser, onDatabase } from '../testing.ts';
import { ConnectionError, openPool, requireConnection } from './connection.ts';

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
