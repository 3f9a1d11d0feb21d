import { expect, test } from 'vitest';
import { startAnotherServer, useTestServer } from '../testing.ts';
import { openPool } from './connection.ts';

const server = useTestServer();
const organizations = '/api/v1/organizations';

async function list(query = '') {
  const { status, body } = await server.client.request('GET', `${organizations}${query}`);
  expect(status).toBe(200);
  return Object(body);
}

test('a whole list is counted, and no longer when the figures of its environment are twice what is counted', async () => {
  for (const n of [1, 2, 3]) await server.client.request('POST', organizations, { display_name: `Organization ${n}`, metadata: { n } });
  // The figures have what has a place in the feed, which asking for them gives.
  await server.client.request('GET', '/api/v1/overview');
  const figure = (count: number) =>
    server.database.pool.query(
      `insert into record_counts (environment_id, kind, count) values ($1, 'organization', $2)
       on conflict on constraint record_counts_pkey do update set count = excluded.count`,
      [server.client.environmentId, count],
    );
  await figure(19_999);
  expect(await list()).toMatchObject({ total_size: 3, total_size_is_floor: false });
  await figure(20_000);
  const first = await list('?page_size=1');
  expect(first).toMatchObject({ total_size: 10_000, total_size_is_floor: true, organizations: [{ metadata: { n: 3 } }] });
  expect(await list(`?page_size=1&page_token=${first.next_page_token}`)).toMatchObject({ organizations: [{ metadata: { n: 2 } }] });
  // The figure is of all, and tells nothing of those that a filter is for.
  expect(await list(`?filter=${encodeURIComponent('metadata.n = 2')}`)).toMatchObject({ total_size: 1, total_size_is_floor: false });
  await figure(3);
});

test('a list that is asked for often keeps its plan, unless one plan may not be right for all that it is asked for', async () => {
  const pool = openPool(server.database.connection, { size: 1 });
  const { port, close } = await startAnotherServer(server, { pool });
  const ask = async (filter: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${organizations}?filter=${encodeURIComponent(filter)}`, {
      headers: { authorization: `Bearer ${server.client.token}` },
    });
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ organizations: expect.any(Array) })]);
  };
  const kept = async () => (await pool.query("select statement from pg_prepared_statements where name like 'page-%'")).rows;
  for (let n = 0; n < 20; n += 1) await ask(`metadata.n > ${n}`);
  expect(await kept()).toEqual([]);
  for (let n = 0; n < 5; n += 1) await ask(`metadata.n = ${n}`);
  expect(await kept()).toEqual([]);
  for (let n = 5; n < 20; n += 1) await ask(`metadata.n = ${n}`);
  expect(await kept()).toEqual([{ statement: expect.stringContaining('metadata @> $2') }]);
  await close();
  await pool.end();
});
