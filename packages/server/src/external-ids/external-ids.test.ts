import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const organizations = '/api/v1/organizations';

async function make(name: string, externalId: string, system?: string): Promise<string> {
  const ids = system === undefined ? { external_id: externalId } : { external_ids: { [system]: externalId } };
  const { body } = await request('POST', organizations, { display_name: name, ...ids });
  return Object(body).organization.id;
}

async function holderOf(externalId: string, system?: string): Promise<[string | undefined, string | undefined]> {
  const { body } = await request(
    'GET',
    `${organizations}:external?external_id=${encodeURIComponent(externalId)}${system === undefined ? '' : `&system=${system}`}`,
  );
  return [Object(body).organization?.display_name, Object(body).matched_by];
}

test.each([
  ['organizations', { display_name: 'Learner' }],
  ['users', { email: 'learner@example.com' }],
])('whoever changes one of the %s by an ID that it used to have is told so, also when the call is repeated', async (plural, fields) => {
  const collection = `/api/v1/${plural}`;
  const { body } = await request('POST', collection, { ...fields, external_id: 'LEARN-1', metadata: { plan: 'starter' } });
  const { id } = Object(Object.values(Object(body))[0]);
  await request('PATCH', `${collection}/${id}`, { external_id: 'LEARN-2' });
  const changes = [
    ['PATCH', '', { metadata: { plan: 'pro' } }],
    ['PUT', '/metadata', { plan: 'team' }],
    ['POST', '/metadata-revert', { key: 'plan', version: 1 }],
    ['PUT', '', { metadata: { plan: 'pro' } }],
  ] as const;
  for (const [method, part, change] of changes)
    for (const [value, matched] of [
      ['LEARN-1', 'alias'],
      ['LEARN-2', 'external_id'],
    ]) {
      const key = randomUUID();
      const send = () => request(method, `${collection}:external/${value}${part}`, change, { 'idempotency-key': key });
      const [first, again] = [await send(), await send()];
      expect([method, part, first.status, Object(first.body).matched_by]).toEqual([method, part, 200, matched]);
      expect(again.body).toEqual(first.body);
    }
  expect((await request('PATCH', `${collection}/${id}`, { metadata: { plan: null } })).body).toMatchObject({ matched_by: 'id' });
  const made = await request('PUT', `${collection}:external/LEARN-3`, {
    ...fields,
    ...('email' in fields && { email: 'new@example.com' }),
  });
  expect([made.status, Object(made.body).created, Object(made.body).matched_by]).toEqual([201, true, undefined]);
});

describe('resolve', () => {
  test('IDs of every sort in one call, in the order asked, each telling how it matched', async () => {
    const id = await make('Resolved', 'RES-1');
    await request('PATCH', `${organizations}/${id}`, { external_id: 'RES-2', external_ids: { stripe: 'RES-2' } });
    const { body: made } = await request('POST', '/api/v1/users', { email: 'Res@example.com', external_id: 'RES-2' });
    const { body } = await request('POST', '/api/v1/resolve', {
      ids: [
        id,
        'RES-1',
        'RES-2',
        'res@EXAMPLE.com',
        'nothing',
        { value: 'RES-2', kind: 'organization', system: 'stripe' },
        'a\u0000b',
        '__proto__',
      ],
    });
    const matches = Object(body).results.map(
      (result: { value: string; matches: { kind: string; matched_by: string; system: string | null }[] }) =>
        result.matches.map((match) => `${match.kind} ${match.matched_by} ${match.system}`),
    );
    expect(matches).toEqual([
      ['organization id null'],
      ['organization alias null'],
      ['organization external_id null', 'organization external_id stripe', 'user external_id null'],
      ['user email null'],
      [],
      ['organization external_id stripe'],
      [],
      [],
    ]);
    expect(Object(body).results[1].matches[0]).toMatchObject({ id, external_id: 'RES-2', alias_expires_at: expect.any(String) });
    expect(Object(body).results[3].matches[0].id).toBe(Object(made).user.id);
    expect(Object(body).results.map((result: { value: string }) => result.value)[7]).toBe('__proto__');
  });

  test('1,000 are answered, 1,001 refused (B6)', async () => {
    const ids = Array.from({ length: 1001 }, (_, index) => `bulk-${index}`);
    expect(Object((await request('POST', '/api/v1/resolve', { ids: ids.slice(1) })).body).results).toHaveLength(1000);
    expect((await request('POST', '/api/v1/resolve', { ids })).status).toBe(400);
  });
});

describe('rekey', () => {
  const rekey = (pairs: [string, string][], more: object = {}) =>
    request('POST', '/api/v1/rekey', { kind: 'organization', pairs: pairs.map(([from, to]) => ({ from, to })), ...more });

  test('swaps and chains in one transaction; an old ID that nobody took stays an alias', async () => {
    await Promise.all([make('a', 'SW-A'), make('b', 'SW-B'), make('c', 'CH-1'), make('d', 'CH-2')]);
    const { status, body } = await rekey([
      ['SW-A', 'SW-B'],
      ['SW-B', 'SW-A'],
      ['CH-1', 'CH-2'],
      ['CH-2', 'CH-3'],
    ]);
    expect([status, body]).toEqual([200, { rekeyed: 4, unchanged: 0, dry_run: false }]);
    expect(await Promise.all(['SW-A', 'SW-B', 'CH-1', 'CH-2', 'CH-3'].map((id) => holderOf(id)))).toEqual([
      ['b', 'external_id'],
      ['a', 'external_id'],
      ['c', 'alias'],
      ['c', 'external_id'],
      ['d', 'external_id'],
    ]);
    const again = await rekey([['CH-1', 'CH-2']]);
    expect(again.body).toEqual({ rekeyed: 0, unchanged: 1, dry_run: false });
  });

  test('a list that is sent again changes nothing, though it is a swap, a ring or a chain, aliases are over and an old ID is somebody else’s', async () => {
    await Promise.all(['SA', 'SB', 'R1', 'R2', 'R3', 'C1', 'C2', 'L1'].map((id) => make(`was ${id}`, id)));
    const pairs: [string, string][] = [
      ['SA', 'SB'],
      ['SB', 'SA'],
      ['R1', 'R2'],
      ['R2', 'R3'],
      ['R3', 'R1'],
      ['C1', 'C2'],
      ['C2', 'C3'],
      ['L1', 'L2'],
    ];
    const holders = () => Promise.all(['SA', 'SB', 'R1', 'R2', 'R3', 'C2', 'C3', 'L2'].map(async (id) => (await holderOf(id))?.[0]));
    expect((await rekey(pairs)).body).toEqual({ rekeyed: 8, unchanged: 0, dry_run: false });
    const then = ['was SB', 'was SA', 'was R3', 'was R1', 'was R2', 'was C1', 'was C2', 'was L1'];
    expect(await holders()).toEqual(then);
    expect((await rekey(pairs)).body).toEqual({ rekeyed: 0, unchanged: 8, dry_run: false });
    await server.database.pool.query("delete from external_ids where alias_expire_time is not null and value in ('C1', 'L1')");
    await make('new L1', 'L1');
    expect((await rekey(pairs)).body).toEqual({ rekeyed: 0, unchanged: 8, dry_run: false });
    expect(await holders()).toEqual(then);
  });

  test('a pair is done only for as long as the record has the ID that it gave', async () => {
    const id = await make('there and back', 'TB-1');
    await rekey([['TB-1', 'TB-2']]);
    for (const external_id of ['TB-3', 'TB-2', 'TB-1']) await request('PATCH', `${organizations}/${id}`, { external_id });
    await make('another', 'TB-9');
    await request('PATCH', `${organizations}:external/TB-9`, { external_id: 'TB-2' });
    expect((await rekey([['TB-1', 'TB-2']])).body).toMatchObject({
      details: [{ error_code: 'EXTERNAL_ID_TAKEN', validation_error_info: { field_violations: [{ field: 'pairs.0.to' }] } }],
    });
    await request('PATCH', `${organizations}:external/TB-2`, { external_id: 'TB-8' });
    expect((await rekey([['TB-1', 'TB-2']])).body).toEqual({ rekeyed: 1, unchanged: 0, dry_run: false });
  });

  test('works for the IDs of a system, raises the version and writes an event', async () => {
    const id = await make('sys', 'acc_1', 'crm');
    expect((await rekey([['acc_1', 'acc_2']], { system: 'crm' })).status).toBe(200);
    expect(await holderOf('acc_1', 'crm')).toEqual(['sys', 'alias']);
    expect((await request('GET', `${organizations}/${id}`)).body).toMatchObject({
      organization: { external_ids: { crm: 'acc_2' }, version: 2 },
    });
    const { rows } = await server.database.pool.query(
      'select type, record_version, changed, external_ids from events where record_id = $1 order by sequence',
      [id.slice(4)],
    );
    expect(rows.at(-1)).toEqual({
      type: 'organization.updated',
      record_version: '2',
      changed: { 'external_ids.crm': ['acc_1', 'acc_2'] },
      external_ids: { crm: 'acc_2' },
    });
  });

  test('a dry run checks and changes nothing', async () => {
    await make('dry', 'DRY-1');
    expect((await rekey([['DRY-1', 'DRY-2']], { dry_run: true })).body).toEqual({ rekeyed: 1, unchanged: 0, dry_run: true });
    expect(await holderOf('DRY-1')).toEqual(['dry', 'external_id']);
  });

  test('all or nothing: an unknown old ID, an ID named twice and a new ID of a stranger are refused, each named', async () => {
    await Promise.all([make('x', 'RF-1'), make('y', 'RF-2')]);
    expect(
      (
        await rekey([
          ['RF-1', 'RF-9'],
          ['RF-0', 'RF-8'],
        ])
      ).body,
    ).toMatchObject({
      details: [{ error_code: 'INVALID_REKEY', validation_error_info: { field_violations: [{ field: 'pairs.1.from' }] } }],
    });
    expect(
      (
        await rekey([
          ['RF-1', 'RF-9'],
          ['RF-1', 'RF-8'],
        ])
      ).body,
    ).toMatchObject({ details: [{ error_code: 'INVALID_REKEY' }] });
    const taken = await rekey([['RF-1', 'RF-2']]);
    expect([taken.status, taken.body]).toMatchObject([
      409,
      { details: [{ error_code: 'EXTERNAL_ID_TAKEN', resource_info: { value: 'RF-2' } }] },
    ]);
    expect(await holderOf('RF-1')).toEqual(['x', 'external_id']);
    await Promise.all([make('z', 'RF-3'), make('in the way', 'RF-4')]);
    const both = await rekey([
      ['RF-1', 'RF-2'],
      ['RF-3', 'RF-4'],
    ]);
    expect(both.body).toMatchObject({
      message: expect.stringMatching(/^pairs\.0\.to: another organization .* \(and 1 more\)$/),
      details: [
        {
          error_code: 'EXTERNAL_ID_TAKEN',
          resource_info: { value: 'RF-2' },
          validation_error_info: { field_violations: [{ field: 'pairs.0.to' }, { field: 'pairs.1.to' }] },
        },
      ],
    });
  });

  test('10,000 pairs at once', async () => {
    const client = await server.addEnvironment('bulk');
    await server.database.pool.query(
      `with made as (
         insert into organizations (environment_id, id, display_name, external_id)
         select $1, 1000000 + n, 'bulk', 'OLD-' || n from generate_series(1, 10000) n returning id, external_id)
       insert into external_ids (environment_id, kind, system, value, record_id) select $1, 'organization', '', external_id, id from made`,
      [client.environmentId],
    );
    const pairs = Array.from({ length: 10_000 }, (_, index) => ({ from: `OLD-${index + 1}`, to: `NEW-${index + 1}` }));
    const { body } = await client.request('POST', '/api/v1/rekey', { kind: 'organization', pairs });
    expect(body).toEqual({ rekeyed: 10_000, unchanged: 0, dry_run: false });
    const { rows } = await server.database.pool.query('select count(*)::int as count from events where environment_id = $1', [
      client.environmentId,
    ]);
    expect(rows[0].count).toBe(10_000);
  });
});
