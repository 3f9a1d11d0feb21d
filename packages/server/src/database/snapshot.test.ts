import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { openSnapshot } from './snapshot.ts';

const server = useTestServer();

test('a read that takes too long is given up alone: the moment and the usual limit stay as they were', async () => {
  const { pool } = server.database;
  const { db, attempt, close } = await openSnapshot(pool, { idle: 10_000 });
  const count = async () => (await db.query<{ count: string }>('select count(*) from organizations')).rows[0]?.count;
  const limit = async () => (await db.query<{ statement_timeout: string }>('show statement_timeout')).rows[0]?.statement_timeout;
  try {
    const [before, usual] = [await count(), await limit()];
    await server.client.request('POST', '/api/v1/organizations', { display_name: 'Meanwhile' });
    expect(await attempt(50, () => db.query('select pg_sleep(5)'))).toBeUndefined();
    expect(await attempt(5_000, count)).toBe(before);
    expect([await count(), await limit()]).toEqual([before, usual]);
    await expect(attempt(5_000, () => db.query('select 1/0'))).rejects.toThrow('division by zero');
  } finally {
    await close();
  }
});
