import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { errorsOf, imported, upload } from './testing.ts';

const server = useTestServer();
beforeAll(() => server.startWork());
const request: typeof server.client.request = (...call) => server.client.request(...call);
const put = (file: Parameters<typeof imported>[2], query?: string) => imported(server, server.client, file, query);
const send = (file: Parameters<typeof upload>[2], query?: string) => upload(server, server.client, file, query);
const errors = (id: string) => errorsOf(server.client, id);
const get = async (path: string) => Object((await request('GET', `/api/v1/${path}`)).body);
const org = async (externalId: string, system = '') => (await get(`organizations:external/${externalId}${system}`)).organization;
const usr = async (externalId: string, system = '') => (await get(`users:external/${externalId}${system}`)).user;
const stripe = '?system=stripe';

/** Two organizations and two users of a name, with an ID of each sort. */
async function two(name: string): Promise<void> {
  const each = (letter: string) => [
    {
      kind: 'organization',
      external_id: `${name}-${letter}`,
      external_ids: { stripe: `cus_${name}_${letter}` },
      slug: `${name.toLowerCase()}-${letter}`,
      display_name: letter,
    },
    {
      kind: 'user',
      external_id: `U-${name}-${letter}`,
      external_ids: { stripe: `cus_u_${name}_${letter}` },
      email: `${name}-${letter}@match.example`,
    },
  ];
  expect((await put([...each('a'), ...each('b')])).rows_rejected).toBe(0);
}

describe('a row whose IDs lead to two records', () => {
  beforeAll(() => two('TWO'));

  test('changes the one that has the ID to match by, if what another has may be left, and is rejected otherwise', async () => {
    const rows = [
      { kind: 'organization', external_id: 'TWO-a', external_ids: { stripe: 'cus_TWO_b' }, slug: 'two-b', metadata: { row: 1 } },
      { kind: 'user', external_id: 'U-TWO-a', external_ids: { stripe: 'cus_u_TWO_b' }, metadata: { row: 2 } },
    ];
    const rejecting = await put(rows, '?match_by=external_id');
    expect(rejecting.counts).toMatchObject({ organization: { conflicts: 1 }, user: { conflicts: 1 } });
    expect(await errors(rejecting.id)).toEqual([
      [1, 'external_ids.stripe', 'EXTERNAL_ID_TAKEN'],
      [2, 'external_ids.stripe', 'EXTERNAL_ID_TAKEN'],
    ]);
    expect((await put(rows, '?match_by=external_id&on_conflict=leave')).rows_rejected).toBe(0);
    expect(await org('TWO-a')).toMatchObject({ external_ids: { stripe: 'cus_TWO_a' }, slug: 'two-a', metadata: { row: 1 } });
    expect(await usr('U-TWO-a')).toMatchObject({ external_ids: { stripe: 'cus_u_TWO_a' }, metadata: { row: 2 } });
    expect(await org('TWO-b')).toMatchObject({ external_ids: { stripe: 'cus_TWO_b' }, metadata: {}, version: 1 });

    expect((await put(rows, '?match_by=stripe&on_conflict=leave')).counts).toMatchObject({
      organization: { updated: 1 },
      user: { updated: 1 },
    });
    expect(await org('TWO-b')).toMatchObject({ external_ids: { stripe: 'cus_TWO_b' }, metadata: { row: 1 } });
    expect(await usr('U-TWO-b')).toMatchObject({ external_ids: { stripe: 'cus_u_TWO_b' }, metadata: { row: 2 } });
  });

  test('of which the one to match by is new, makes a record without what another has, or none', async () => {
    const rows = [{ kind: 'organization', external_id: 'TWO-new', external_ids: { stripe: 'cus_TWO_a' }, display_name: 'New' }];
    const rejecting = await put(rows, '?match_by=external_id');
    expect(await errors(rejecting.id)).toEqual([[1, 'external_ids.stripe', 'EXTERNAL_ID_TAKEN']]);
    expect(await org('TWO-new')).toBeUndefined();
    expect((await put(rows, '?match_by=external_id&on_conflict=leave')).counts.organization.created).toBe(1);
    expect(await org('TWO-new')).toMatchObject({ external_ids: {} });
    expect(await org('cus_TWO_a', stripe)).toMatchObject({ external_id: 'TWO-a' });
  });

  test('an address that another user has rejects it, also where what another has may be left', async () => {
    const rows = [{ kind: 'user', external_id: 'U-TWO-b', email: 'two-A@match.example' }];
    for (const conflict of ['reject', 'leave']) {
      const { id } = await put(rows, `?match_by=external_id&on_conflict=${conflict}`);
      expect(await errors(id)).toEqual([[1, 'email', 'EMAIL_TAKEN']]);
    }
  });
});

test('a system gives its customers our numbers: what is matched by its IDs may get any other ID', async () => {
  await two('CRM');
  const rows = [
    { kind: 'organization', external_id: 'CRM-1', external_ids: { stripe: 'cus_CRM_a' } },
    { kind: 'organization', external_id: 'CRM-b', external_ids: { stripe: 'cus_CRM_none' }, display_name: 'Has the number of another' },
  ];
  const done = await put(rows, '?match_by=stripe');
  expect(await errors(done.id)).toEqual([[2, 'external_id', 'EXTERNAL_ID_TAKEN']]);
  expect(await org('cus_CRM_a', stripe)).toMatchObject({ external_id: 'CRM-1' });
  expect(await get('organizations:external/CRM-a')).toMatchObject({ organization: { external_id: 'CRM-1' }, matched_by: 'alias' });
});

test('left out, a row changes the record that any of its IDs leads to, as ever', async () => {
  await two('ANY');
  for (const query of ['', '?match_by=any']) {
    const externalId = `ANY-new${query.length}`;
    const done = await put([{ kind: 'organization', external_id: externalId, external_ids: { stripe: 'cus_ANY_a' } }], query);
    expect([done.options.match_by, done.counts.organization.updated]).toEqual(['any', 1]);
    expect(await org('cus_ANY_a', stripe)).toMatchObject({ external_id: externalId });
  }
});

test('an ID that the record used to have matches it, and stays an alias', async () => {
  await two('WAS');
  await put([{ kind: 'organization', id: (await org('WAS-a')).id, external_id: 'WAS-now', external_ids: { stripe: 'cus_WAS_now' } }]);
  const row = { kind: 'organization', external_id: 'WAS-a', external_ids: { stripe: 'cus_WAS_a' } };
  for (const [index, match] of ['external_id', 'stripe'].entries()) {
    const done = await put([{ ...row, metadata: { row: index } }], `?match_by=${match}`);
    expect(done.counts.organization.updated).toBe(1);
  }
  const now = { external_id: 'WAS-now', external_ids: { stripe: 'cus_WAS_now' }, metadata: { row: 1 } };
  expect(await get('organizations:external/WAS-a')).toMatchObject({ organization: now, matched_by: 'alias' });
  // The alias leads to one record and another ID to a second: what is matched by decides here, too.
  const crossed = await put(
    [{ kind: 'organization', external_id: 'WAS-a', external_ids: { stripe: 'cus_WAS_b' } }],
    '?match_by=external_id',
  );
  expect(await errors(crossed.id)).toEqual([[1, 'external_ids.stripe', 'EXTERNAL_ID_TAKEN']]);
});

test('users are matched by their address, whatever its case, and organizations are not', async () => {
  await two('MAIL');
  const rows = [
    { kind: 'user', email: 'MAIL-A@match.example', external_id: 'U-MAIL-1' },
    { kind: 'user', email: 'mail-a@match.example', external_id: 'U-MAIL-b' },
    { kind: 'user', email: 'mail-new@match.example', external_id: 'U-MAIL-new' },
    { kind: 'user', external_id: 'U-MAIL-b', metadata: { lost: true } },
    { kind: 'user', external_id: 'U-MAIL-bad', email: 'no address' },
    { kind: 'organization', external_id: 'MAIL-a', metadata: { lost: true } },
    { kind: 'organization', id: (await org('MAIL-b')).id, metadata: { found: true } },
    { kind: 'membership', organization: { external_id: 'MAIL-a' }, user: { external_id: 'U-MAIL-new' } },
  ];
  const done = await put(rows, '?match_by=email');
  expect(done.counts).toMatchObject({
    user: { updated: 1, created: 1, conflicts: 1, invalid: 2 },
    organization: { updated: 1, invalid: 1 },
    membership: { created: 1 },
  });
  expect(await errors(done.id)).toEqual([
    [2, 'external_id', 'EXTERNAL_ID_TAKEN'],
    [4, 'email', 'INVALID_ARGUMENT'],
    [5, 'email', 'INVALID_EMAIL'],
    [6, 'kind', 'INVALID_ARGUMENT'],
  ]);
  expect(await usr('U-MAIL-1')).toMatchObject({ external_ids: { stripe: 'cus_u_MAIL_a' } });
  expect((await usr('U-MAIL-b')).metadata).toEqual({});
});

test('a row without what is matched by is rejected, and told the way out; one that names its record by ID needs nothing else', async () => {
  await two('NONE');
  const { id } = await org('NONE-a');
  const rows = [
    { kind: 'organization', external_ids: { stripe: 'cus_NONE_a' }, metadata: { x: 1 } },
    { kind: 'organization', external_id: null, external_ids: { stripe: 'cus_NONE_a' }, metadata: { x: 2 } },
    { kind: 'user', email: 'none-a@match.example', metadata: { x: 3 } },
    { kind: 'organization', display_name: 'Nobody' },
    { kind: 'organization', id, external_id: 'NONE-1', metadata: { x: 5 } },
  ];
  const done = await put(rows, '?match_by=external_id');
  expect(await errors(done.id)).toEqual([1, 2, 3, 4].map((line) => [line, 'external_id', 'INVALID_ARGUMENT']));
  expect((await get(`imports/${done.id}/errors?limit=1`)).errors[0].message).toBe(
    'external_id: is what the import matches by: fill it in, name the record by its id, or choose another match_by',
  );
  expect(await org('NONE-1')).toMatchObject({ id, metadata: { x: 5 } });
  const bySystem = await put([{ kind: 'user', external_id: 'U-NONE-a', external_ids: { stripe: null } }], '?match_by=stripe');
  expect(await errors(bySystem.id)).toEqual([[1, 'external_ids.stripe', 'INVALID_ARGUMENT']]);
});

test('a system that no record has an ID of yet makes the first ones, and by a name that is misspelt no row is matched', async () => {
  const row = { kind: 'organization', external_ids: { sapp: '1' }, display_name: 'First' };
  for (const made of ['created', 'unchanged'] as const) expect((await put([row], '?match_by=sapp')).counts.organization[made]).toBe(1);
  expect(await errors((await put([row], '?match_by=sap')).id)).toEqual([[1, 'external_ids.sap', 'INVALID_ARGUMENT']]);
});

test('rows of one file follow each other: what one gives up another has, and one that is made is matched', async () => {
  await two('SEQ');
  const done = await put(
    [
      { kind: 'organization', external_id: 'SEQ-a', external_ids: { stripe: null } },
      { kind: 'organization', external_id: 'SEQ-b', external_ids: { stripe: 'cus_SEQ_a' } },
      { kind: 'organization', external_id: 'SEQ-c', external_ids: { hr: 'seq-hr' }, display_name: 'C' },
      { kind: 'organization', external_id: 'SEQ-c', metadata: { again: true } },
      { kind: 'organization', external_id: 'SEQ-d', external_ids: { hr: 'seq-hr' }, display_name: 'D' },
    ],
    '?match_by=external_id',
  );
  expect(done.counts.organization).toMatchObject({ created: 1, updated: 3, conflicts: 1 });
  expect(await errors(done.id)).toEqual([[5, 'external_ids.hr', 'EXTERNAL_ID_TAKEN']]);
  expect(await org('cus_SEQ_a', stripe)).toMatchObject({ external_id: 'SEQ-b' });
});

test('modes, a dry run, all or nothing and the undo go by the same record', async () => {
  await two('OPT');
  const row = { kind: 'organization', external_id: 'OPT-new', external_ids: { stripe: 'cus_OPT_a' }, display_name: 'New' };
  const updating = await put([row], '?match_by=external_id&mode=update_only');
  expect(await errors(updating.id)).toEqual([[1, 'row', 'DOES_NOT_EXIST']]);
  const creating = await put([row], '?match_by=stripe&mode=create_only');
  expect(await errors(creating.id)).toEqual([[1, 'row', 'ALREADY_EXISTS']]);
  const trial = await put([row], '?match_by=external_id&dry_run=true');
  expect([trial.counts.organization.conflicts, trial.samples]).toEqual([1, []]);
  const atomic = await put([{ ...row, external_ids: {} }, row], '?match_by=external_id&atomic=true');
  expect(atomic).toMatchObject({ state: 'FAILED', counts: { organization: { conflicts: 1 } } });
  expect(await org('OPT-new')).toBeUndefined();
  const done = await put([row], '?match_by=stripe');
  expect(await org('OPT-new')).toMatchObject({ display_name: 'New' });
  await request('POST', `/api/v1/imports/${done.id}:undo`);
  await expect.poll(async () => (await get(`imports/${done.id}`)).import.undo.state).toBe('DONE');
  expect(await org('cus_OPT_a', stripe)).toMatchObject({ external_id: 'OPT-a', display_name: 'a' });
});

describe('what cannot be matched by is refused before a row is read', () => {
  test('the address of organizations, a text of another form, a CSV file without the column', async () => {
    const header = 'external_id\n';
    for (const [query, message] of [
      ['match_by=email&kind=organization', 'match_by: organizations have no address; match them by external_id or the name of a system'],
      ['match_by=External%20ID&kind=user', 'must be any, external_id, email, or the name of a system such as stripe'],
      ['match_by=stripe&kind=organization', 'external_ids.stripe: is missing: it is what the import matches by'],
      ['match_by=email&kind=user', 'email: is missing: it is what the import matches by'],
    ]) {
      const refused = await send(header, `?format=csv&${query}`);
      expect([refused.status, refused.message]).toEqual([400, expect.stringContaining(message ?? '')]);
    }
    for (const columns of ['external_ids.stripe', 'external_ids:json', 'id'])
      expect((await put(`${columns},display_name\n`, '?format=csv&match_by=stripe&kind=organization')).state).toBe('DONE');
  });
});

test('an import that a server of the version before has taken is matched by any ID', async () => {
  await two('OLD');
  const { id } = await put([{ kind: 'organization', external_id: 'OLD-1', external_ids: { stripe: 'cus_OLD_a' } }]);
  await server.database.pool.query("update imports set options = options - 'match_by' where id = $1", [id.slice(4)]);
  expect((await get(`imports/${id}`)).import.options.match_by).toBe('any');
});

test('matched by external_id, no import changes the external_id of a record that was there, unless a row names it by ID', async () => {
  const letters = ['a', 'b', 'c', 'd', 'e'];
  const pick = (prefix: string) => fc.option(fc.constantFrom(...letters.map((letter) => prefix + letter)), { nil: undefined, freq: 4 });
  const cleared = (prefix: string) => fc.oneof({ weight: 9, arbitrary: pick(prefix) }, { weight: 1, arbitrary: fc.constant(null) });
  const ids = { external_id: cleared('PROP-'), external_ids: fc.record({ stripe: cleared('p-'), hr: cleared('p-') }) };
  const row = fc.oneof(
    fc.record({ kind: fc.constant('organization'), display_name: fc.constant('P'), slug: pick('prop-'), ...ids }),
    fc.record({ kind: fc.constant('user'), email: pick('prop@').map((email) => email && `${email}.example`), ...ids }),
  );
  const read = async (): Promise<{ id: string; external_id: string | null }[]> => [
    ...(await get('organizations?page_size=100')).organizations,
    ...(await get('users?page_size=100')).users,
  ];
  // IDs that records used to have are among them.
  const begin = letters.flatMap((letter) => [
    { kind: 'organization', external_id: `PROP-old-${letter}`, display_name: 'P' },
    { kind: 'user', external_id: `PROP-old-${letter}`, email: `prop-${letter}@match.example` },
  ]);
  await put(begin);
  const pairs = letters.slice(0, 3).map((letter) => ({ from: `PROP-old-${letter}`, to: `PROP-${letter}` }));
  for (const kind of ['organization', 'user']) {
    expect((await request('POST', '/api/v1/rekey', { kind, pairs })).status).toBe(200);
    const back = letters.slice(0, 2).map((letter) => ({ from: `PROP-${letter}`, to: `PROP-now-${letter}` }));
    expect((await request('POST', '/api/v1/rekey', { kind, pairs: back })).status).toBe(200);
  }
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 10, maxLength: 40 }), fc.constantFrom('reject', 'leave'), async (rows, conflict) => {
      const before = await read();
      expect((await put(rows, `?match_by=external_id&on_conflict=${conflict}`)).state).toBe('DONE');
      const after = new Map((await read()).map(({ id, external_id: externalId }) => [id, externalId]));
      expect(before.map(({ id }) => [id, after.get(id)])).toEqual(before.map(({ id, external_id: externalId }) => [id, externalId]));
    }),
    { numRuns: 15 },
  );
});
