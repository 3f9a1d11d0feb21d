import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openPool, unlimited } from '../database/connection.ts';
import { plansDuring } from '../database/testing.ts';
import { IdGenerator } from '../lib/id.ts';
import { connectTo, type TestClient, tagOf, useTestServer } from '../testing.ts';
import { MetadataIndexWorker } from './metadata-index-worker.ts';

const server = useTestServer();
const collection = '/api/v1/metadata_indexes';
const size = 20_000;

/** Longer than what an index has of a text; only what follows differs. */
const long = 'x'.repeat(300);

beforeAll(async () => {
  // Most have an amount; some are of other types or have none.
  await server.database.pool.query(
    `insert into organizations (environment_id, id, display_name, metadata)
     select $1, 1000000 + n, 'Customer ' || n, case n % 10
       when 0 then jsonb_build_object('amount', n::text) when 1 then '{}' when 2 then '{"amount": [7]}' when 3 then '{"amount": true}'
       else jsonb_build_object('amount', n, 'a b', jsonb_build_object('c', 'code-' || n)) end
     from generate_series(1, ${size}) n`,
    [server.client.environmentId],
  );
  await server.database.pool.query(
    `insert into organizations (environment_id, id, display_name, metadata)
     select $1, 2000000 + n, 'Long ' || n, jsonb_build_object('a b', jsonb_build_object('c', '${long}' || n)) from generate_series(1, 5) n`,
    [server.client.environmentId],
  );
  await server.database.pool.query('analyze organizations');
  server.startWork();
});

function request(method: string, id: string, body?: unknown, headers?: Record<string, string>) {
  return server.client.request(method, `${collection}${id === '' ? '' : `/${id}`}`, body, headers);
}

async function create(key: string, type: 'number' | 'text', kind = 'organization'): Promise<string> {
  const { status, body } = await request('POST', '', { kind, key, type });
  expect([key, status]).toEqual([key, 201]);
  return Object(body).metadata_index.id;
}

async function stateOf(id: string): Promise<string> {
  return Object((await request('GET', id)).body).metadata_index.state;
}

function becomes(id: string, state: string): Promise<void> {
  return vi.waitFor(async () => expect(await stateOf(id)).toBe(state), { timeout: 60_000, interval: 50 });
}

/** The indexes and statistics of a database ID that the database has. */
async function builtOf(id: string): Promise<string[]> {
  const { rows } = await server.database.pool.query<{ name: string }>(
    `select 'index ' || case when i.indisvalid then 'valid' else 'broken' end as name
     from pg_class c join pg_index i on i.indexrelid = c.oid where c.relname = $1
     union all select 'statistics' from pg_statistic_ext where stxname = $1 order by name`,
    [`metadata_index_${id.replace('midx_', '')}`],
  );
  return rows.map(({ name }) => name);
}

/** Waits until a statement that begins so waits for a lock. */
function waitsForLock(beginning: string): Promise<void> {
  return vi.waitFor(
    async () => {
      const { rows } = await server.database.pool.query(
        `select from pg_stat_activity where datname = current_database() and starts_with(query, $1) and wait_event_type = 'Lock'`,
        [beginning],
      );
      expect(rows).toHaveLength(1);
    },
    { timeout: 60_000, interval: 50 },
  );
}

async function find(filter: string, client: TestClient = server.client): Promise<{ total: number; names: string[]; plans: string[] }> {
  const { result, plans } = await plansDuring(server.database.pool, () =>
    client.request('GET', `/api/v1/organizations?page_size=100&filter=${encodeURIComponent(filter)}`),
  );
  expect([filter, result.status]).toEqual([filter, 200]);
  const { organizations, total_size: total } = Object(result.body);
  return { total, names: organizations.map(({ display_name: name }: { display_name: string }) => name), plans };
}

const comparisons: ['number' | 'text', string][] = [
  ['number', 'metadata.amount <= 50'],
  ['number', 'metadata.amount < 50.5'],
  ['number', `metadata.amount >= ${size - 20}`],
  ['number', `metadata.amount > ${size - 20} AND metadata.amount < ${size - 3}`],
  ['number', `metadata.amount < 10 OR metadata.amount > ${size - 10}`],
  ['text', 'metadata["a b"].c <= "code-1005"'],
  ['text', 'metadata["a b"].c >= "code-9998"'],
  ['text', 'metadata["a b"].c ^= "code-999"'],
  ['text', `metadata["a b"].c > "${long}2"`],
  ['text', `metadata["a b"].c <= "${long}2" AND metadata["a b"].c >= "x"`],
  ['text', `metadata["a b"].c ^= "${long}4"`],
];

test('comparisons of a key find the same records by its index as by reading all, and only the few that they want', async () => {
  const before: Awaited<ReturnType<typeof find>>[] = [];
  for (const [, filter] of comparisons) before.push(await find(filter));
  const negated = await find('NOT metadata.amount > 100');
  const ids = { number: await create('metadata.amount', 'number'), text: await create('metadata["a b"].c', 'text') };
  for (const id of Object.values(ids)) await becomes(id, 'READY');
  for (const [index, [type, filter]] of comparisons.entries()) {
    const { total, names, plans } = await find(filter);
    expect([filter, total, names]).toEqual([filter, before[index]?.total, before[index]?.names]);
    expect(total).toBeGreaterThan(0);
    expect(plans.join('\n')).toContain(`metadata_index_${ids[type].replace('midx_', '')}`);
    expect(plans.join('\n')).not.toContain('Seq Scan on organizations');
  }
  // What is negated, and what has another type, is not in the index.
  expect(await find('NOT metadata.amount > 100')).toMatchObject({ total: negated.total, names: negated.names });
  expect((await find('metadata.amount >= "1"')).total).toBe(size / 10);
});

test('an index is asked for, listed, changed into a ready one and deleted; each change has its event, and what was built goes', async () => {
  const id = await create('metadata . plan', 'text', 'user');
  await becomes(id, 'READY');
  const shown = await request('GET', id);
  expect([shown.headers.get('etag'), shown.body]).toMatchObject([
    tagOf(2),
    { metadata_index: { kind: 'user', key: 'metadata.plan', type: 'text', state: 'READY', error: null, version: 2 } },
  ]);
  expect(Object((await request('GET', '')).body).metadata_indexes[0]).toEqual(Object(shown.body).metadata_index);
  expect(await builtOf(id)).toEqual(['index valid', 'statistics']);

  expect((await request('DELETE', id, undefined, { 'if-match': '"1"' })).status).toBe(412);
  expect((await request('DELETE', id)).status).toBe(204);
  expect((await request('DELETE', id)).status).toBe(404);
  await vi.waitFor(async () => expect(await builtOf(id)).toEqual([]), { timeout: 60_000, interval: 50 });
  const { events } = Object((await server.client.request('GET', '/api/v1/events?types=metadata_index&limit=100')).body);
  const own = events.filter(({ record_id: record }: { record_id: string }) => record === id);
  expect(own.map(({ type, actor, changed }: Record<string, unknown>) => [type, Object(actor).type, Object(changed).state])).toEqual([
    ['metadata_index.created', 'client', [null, 'BUILDING']],
    ['metadata_index.updated', 'system', ['BUILDING', 'READY']],
    ['metadata_index.deleted', 'client', ['READY', null]],
  ]);
});

test('an index of one environment neither has records of another nor finds any for it', async () => {
  const other = await server.addEnvironment('other');
  await other.request('POST', '/api/v1/organizations', { display_name: 'Theirs', metadata: { amount: 1 } });
  expect(await find('metadata.amount <= 1', other)).toMatchObject({ total: 1, names: ['Theirs'] });
  expect(Object((await other.request('GET', collection)).body).metadata_indexes).toEqual([]);
  const { rows } = await server.database.pool.query<{ environments: number }>(
    `select count(*) as environments from pg_indexes where indexname like 'metadata\\_index\\_%' and indexdef like $1`,
    [`%environment_id = '${other.environmentId}'%`],
  );
  expect(Number(rows[0]?.environments)).toBe(0);
});

test('of many who ask for one index at once one gets it, and the others are told which', async () => {
  const body = { kind: 'organization', key: 'metadata.raced', type: 'number' };
  const answers = await Promise.all(Array.from({ length: 8 }, () => request('POST', '', body)));
  const [made] = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 409);
  expect([made === undefined, refused.length]).toEqual([false, 7]);
  const { id } = Object(made?.body).metadata_index;
  for (const { body: answer } of refused)
    expect(Object(answer).details[0]).toMatchObject({ error_code: 'METADATA_INDEX_EXISTS', resource_info: { id } });
  const key = { 'idempotency-key': 'one-index' };
  const repeated = { ...body, key: 'metadata.repeated' };
  expect([(await request('POST', '', repeated, key)).text, (await request('POST', '', repeated, key)).status]).toEqual([
    (await request('POST', '', repeated, key)).text,
    201,
  ]);
});

test.each([
  'seats',
  'metadata',
  'metadata.a = 1',
  'NOT metadata.a',
  'metadata.a OR metadata.b',
  '(metadata.a',
  'metadata[a]',
  'metadata."a"',
  'external_ids.stripe',
])('%j is refused as a key: 400 names the field', async (key) => {
  const { status, body } = await request('POST', '', { kind: 'organization', key, type: 'number' });
  expect([status, Object(body).details[0].validation_error_info.field_violations[0].field]).toEqual([400, 'key']);
});

test('a key with any character is a key, and stays one', async () => {
  const key = `metadata[${JSON.stringify('it\'s "a\\b"; drop table organizations; --')}].ü`;
  const id = await create(key, 'number');
  await becomes(id, 'READY');
  expect(Object((await request('GET', id)).body).metadata_index.key).toBe(key);
});

test('an index whose building was cut off is built anew', async () => {
  const { pool } = server.database;
  const id = new IdGenerator(7).next();
  // A unique index of what is not unique: its building fails when it is there already.
  await expect(
    pool.query(`create unique index concurrently metadata_index_${id} on organizations ((environment_id + 0))`),
  ).rejects.toMatchObject({ code: '23505' });
  expect(await builtOf(id)).toEqual(['index broken']);
  await pool.query(
    `insert into metadata_indexes (environment_id, id, kind, path, type) values ($1, $2, 'organization', '{cut}', 'number')`,
    [server.client.environmentId, id],
  );
  const waking = await create('metadata.waking', 'number');
  await becomes(`midx_${id}`, 'READY');
  expect(await builtOf(id)).toEqual(['index valid', 'statistics']);
  await becomes(waking, 'READY');
});

test('an index that the database has lost is built again, and stays ready', async () => {
  const id = await create('metadata.lost', 'number');
  await becomes(id, 'READY');
  await server.database.pool.query(`drop index metadata_index_${id.replace('midx_', '')}`);
  await becomes(await create('metadata.another', 'number'), 'READY');
  await vi.waitFor(async () => expect(await builtOf(id)).toEqual(['index valid', 'statistics']), { timeout: 60_000, interval: 50 });
  expect(Object((await request('GET', id)).body).metadata_index).toMatchObject({ state: 'READY', version: 2 });
});

test('what the database refuses to build is FAILED with its reason, and leaves nothing behind', async () => {
  const admin = await connectTo(server.database.connection);
  await admin.query(`create function refuse() returns event_trigger language plpgsql as $$ begin raise exception 'no index today'; end $$;
    create event trigger refusal on ddl_command_start when tag in ('CREATE INDEX') execute function refuse()`);
  try {
    const id = await create('metadata.refused', 'number');
    await becomes(id, 'FAILED');
    expect(Object((await request('GET', id)).body).metadata_index.error).toContain('no index today');
    expect(await builtOf(id)).toEqual([]);
  } finally {
    await admin.query('drop event trigger refusal; drop function refuse()');
    await admin.end();
  }
});

test('a worker that stops gives up what it builds; one that starts builds it', async () => {
  const { pool } = server.database;
  const { environmentId } = server.client;
  const blocker = await connectTo(server.database.connection);
  // A writer that has not committed: the building waits for it.
  await blocker.query(`begin; update organizations set region_code = 'EU' where id = 1000001`);
  const id = await create('metadata.blocked', 'number');
  await waitsForLock('create index');
  await server.stopWork();
  expect([await stateOf(id), await builtOf(id)]).toEqual(['BUILDING', ['index broken']]);
  await blocker.query('rollback');
  await blocker.end();

  // Two that begin at once, as servers do: each looks, and the index is made once.
  const buildPool = openPool(server.database.connection, unlimited);
  const options = { pool, buildPool, ids: new IdGenerator(8), onError: () => {} };
  const workers = [new MetadataIndexWorker(options), new MetadataIndexWorker(options)];
  for (const worker of workers) worker.start();
  await becomes(id, 'READY');
  await Promise.all(workers.map((worker) => worker.stop()));
  expect(await builtOf(id)).toEqual(['index valid', 'statistics']);
  await expectDropGivenUp(id, options);
  await buildPool.end();
  const { rows } = await pool.query(`select from events where environment_id = $1 and record_id = $2 and type = 'metadata_index.updated'`, [
    environmentId,
    id.replace('midx_', ''),
  ]);
  expect(rows).toHaveLength(1);
});

/** Deletes an index whose drop waits for a writer, and stops the worker that does it. */
async function expectDropGivenUp(id: string, options: ConstructorParameters<typeof MetadataIndexWorker>[0]): Promise<void> {
  const blocker = await connectTo(server.database.connection);
  await blocker.query(`begin; update organizations set region_code = 'EU' where id = 1000001`);
  expect((await request('DELETE', id)).status).toBe(204);
  const worker = new MetadataIndexWorker(options);
  worker.start();
  await waitsForLock('drop index');
  await worker.stop();
  await blocker.query('rollback');
  await blocker.end();
  const next = new MetadataIndexWorker(options);
  next.start();
  await vi.waitFor(async () => expect(await builtOf(id)).toEqual([]), { timeout: 60_000, interval: 50 });
  await next.stop();
}

test('of servers that begin at once one builds and the others leave it alone, until it is gone', async () => {
  // No worker runs any more: these are alone.
  const { pool, connection } = server.database;
  const buildPool = openPool(connection, unlimited);
  const errors: unknown[] = [];
  const workers = [5, 6, 7].map(
    (number) => new MetadataIndexWorker({ pool, buildPool, ids: new IdGenerator(number), onError: (error) => errors.push(error) }),
  );
  const blocker = await connectTo(connection);
  await blocker.query(`begin; update organizations set region_code = 'EU' where id = 1000001`);
  try {
    const id = await create('metadata.shared', 'number');
    for (const worker of workers) worker.start();
    await waitsForLock('create index');
    // The one that had its turn goes; what it began is cut off.
    await pool.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = 0 and objid = 7165067
         and database = (select oid from pg_database where datname = current_database())`,
    );
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'create index%' and state = 'active'`,
    );
    await vi.waitFor(() => expect(errors).toHaveLength(1), { timeout: 60_000, interval: 50 });
    for (const worker of workers) worker.wake();
    await waitsForLock('drop index');
    await blocker.query('rollback');
    await becomes(id, 'READY');
    expect(await builtOf(id)).toEqual(['index valid', 'statistics']);
    expect(errors).toHaveLength(1);
  } finally {
    await blocker.end();
    await Promise.all(workers.map((worker) => worker.stop()));
    await buildPool.end();
  }
});

test('there is room for 20 indexes', async () => {
  await server.database.pool.query(
    `insert into metadata_indexes (environment_id, id, kind, path, type, state)
     select $1, n, 'user', array['filled' || n], 'text', 'FAILED'
     from generate_series(1, 20 - (select count(*) from metadata_indexes where environment_id = $1)) n`,
    [server.client.environmentId],
  );
  const { status, body } = await request('POST', '', { kind: 'user', key: 'metadata.more', type: 'text' });
  expect([status, Object(body).details[0].error_code]).toEqual([400, 'TOO_MANY_METADATA_INDEXES']);
});

afterAll(() => server.stopWork());
