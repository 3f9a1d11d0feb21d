import { describe, expect, inject, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/organizations';
/** How many writers meet at one record: a thousand in `npm run test:long`, where each waits for those before it. */
const size = inject('long') ? 1000 : 250;
const many = Array.from({ length: size }, (_, index) => index);

const count = async (sql: string, values: unknown[] = []) =>
  Number((await server.database.pool.query(`select count(*) as count from ${sql}`, values)).rows[0].count);
const tally = (statuses: number[]) =>
  Object.fromEntries([...new Set(statuses)].sort().map((status) => [status, statuses.filter((one) => one === status).length]));

describe(`${size} at once`, { timeout: 120_000 }, () => {
  test('creates of one external ID make one organization; the others learn who has it', async () => {
    const answers = await Promise.all(
      many.map((index) => request('POST', path, { display_name: `Racer ${index}`, external_id: 'RACE-CREATE' })),
    );
    expect(tally(answers.map(({ status }) => status))).toEqual({ 201: 1, 409: size - 1 });
    const winner = Object(answers.find(({ status }) => status === 201)?.body).organization.id;
    const holders = new Set(answers.filter(({ status }) => status === 409).map(({ body }) => Object(body).details[0].resource_info.id));
    expect([...holders]).toEqual([winner]);
    expect(await count("organizations where external_id = 'RACE-CREATE'")).toBe(1);
    expect(await count("events where external_id = 'RACE-CREATE'")).toBe(1);
  });

  test('upserts of one external ID make one organization and lose no change', async () => {
    const url = `${path}:external/RACE-UPSERT?system=crm`;
    const answers = await Promise.all(
      many.map((index) => request('PUT', url, { display_name: 'Racer', metadata: { [`group${index % 10}`]: { [`key${index}`]: index } } })),
    );
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: size - 1, 201: 1 });
    expect(answers.filter(({ body }) => Object(body).created === true)).toHaveLength(1);
    const { body } = await request('GET', url);
    const { metadata, version } = Object(body).organization;
    expect(
      Object.values(metadata)
        .flatMap((group) => Object.values(Object(group)))
        .sort((a, b) => Number(a) - Number(b)),
    ).toEqual(many);
    expect(version).toBe(size);
  });

  test('upserts of users by employee number make one user', async () => {
    const answers = await Promise.all(many.map(() => request('PUT', '/api/v1/users:external/RACE-EMP', { email: 'race@example.com' })));
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: size - 1, 201: 1 });
    expect(await count("users where email_key = 'race@example.com'")).toBe(1);
  });

  test('metadata patches of different keys keep all of them, each with its version and event', async () => {
    const { body: made } = await request('POST', path, { display_name: 'Patched' });
    const url = `${path}/${Object(made).organization.id}`;
    const answers = await Promise.all(
      many.map((index) => request('PATCH', url, { metadata: { [`top${index % 100}`]: { [`key${index}`]: index } } })),
    );
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: size });
    const { metadata, version } = Object((await request('GET', url)).body).organization;
    expect(
      Object.values(metadata)
        .flatMap((group) => Object.values(Object(group)))
        .sort((a, b) => Number(a) - Number(b)),
    ).toEqual(many);
    expect(version).toBe(size + 1);
    expect(new Set(answers.map(({ body }) => Object(body).organization.version)).size).toBe(size);
    expect(await count('events where record_id = $1', [Object(made).organization.id.slice(4)])).toBe(size + 1);
  });
});

test('of a hundred If-Match updates of one version one succeeds', async () => {
  const { body } = await request('POST', path, { display_name: 'Guarded' });
  const answers = await Promise.all(
    many
      .slice(0, 100)
      .map((index) => request('PATCH', `${path}/${Object(body).organization.id}`, { display_name: `G${index}` }, { 'if-match': '"1"' })),
  );
  expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 412: 99 });
});

test('records that take each other’s external IDs at once end in a state where each ID has one holder', async () => {
  const ids = await Promise.all(
    ['X', 'Y', 'Z'].map(async (name) => {
      const { body } = await request('POST', path, { display_name: name, external_id: `RING-${name}` });
      return String(Object(body).organization.id);
    }),
  );
  const names = ['RING-X', 'RING-Y', 'RING-Z', 'RING-FREE'];
  const answers = await Promise.all(
    many.slice(0, 120).map((index) => request('PATCH', `${path}/${ids[index % 3]}`, { external_id: names[(index * 7) % 4] })),
  );
  expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
  const { rows } = await server.database.pool.query(
    "select value, record_id from external_ids where value like 'RING-%' and alias_expire_time is null",
  );
  const held = await server.database.pool.query(
    'select external_id as value, id as record_id from organizations where id = any($1::bigint[]) order by 1',
    [ids.map((id) => id.slice(4))],
  );
  expect(rows.sort((a, b) => (a.value < b.value ? -1 : 1))).toEqual(held.rows);
  expect(held.rows).toHaveLength(3);
});

test('a page walk sees every record that was there throughout exactly once, while others come and go (P9)', async () => {
  const client = await server.addEnvironment('walk');
  const make = async (name: string) => String(Object((await client.request('POST', path, { display_name: name })).body).organization.id);
  const stable = new Set(await Promise.all(many.slice(0, 200).map((index) => make(`S${index}`))));
  let walking = true;
  const churn = (async () => {
    for (let round = 0; walking; round += 1) {
      const id = await make(`T${round}`);
      if (round % 2 === 0) await client.request('DELETE', `${path}/${id}`);
    }
  })();
  const seen: string[] = [];
  for (let token = ''; ; ) {
    const { body } = await client.request('GET', `${path}?page_size=7&page_token=${token}`);
    seen.push(...Object(body).organizations.map((organization: { id: string }) => organization.id));
    token = Object(body).next_page_token;
    if (token === '') break;
  }
  walking = false;
  await churn;
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((id) => stable.has(id))).toHaveLength(stable.size);
});
