import type { ReconcileAnswer, ReconcileRequest, TransferRow } from '@crosswalk/contract';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { quickest } from '../../../../test/quickest.ts';
import { type TestClient, useTestServer } from '../testing.ts';
import { readList } from './reconcile.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const ids: Record<string, string> = {};

async function organization(name: string, body: object = {}): Promise<void> {
  const answer = await request('POST', '/api/v1/organizations', { display_name: name, ...body });
  ids[name] = Object(answer.body).organization.id;
}

async function compare(body: ReconcileRequest, client: TestClient = server.client): Promise<ReconcileAnswer> {
  const answer = await client.request('POST', '/api/v1/reconcile', body);
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return Object(answer.body);
}

async function mend(body: ReconcileRequest): Promise<TransferRow[]> {
  const response = await fetch(`${server.url}/api/v1/reconcile?format=import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.client.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8']);
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** A list of customers of Stripe with a little of everything. */
const list: ReconcileRequest = {
  kind: 'organization',
  system: 'stripe',
  map: { plan: 'plan_type', quantity: 'seats', trial: 'trial' },
  items: [
    { id: 'cus_same', name: 'Same', fields: { plan: 'pro', quantity: 5, trial: null, ignored: 1 } },
    { id: 'cus_different', name: 'Renamed', fields: { plan: 'pro', quantity: '5', trial: true } },
    { id: 'cus_old', name: 'Moved' },
    { id: 'cus_new', name: 'brand new', domain: 'new.example', fields: { plan: 'free', trial: null } },
    { id: 'cus_domain', domain: 'Owned.example', fields: { quantity: 1 } },
    { id: 'cus_name', name: 'BY NAME' },
    { id: 'cus_unclear', name: 'twin' },
    { id: 'cus_linked_else', name: 'Linked Elsewhere' },
    { id: 'cus_twice_a' },
    { id: 'cus_twice_b' },
    { id: 'cus_again', name: 'Again' },
    { id: 'cus_again', name: 'Again, differently' },
    { id: ' cus_space' },
    { id: 'cus_bad_field', fields: { plan: 'x\u0000' } },
    { id: 'cus_bare' },
  ],
};

beforeAll(async () => {
  await organization('Same', { external_ids: { stripe: 'cus_same' }, metadata: { plan_type: 'pro', seats: 5, other: 1 } });
  await organization('Different', { external_ids: { stripe: 'cus_different' }, metadata: { plan_type: 'free', seats: 5 } });
  await organization('Moved', { external_ids: { stripe: 'cus_old' } });
  await request('PATCH', `/api/v1/organizations/${ids.Moved}`, { external_ids: { stripe: 'cus_current' } });
  await organization('Owner');
  await request('POST', `/api/v1/organizations/${ids.Owner}/domains`, { domain: 'owned.example' });
  await organization('By Name');
  await organization('Twin', { slug: 'a' });
  ids.OtherTwin = Object((await request('POST', '/api/v1/organizations', { display_name: 'TWIN' })).body).organization.id;
  await organization('Linked elsewhere', { external_ids: { stripe: 'cus_elsewhere' } });
  await organization('Twice', { external_ids: { stripe: 'cus_twice_a' } });
  await request('PATCH', `/api/v1/organizations/${ids.Twice}`, { external_ids: { stripe: 'cus_twice_b' } });
  await organization('Unlisted', { external_ids: { stripe: 'cus_unlisted' } });
  await organization('Other system', { external_ids: { crm: 'cus_bare' } });
});

describe('reconcile', () => {
  test('tells what is missing, twice, different, stale and what unlinked entries may mean', async () => {
    const answer = await compare(list);
    const { id: _id, ...others } = ids;
    const entry = (id: string) => ({ index: list.items.findIndex((item) => item.id === id), id });
    expect(answer).toEqual({
      kind: 'organization',
      system: 'stripe',
      counts: {
        items: 15,
        linked: 5,
        missing_here: 7,
        missing_there: 2,
        linked_twice: 2,
        different: 1,
        stale: 2,
        suggested: 4,
        invalid: 2,
        mend: { link: 2, set: 1, add: 1, left_out: 9 },
      },
      missing_here: ['cus_new', 'cus_domain', 'cus_name', 'cus_unclear', 'cus_linked_else', 'cus_again', 'cus_bare'].map(entry),
      missing_there: [
        { record_id: others['Linked elsewhere'], id: 'cus_elsewhere', display_name: 'Linked elsewhere' },
        { record_id: others.Unlisted, id: 'cus_unlisted', display_name: 'Unlisted' },
      ],
      linked_twice: [
        { record_id: others.Twice, entries: [entry('cus_twice_a'), entry('cus_twice_b')] },
        { record_id: null, entries: [entry('cus_again'), { index: 11, id: 'cus_again' }] },
      ],
      different: [
        {
          ...entry('cus_different'),
          record_id: others.Different,
          differences: {
            name: { here: 'Different', there: 'Renamed' },
            'metadata.plan_type': { here: 'free', there: 'pro' },
            'metadata.seats': { here: 5, there: '5' },
            'metadata.trial': { here: null, there: true },
          },
        },
      ],
      stale: [
        { ...entry('cus_old'), record_id: others.Moved, current_id: 'cus_current' },
        { ...entry('cus_twice_a'), record_id: others.Twice, current_id: 'cus_twice_b' },
      ],
      suggestions: [
        { ...entry('cus_domain'), candidates: [{ record_id: others.Owner, display_name: 'Owner', by: 'domain', linked_as: null }] },
        { ...entry('cus_name'), candidates: [{ record_id: others['By Name'], display_name: 'By Name', by: 'name', linked_as: null }] },
        {
          ...entry('cus_unclear'),
          candidates: [
            { record_id: others.Twin, display_name: 'Twin', by: 'name', linked_as: null },
            { record_id: others.OtherTwin, display_name: 'TWIN', by: 'name', linked_as: null },
          ],
        },
        {
          ...entry('cus_linked_else'),
          candidates: [{ record_id: others['Linked elsewhere'], display_name: 'Linked elsewhere', by: 'name', linked_as: 'cus_elsewhere' }],
        },
      ],
      invalid: [
        { ...entry(' cus_space'), reason: 'id: must not begin or end with white space' },
        { ...entry('cus_bad_field'), reason: expect.stringContaining('fields.plan_type: must not contain NUL') },
      ],
    });
  });

  test('format=import gives the rows that mend what is certain, and nothing that is not', async () => {
    expect(await mend(list)).toEqual([
      {
        kind: 'organization',
        id: ids.Different,
        display_name: 'Renamed',
        metadata: { plan_type: 'pro', seats: '5', trial: true },
      },
      { kind: 'organization', external_ids: { stripe: 'cus_new' }, metadata: { plan_type: 'free' }, display_name: 'brand new' },
      { kind: 'organization', id: ids.Owner, external_ids: { stripe: 'cus_domain' }, metadata: { seats: 1 } },
      { kind: 'organization', id: ids['By Name'], external_ids: { stripe: 'cus_name' } },
    ]);
  });

  test('users are compared by address and name, and suggested by address in any spelling', async () => {
    for (const [email, body] of [
      ['ann@example.com', { external_id: 'HR-1', user_profile: { name: 'Ann' } }],
      ['ben@example.com', { external_id: 'HR-2' }],
      ['Cid@Example.com', {}],
    ] as const)
      ids[email] = Object((await request('POST', '/api/v1/users', { email, ...body })).body).user.id;
    const users: ReconcileRequest = {
      kind: 'user',
      items: [
        { id: 'HR-1', email: 'ANN@example.com', name: 'Ann', fields: { desk: { floor: 3 } } },
        { id: 'HR-2', email: 'benjamin@example.com', name: 'Ben' },
        { id: 'HR-3', email: 'cid@example.com' },
        { id: 'HR-4', email: 'dan@example.com', name: 'Dan' },
        { id: 'HR-5', email: 'no address' },
      ],
    };
    const answer = await compare(users);
    expect(answer).toMatchObject({
      system: null,
      counts: { linked: 2, different: 2, suggested: 1, missing_here: 3, mend: { link: 1, set: 2, add: 1, left_out: 1 } },
      different: [
        { id: 'HR-1', differences: { 'metadata.desk': { here: null, there: { floor: 3 } } } },
        {
          id: 'HR-2',
          differences: { email: { here: 'ben@example.com', there: 'benjamin@example.com' }, name: { here: null, there: 'Ben' } },
        },
      ],
      suggestions: [{ id: 'HR-3', candidates: [{ record_id: ids['Cid@Example.com'], by: 'email', display_name: 'Cid@Example.com' }] }],
    });
    expect(await mend(users)).toEqual([
      { kind: 'user', id: ids['ann@example.com'], metadata: { desk: { floor: 3 } } },
      { kind: 'user', id: ids['ben@example.com'], email: 'benjamin@example.com', user_profile: { name: 'Ben' } },
      { kind: 'user', id: ids['Cid@Example.com'], external_id: 'HR-3' },
      { kind: 'user', external_id: 'HR-4', email: 'dan@example.com', user_profile: { name: 'Dan' } },
    ]);
  });

  test('changes nothing, and sees nothing of another environment', async () => {
    const { headers } = await fetch(`${server.url}/api/v1/export`, { headers: { authorization: `Bearer ${server.client.token}` } });
    const cursor = headers.get('crosswalk-events-cursor') ?? '';
    await compare(list);
    await mend(list);
    const { events } = Object((await request('GET', `/api/v1/events?after=${encodeURIComponent(cursor)}`)).body);
    expect(events).toEqual([]);
    const stranger = await server.addEnvironment('stranger');
    const { counts } = await compare(list, stranger);
    expect(counts).toMatchObject({ linked: 0, missing_there: 0, suggested: 0, missing_here: 12 });
  });

  test('an empty list is a list: everything is missing there', async () => {
    const { counts } = await compare({ kind: 'organization', system: 'stripe', items: [] });
    expect(counts).toMatchObject({ items: 0, missing_there: 6, missing_here: 0 });
  });

  test('100,000 entries are compared in one call; lists show 1,000 and counts all', async () => {
    const other = await server.addEnvironment('large');
    const [size, records] = [100_000, inject('long') ? 100_000 : 10_000];
    for (let from = 1; from <= records; from += 2_000) {
      await server.database.pool.query(
        `with made as (
           insert into organizations (environment_id, id, display_name, external_ids, metadata)
           select $1, 1000 + n, 'Organization ' || n, jsonb_build_object('crm', 'C-' || n), jsonb_build_object('n', n)
           from generate_series($2::integer, $2::integer + 1999) n returning id, external_ids)
         insert into external_ids (environment_id, kind, system, value, record_id)
         select $1, 'organization', 'crm', external_ids ->> 'crm', id from made`,
        [other.environmentId, from],
      );
    }
    const items = Array.from({ length: size }, (_, index) => {
      const n = index + 5_001;
      return { id: `C-${n}`, name: `Organization ${n}`, fields: { n: n % 2 === 0 ? n : 0 } };
    });
    const { counts, ...lists } = await compare({ kind: 'organization', system: 'crm', items }, other);
    const linked = records - 5_000;
    expect(counts).toMatchObject({
      items: size,
      linked,
      missing_here: size - linked,
      missing_there: 5_000,
      different: linked / 2,
      suggested: 0,
      mend: { set: linked / 2, add: size - linked },
    });
    for (const name of ['missing_here', 'missing_there', 'different'] as const) expect([name, lists[name].length]).toEqual([name, 1_000]);
  });

  test.each([
    [
      'a list that is too long',
      { kind: 'user', items: Array.from({ length: 100_001 }, () => ({ id: 'x' })) },
      'items: must have at most 100000 items',
    ],
    [
      'a system that is none',
      { kind: 'user', system: 'Stripe!', items: [] },
      'system: must be 1 to 63 lower-case letters, digits, "-" and "_", such as stripe',
    ],
    ['a mapping of a field with a line break to no key', { kind: 'user', items: [], map: { 'a\nb': 5 } }, 'map.a\nb: must be a string'],
    ['an entry without an ID', { kind: 'user', items: [{ email: 'a@b.example' }] }, 'items.0.id: is required'],
  ])('%s is refused by name', async (_name, body, message) => {
    const answer = await request('POST', '/api/v1/reconcile', body);
    expect([answer.status, Object(answer.body).message]).toEqual([400, message]);
  });
});

test('an entry without an ID is a finding, and the others are compared', async () => {
  const answer = await compare({ kind: 'organization', items: [{ id: 'nobody' }, { id: '' }] });
  expect([answer.counts.missing_here, answer.invalid]).toEqual([
    1,
    [{ index: 1, id: '', reason: expect.stringContaining('id: must not be empty') }],
  ]);
});

test('a list that repeats one ID is read in the time of one that does not', () => {
  const timed = (id: (index: number) => string) => {
    const items = Array.from({ length: 50_000 }, (_, index) => ({ id: id(index) }));
    return { list: readList({ kind: 'user', items }), time: quickest(() => readList({ kind: 'user', items })) };
  };
  const different = timed((index) => `id-${index}`);
  const same = timed(() => 'same');
  expect([different.list.entries.length, same.list.entries.length, same.list.repeated[0]?.others.length]).toEqual([50_000, 1, 49_999]);
  // It was some hundred times as much.
  expect(same.time / different.time).toBeLessThan(10);
});
