import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { ended, imported, upload } from './testing.ts';

/** A batch has 1,000 rows, and while it is written down the next one is put in: what a file says must not depend on that. */
const server = useTestServer();
beforeAll(() => server.startWork());

const batch = 1000;
/** Rows about nothing else, which fill a batch up. */
const filler = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ kind: 'user', external_id: `${name}-${n}`, email: `${name}-${n}@fill.example` }));
/** A file whose first batch ends with some rows and whose second one begins with others; there is a third. */
const across = (name: string, last: readonly object[], first: readonly object[]) => [
  ...filler(`${name}a`, batch - last.length),
  ...last,
  ...first,
  ...filler(`${name}b`, batch),
];
const put = (rows: readonly object[]) => imported(server, server.client, rows);

async function user(externalId: string): Promise<{ id: string; email: string; metadata: object; version: number; external_ids: object }> {
  const { body } = await server.client.request('GET', `/api/v1/users:external/${externalId}`);
  return Object(body).user;
}

describe('rows of two batches that follow each other take effect in the order of the file', () => {
  test('a record of the one is changed by its every name in the other', async () => {
    const named = { external_id: 'n-1', external_ids: { hr: 'n-hr' }, email: 'n-1@batches.example' };
    const { counts } = await put(
      across(
        'n',
        [{ kind: 'user', ...named, metadata: { a: 1 } }],
        [
          { kind: 'user', email: named.email, metadata: { b: 2 } },
          { kind: 'user', external_ids: { hr: 'n-hr' }, metadata: { c: 3 } },
        ],
      ),
    );
    expect(counts.user).toMatchObject({ updated: 2, conflicts: 0, invalid: 0 });
    expect(await user('n-1')).toMatchObject({ metadata: { a: 1, b: 2, c: 3 }, version: 3 });
  });

  test('what the one names for the file, the other may refer to', async () => {
    await put([{ kind: 'organization', external_id: 'w-org', display_name: 'Refs' }]);
    const { counts } = await put(
      across(
        'w',
        [{ kind: 'user', ref: 'first', external_id: 'w-1', email: 'w-1@batches.example' }],
        [{ kind: 'membership', organization: { external_id: 'w-org' }, user: { ref: 'first' } }],
      ),
    );
    expect(counts.membership).toMatchObject({ created: 1, invalid: 0 });
  });

  test('a record that both know by different names gets the changes of both', async () => {
    await put([{ kind: 'user', external_id: 'd-1', email: 'd-1@batches.example' }]);
    const { counts } = await put(
      across(
        'd',
        [{ kind: 'user', external_id: 'd-1', metadata: { a: 1 } }],
        [{ kind: 'user', email: 'd-1@batches.example', metadata: { b: 2 } }],
      ),
    );
    expect(counts.user).toMatchObject({ updated: 2, conflicts: 0 });
    expect(await user('d-1')).toMatchObject({ metadata: { a: 1, b: 2 }, version: 3 });
  });

  test('a membership that both know by different names is one', async () => {
    await put([
      { kind: 'organization', external_id: 'm-org', display_name: 'Members' },
      { kind: 'user', external_id: 'm-1', email: 'm-1@batches.example' },
    ]);
    const of = (who: object, metadata: object) => ({ kind: 'membership', organization: { external_id: 'm-org' }, user: who, metadata });
    const { counts } = await put(across('m', [of({ external_id: 'm-1' }, { a: 1 })], [of({ email: 'm-1@batches.example' }, { b: 2 })]));
    expect(counts.membership).toMatchObject({ created: 1, updated: 1, conflicts: 0, invalid: 0 });
    const { rows } = await server.database.pool.query('select metadata, version from memberships where user_id = $1', [
      (await user('m-1')).id.slice(4),
    ]);
    expect(rows).toEqual([{ metadata: { a: 1, b: 2 }, version: '2' }]);
  });

  test('an address and an external ID that the one frees are free for the other', async () => {
    await put([{ kind: 'user', external_id: 'f-1', external_ids: { hr: 'f-hr' }, email: 'f-1@batches.example' }]);
    const { counts } = await put(
      across(
        'f',
        [{ kind: 'user', external_id: 'f-1', external_ids: { hr: null }, email: 'f-other@batches.example' }],
        [{ kind: 'user', external_id: 'f-2', external_ids: { hr: 'f-hr' }, email: 'f-1@batches.example' }],
      ),
    );
    expect(counts.user).toMatchObject({ created: 2 * batch, updated: 1, conflicts: 0 });
    const [before, after] = [await user('f-1'), await user('f-2')];
    expect([before.email, before.external_ids]).toEqual(['f-other@batches.example', {}]);
    expect([after.email, after.external_ids]).toEqual(['f-1@batches.example', { hr: 'f-hr' }]);
  });
});

test('the last places of an organization are given out once, however many batches want them', async () => {
  const { body } = await server.client.request('POST', '/api/v1/organizations', { display_name: 'Limited', external_id: 'limited' });
  const limit = batch + batch / 2;
  const path = `/api/v1/organizations/${Object(body).organization.id}/settings/usermanagement`;
  expect((await server.client.request('PATCH', path, { settings: { max_allowed_users: limit } })).status).toBe(200);
  await put(filler('limit', 3 * batch));
  const { counts } = await put(
    Array.from({ length: 3 * batch }, (_, n) => ({
      kind: 'membership',
      organization: { external_id: 'limited' },
      user: { external_id: `limit-${n}` },
    })),
  );
  expect(counts.membership).toMatchObject({ created: limit, conflicts: 3 * batch - limit });
});

test('an atomic import that fails again and again behind its first batch ends, and the next import is done', async () => {
  await server.database.pool.query(
    `create function refuse() returns trigger language plpgsql as 'begin raise ''no room for %'', new.external_id; end';
     create trigger refuse before insert on organizations for each row when (new.external_id = 'refused') execute function refuse()`,
  );
  const rows = [...filler('fails', batch), { kind: 'organization', external_id: 'refused', display_name: 'Refused' }];
  const first = await upload(server, server.client, rows, '?atomic=true');
  const second = await upload(server, server.client, filler('behind', 1));
  expect(await ended(server.client, Object(second.body).import.id)).toMatchObject({ state: 'DONE', counts: { user: { created: 1 } } });
  expect(await ended(server.client, Object(first.body).import.id)).toMatchObject({ state: 'FAILED', error: { error_code: 'INTERNAL' } });
  expect(await user('fails-0')).toBeUndefined();
});

describe('rows that mean the same record by different names take effect in the order of the file, though one of them waits for another row', () => {
  const organization = (external_id: string, more: object) => ({ kind: 'organization', external_id, display_name: external_id, ...more });
  const organizationOf = async (externalId: string) =>
    Object((await server.client.request('GET', `/api/v1/organizations:external/${externalId}`)).body).organization;

  test('which gives up an external ID', async () => {
    await put([organization('give-a', { external_ids: { stripe: 's-give' } }), organization('give-b', {})]);
    const { id } = await organizationOf('give-b');
    await put([
      { kind: 'organization', external_id: 'give-a', external_ids: { stripe: null } },
      { kind: 'organization', id, external_ids: { stripe: 's-give' }, display_name: 'of the second row' },
      { kind: 'organization', external_id: 'give-b', display_name: 'of the third row' },
    ]);
    expect(await organizationOf('give-b')).toMatchObject({ display_name: 'of the third row', external_ids: { stripe: 's-give' } });
  });

  test('which gives up a slug', async () => {
    await put([organization('slug-a', { slug: 'waits' }), organization('slug-b', {})]);
    const { id } = await organizationOf('slug-b');
    await put([
      { kind: 'organization', external_id: 'slug-a', slug: null },
      { kind: 'organization', id, slug: 'waits', display_name: 'of the second row' },
      { kind: 'organization', external_id: 'slug-b', display_name: 'of the third row' },
    ]);
    expect(await organizationOf('slug-b')).toMatchObject({ display_name: 'of the third row', slug: 'waits' });
  });

  test('which gives up an address', async () => {
    await put([
      { kind: 'user', external_id: 'post-a', email: 'post@batches.example' },
      { kind: 'user', external_id: 'post-b', email: 'post-b@batches.example' },
    ]);
    const { id } = await user('post-b');
    await put([
      { kind: 'user', external_id: 'post-a', email: 'post-a@batches.example' },
      { kind: 'user', id, email: 'post@batches.example', metadata: { row: 2 } },
      { kind: 'user', external_id: 'post-b', metadata: { row: 3 } },
    ]);
    expect(await user('post-b')).toMatchObject({ email: 'post@batches.example', metadata: { row: 3 } });
  });

  test('which names what the one names', async () => {
    await put([organization('same-a', { external_ids: { stripe: 's-same' } }), organization('same-b', {})]);
    const { id } = await organizationOf('same-b');
    await put([
      { kind: 'organization', external_ids: { stripe: 's-same' }, display_name: 'of the first row' },
      { kind: 'organization', external_id: 'same-a', external_ids: { stripe: null } },
      { kind: 'organization', id, external_ids: { stripe: 's-same' }, display_name: 'of the third row' },
      { kind: 'organization', external_id: 'same-b', display_name: 'of the fourth row' },
    ]);
    expect(await organizationOf('same-b')).toMatchObject({ display_name: 'of the fourth row', external_ids: { stripe: 's-same' } });
  });

  test('which changes the user of a membership', async () => {
    await put([organization('join', {}), { kind: 'user', external_id: 'join-1', email: 'join-1@batches.example' }]);
    await put([
      { kind: 'user', external_id: 'join-1', metadata: { row: 1 } },
      { kind: 'membership', organization: { external_id: 'join' }, user: { external_id: 'join-1' }, metadata: { row: 2 } },
      { kind: 'membership', organization: { external_id: 'join' }, user: { email: 'join-1@batches.example' }, metadata: { row: 3 } },
    ]);
    const { rows } = await server.database.pool.query('select metadata from memberships where user_id = $1', [
      (await user('join-1')).id.slice(4),
    ]);
    expect(rows).toEqual([{ metadata: { row: 3 } }]);
  });
});
