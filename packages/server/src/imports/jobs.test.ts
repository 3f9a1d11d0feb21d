import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildApp } from '../app.ts';
import { testSettings, useTestServer } from '../testing.ts';
import { ended, ndjson, upload, uploadWithoutEnd } from './testing.ts';

/** The work of this server is begun by the tests. */
const server = useTestServer({ imports: { lease: 600 } });
const send = async (rows: readonly object[], query = '') => Object((await upload(server, server.client, rows, query)).body).import;
const users = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ kind: 'user', email: `${name}${index}@jobs.example`, external_id: `${name}-${index}` }));

/** Rows about one organization. */
const organizations = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ kind: 'organization', external_id: name, display_name: `${name} ${index}` }));

/** Makes each change of an organization take a tenth of a second, as a database that is far away or busy does. */
async function slowDown(name: string): Promise<void> {
  await server.database.pool.query(
    `create function take_time_${name}() returns trigger language plpgsql as 'begin perform pg_sleep(0.1); return new; end';
     create trigger take_time_${name} before insert or update on organizations for each row when (new.external_id = '${name}')
       execute function take_time_${name}()`,
  );
}

async function count(sql: string, values: unknown[]): Promise<number> {
  const { rows } = await server.database.pool.query(`select count(*)::int as count from ${sql}`, values);
  return rows[0].count;
}
const usersOf = (name: string) => count('users where external_id like $1', [`${name}-%`]);
const eventsOf = (name: string) => count("events where record_kind = 'user' and external_id like $1", [`${name}-%`]);

const others: Awaited<ReturnType<typeof buildApp>>[] = [];
afterAll(async () => {
  for (const other of others) await other.stopWork();
});

test('an import that waits can be canceled, and then nothing is done', async () => {
  const { id, state } = await send(users('wait', 3));
  expect(state).toBe('QUEUED');
  const canceled = await server.client.request('POST', `/api/v1/imports/${id}:cancel`);
  expect([canceled.status, Object(canceled.body).import.state]).toEqual([200, 'CANCELED']);
  expect((await server.client.request('POST', `/api/v1/imports/${id}:cancel`)).status).toBe(200);
});

test('an import goes on after the last batch that was committed, when the lease of its worker is over and not before', async () => {
  const { id } = await send(users('resume', 1500));
  const [, environmentId] = Object((await server.client.request('GET', `/api/v1/imports/${id}`)).body).import.environment_id.split('_');
  // What a worker leaves that was killed after its first batch.
  await server.database.pool.query(
    `update imports set state = 'RUNNING', holder = 'killed', lease_until = now() + interval '1.5 seconds', rows_done = 1000, last_line = 1000,
       counts = '{"user":{"created":1000}}' where environment_id = $1 and id = $2`,
    [environmentId, id.slice(4)],
  );
  server.startWork();
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await usersOf('resume')).toBe(0);
  expect(await ended(server.client, id)).toMatchObject({ state: 'DONE', rows_done: 1500, counts: { user: { created: 1500 } } });
  expect(await usersOf('resume')).toBe(500);
});

test('several servers share the imports, and each row is done once', async () => {
  for (const _ of [1, 2]) {
    const other = await buildApp({ ...testSettings, pool: server.database.pool, imports: { lease: 600 } });
    others.push(other);
    other.startWork();
  }
  const names = ['s1', 's2', 's3', 's4'];
  const made = await Promise.all(names.map((name) => send(users(name, 2500))));
  for (const { id } of made)
    expect(await ended(server.client, id)).toMatchObject({ state: 'DONE', counts: { user: { created: 2500, unchanged: 0 } } });
  for (const name of names) expect([await usersOf(name), await eventsOf(name)]).toEqual([2500, 2500]);
});

test.each(['', '?atomic=true'])(
  'an import whose batch takes longer than the lease is done once, by the server that has it (%s)',
  async (query) => {
    const name = `slow${query.slice(1, 7)}`;
    await slowDown(name);
    // One record, so that each row is a statement of its own: 1.5 seconds, and a lease of 0.6 for three servers.
    const { id } = await send(organizations(name, 15), query);
    expect(await ended(server.client, id)).toMatchObject({ state: 'DONE', counts: { organization: { created: 1, updated: 14 } } });
    expect(await count('events where external_id = $1', [name])).toBe(15);
  },
);

test('a worker that has lost an import of one transaction leaves what another noted of its rows', async () => {
  const name = 'lost';
  await slowDown(name);
  const { id } = await send(organizations(name, 15), '?atomic=true');
  const noted = { kind: 'organization', outcome: 'updated', record_id: '4711', record_version: '7' };
  const outcomes = async () =>
    (
      await server.database.pool.query('select kind, outcome, record_id, record_version from import_outcomes where import_id = $1', [
        id.slice(4),
      ])
    ).rows;
  const isRunning = async () => {
    const { body } = await server.client.request('GET', `/api/v1/imports/${id}`);
    expect(Object(body).import.state).toBe('RUNNING');
  };
  await vi.waitFor(isRunning, { timeout: 20_000 });
  // Long after what the worker does first, which is to forget what became of the rows before.
  await new Promise((resolve) => setTimeout(resolve, 700));
  await server.database.pool.query("update imports set holder = 'another', lease_until = now() + interval '3 seconds' where id = $1", [
    id.slice(4),
  ]);
  await server.database.pool.query(
    `insert into import_outcomes (environment_id, import_id, line, kind, outcome, record_id, record_version)
     select $1, $2, n, $3, $4, $5, $6 from generate_series(1, 15) n`,
    [server.client.environmentId, id.slice(4), ...Object.values(noted)],
  );
  await new Promise((resolve) => setTimeout(resolve, 1800));
  expect(await outcomes()).toEqual(Array.from({ length: 15 }, () => noted));
  expect(await ended(server.client, id)).toMatchObject({ state: 'DONE', counts: { organization: { created: 1, updated: 14 } } });
  expect(await count('events where external_id = $1', [name])).toBe(15);
});

test('the same rows in two imports at once make one record each', async () => {
  const made = await Promise.all([send(users('race', 3000)), send(users('race', 3000).reverse())]);
  const done = await Promise.all(made.map(({ id }) => ended(server.client, id)));
  const sum = (of: 'created' | 'unchanged' | 'conflicts') => done.reduce((total, { counts }) => total + counts.user[of], 0);
  expect([sum('created'), sum('unchanged'), sum('conflicts')]).toEqual([3000, 3000, 0]);
  expect([await usersOf('race'), await eventsOf('race')]).toEqual([3000, 3000]);
});

test('an import under way can be canceled: the batches before stay, no other follows', async () => {
  const { id } = await send(users('stop', 15_000));
  for (;;) {
    const { body } = await server.client.request('GET', `/api/v1/imports/${id}`);
    if (Object(body).import.rows_done > 0) break;
  }
  await server.client.request('POST', `/api/v1/imports/${id}:cancel`);
  const { state, rows_done: done } = await ended(server.client, id);
  expect([state, done % 1000]).toEqual(['CANCELED', 0]);
  expect(done).toBeLessThan(15_000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await usersOf('stop')).toBe(done);
});

test('an organization that is deleted under way costs its memberships and nothing else', async () => {
  const { body } = await server.client.request('POST', '/api/v1/organizations', { display_name: 'Gone', external_id: 'GONE' });
  const rows = users('gone', 3000).flatMap((row) => [
    row,
    { kind: 'membership', organization: { external_id: 'GONE' }, user: { external_id: row.external_id } },
  ]);
  const { id } = await send(rows);
  await server.client.request('DELETE', `/api/v1/organizations/${Object(body).organization.id}`);
  const done = await ended(server.client, id);
  expect(done).toMatchObject({ state: 'DONE', rows_done: 6000, counts: { user: { created: 3000 } } });
  expect(done.counts.membership.created + done.counts.membership.invalid).toBe(3000);
  expect(await count('memberships m join users u on u.id = m.user_id where u.external_id like $1', ['gone-%'])).toBe(0);
});

describe('an upload of many rows that did not come whole', () => {
  const rows = 12_000;
  const staged = (id: string) => count('import_rows where import_id = $1', [id]);
  const outcomes = (id: string) => count('import_outcomes where import_id = $1', [id]);
  beforeAll(async () => {
    // A statement that deletes much takes longer than it may; here 5,000 rows are much.
    await server.database.pool.query(
      `create function limit_time() returns trigger language plpgsql as
         'begin if (select count(*) from gone) > 5000 then raise query_canceled using message = ''took too long''; end if; return null; end';
       create trigger limit_time after delete on import_rows referencing old table as gone for each statement execute function limit_time();
       create trigger limit_time after delete on import_outcomes referencing old table as gone for each statement execute function limit_time()`,
    );
  });

  test('as its server was killed is removed, and no import waits for that', async () => {
    const id = '4711';
    for (const [table, columns, values] of [
      ['import_outcomes', 'outcome', "'invalid'"],
      ['import_rows', 'source, size, unreadable', "'{', 1, true"],
    ]) {
      await server.database.pool.query(
        `insert into ${table} (environment_id, import_id, line, ${columns}) select $1, $2, n, ${values} from generate_series(1, $3::int) n`,
        [server.client.environmentId, id, rows],
      );
    }
    await server.database.pool.query(
      `insert into imports (environment_id, id, state, format, options, request_id, holder, lease_until, rows_total)
       values ($1, $2, 'RECEIVING', 'ndjson', '{}', 'r', 'killed', now() - interval '1 second', $3)`,
      [server.client.environmentId, id, rows],
    );
    const { id: other } = await send(users('beside', 3));
    expect(await ended(server.client, other)).toMatchObject({ state: 'DONE' });
    expect(await ended(server.client, `imp_${id}`)).toMatchObject({
      state: 'FAILED',
      rows_total: 0,
      error: { error_code: 'MALFORMED_REQUEST' },
    });
    await vi.waitFor(async () => expect([await staged(id), await outcomes(id)]).toEqual([0, 0]), { timeout: 20_000 });
  });

  test('as its client went away has failed at once, and is removed', async () => {
    const abort = new AbortController();
    const sent = uploadWithoutEnd(server, server.client, ndjson(users('gone-away', rows + 1)), abort.signal);
    sent.catch(() => {});
    const newest = async () => Object((await server.client.request('GET', '/api/v1/imports?page_size=1')).body).imports[0];
    await vi.waitFor(async () => expect(await newest()).toMatchObject({ state: 'RECEIVING', rows_total: rows }), { timeout: 20_000 });
    const { id } = await newest();
    abort.abort();
    expect(await ended(server.client, id)).toMatchObject({ state: 'FAILED', rows_total: 0, error: { error_code: 'MALFORMED_REQUEST' } });
    await vi.waitFor(async () => expect(await staged(id.slice(4))).toBe(0), { timeout: 20_000 });
  });
});

test('what an import leaves is removed 30 days after its end', async () => {
  const { id } = await send(users('old', 2));
  await ended(server.client, id);
  await server.purge();
  expect((await server.client.request('GET', `/api/v1/imports/${id}`)).status).toBe(200);
  await server.database.pool.query("update imports set finish_time = now() - interval '31 days' where finish_time is not null");
  await server.purge();
  expect((await server.client.request('GET', `/api/v1/imports/${id}`)).status).toBe(404);
  expect(await count('import_rows', [])).toBe(0);
  expect(await count('import_outcomes', [])).toBe(0);
});

test('rows that take the database too long are put in and undone by fewer at once; one that does alone ends its import, and says so', async () => {
  // A statement that writes many takes longer than it may; here ten are many, and what is called `endless` by itself.
  await server.database.pool.query(
    `create function limit_users() returns trigger language plpgsql as
       'begin if (select count(*) > 10 or bool_or(external_id like ''endless%'') from named where external_id ~ ''^(dear|endless)'')
          then raise query_canceled using message = ''took too long''; end if; return null; end';
     create trigger limit_users after insert on users referencing new table as named for each statement execute function limit_users();
     create trigger limit_undone_users after delete on users referencing old table as named for each statement execute function limit_users()`,
  );
  const { id } = await send(users('dear', 60));
  expect(await ended(server.client, id)).toMatchObject({ state: 'DONE', counts: { user: { created: 60 } } });
  expect(await eventsOf('dear')).toBe(60);
  await server.client.request('POST', `/api/v1/imports/${id}:undo`);
  await vi.waitFor(async () => expect(await usersOf('dear')).toBe(0), { timeout: 20_000 });
  const rows = [...users('before', 2), ...users('endless', 1), ...users('behind', 2)];
  const failed = await ended(server.client, (await send(rows)).id);
  expect(failed).toMatchObject({ state: 'FAILED', rows_done: 2, error: { error_code: 'QUERY_TOO_SLOW' } });
  expect(failed.error?.message).toContain('beyond line 2');
  // The next one has batches that grow again.
  expect(await ended(server.client, (await send(users('after', 40))).id)).toMatchObject({ state: 'DONE' });
});
