import { expect, test } from 'vitest';
import { connectTo, useTestServer } from '../testing.ts';
import { countGrownTables } from './statistics.ts';

const server = useTestServer();

test('a table is counted when it has become twice as large, and not before', async () => {
  const { pool, connection } = server.database;
  const add = async (first: number, last: number, end: 'commit' | 'rollback') => {
    const fill = await connectTo(connection);
    await fill.query('begin');
    await fill.query(
      `insert into organizations (environment_id, id, display_name) select $1, 1000000 + n, 'Customer ' || n from generate_series(${first}, ${last}) n`,
      [server.client.environmentId],
    );
    // What others have not committed would not be seen.
    expect(await countGrownTables(pool)).toEqual([]);
    await fill.query(end);
    // It tells others what it has changed when it ends.
    await fill.end();
  };
  const counted = async () => {
    const { rows } = await pool.query<{ count: number }>(
      "select reltuples::integer as count from pg_class where oid = 'organizations'::regclass",
    );
    return rows[0]?.count;
  };
  await pool.query('alter table organizations set (autovacuum_enabled = off)');
  await add(1, 600, 'commit');
  await expect.poll(() => countGrownTables(pool)).toEqual(['organizations']);
  expect(await counted()).toBe(600);
  await add(601, 1100, 'commit');
  await add(1101, 3000, 'rollback');
  expect(await countGrownTables(pool)).toEqual([]);
  await add(1101, 1200, 'commit');
  await expect.poll(() => countGrownTables(pool)).toEqual(['organizations']);
  expect(await counted()).toBe(1200);
});
