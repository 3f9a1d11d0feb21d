import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { tagOf, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/organizations';
const byKey = (id: string, system?: string) =>
  `${path}:external/${encodeURIComponent(id)}${system === undefined ? '' : `?system=${system}`}`;

describe('create', () => {
  test('201: answers the organization with its ID, version and ETag, and metadata keeps its types', async () => {
    const { status, headers, body } = await request('POST', path, {
      display_name: 'Acme Corporation',
      external_id: 'CUST-1',
      external_ids: { stripe: 'cus_1' },
      metadata: { plan: 'enterprise', quota: 150000, flags: [true, 1.5, 'x'], nested: { deep: { number: 0.1 } } },
    });
    expect(status).toBe(201);
    expect(headers.get('etag')).toEqual(tagOf(1));
    expect(body).toMatchObject({
      organization: {
        id: expect.stringMatching(/^org_[0-9]{18,19}$/),
        display_name: 'Acme Corporation',
        external_id: 'CUST-1',
        external_ids: { stripe: 'cus_1' },
        metadata: { plan: 'enterprise', quota: 150000, flags: [true, 1.5, 'x'], nested: { deep: { number: 0.1 } } },
        version: 1,
      },
    });
  });

  test('409: a taken external ID names the field, the system, the value and the holder', async () => {
    const { body: first } = await request('POST', path, { display_name: 'A', external_ids: { stripe: 'cus_taken' } });
    const { status, body } = await request('POST', path, { display_name: 'B', external_ids: { stripe: 'cus_taken' } });
    expect(status).toBe(409);
    const { id } = Object(first).organization;
    expect(body).toMatchObject({
      details: [
        {
          error_code: 'EXTERNAL_ID_TAKEN',
          resource_info: { id, kind: 'organization', system: 'stripe', value: 'cus_taken' },
          validation_error_info: { field_violations: [{ field: 'external_ids.stripe' }] },
        },
      ],
    });
  });

  test('409: a taken slug names the holder', async () => {
    const { body: first } = await request('POST', path, { display_name: 'A', slug: 'one.example' });
    const { status, body } = await request('POST', path, { display_name: 'B', slug: 'one.example' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ details: [{ error_code: 'SLUG_TAKEN', resource_info: { id: Object(first).organization.id } }] });
  });

  test('the same external ID is free for another system, another kind of record and another environment (E21)', async () => {
    const other = await server.addEnvironment('other');
    const answers = [
      await request('POST', path, { display_name: 'primary', external_id: 'SHARED' }),
      await request('POST', path, { display_name: 'stripe', external_ids: { stripe: 'SHARED' } }),
      await request('POST', '/api/v1/users', { email: 'shared@example.com', external_id: 'SHARED' }),
      await other.request('POST', path, { display_name: 'other', external_id: 'SHARED' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  });
});

describe('slug and logo', () => {
  const label = 'a'.repeat(63);

  test.each([
    ['slug', 'auth.megasoft.com'],
    ['slug', '0'],
    ['slug', `${label}.${label}.${label}.${'b'.repeat(61)}`],
    ['logo_url', 'https://logo.example.com/acme'],
    ['logo_url', `https://a.example/${'x'.repeat(1006)}`],
  ])('%s may be %s', async (field, value) => {
    const { status, body } = await request('POST', path, { display_name: 'S', [field]: value });
    expect([status, Object(body).organization?.[field]]).toEqual([201, value]);
  });

  test.each([
    ['slug', 'Acme'],
    ['slug', '-acme'],
    ['slug', 'acme-'],
    ['slug', 'acme..com'],
    ['slug', 'acme.'],
    ['slug', 'ac_me'],
    ['slug', 'acme\n'],
    ['slug', `${label}a`],
    ['slug', `${label}.${label}.${label}.${'b'.repeat(62)}`],
    ['logo_url', 'http://logo.example.com'],
    ['logo_url', 'javascript:alert(1)'],
    ['logo_url', 'https://'],
    ['logo_url', 'https://a.example/a b'],
    ['logo_url', `https://a.example/${'x'.repeat(1007)}`],
  ])('400: %s cannot be %j', async (field, value) => {
    const { status, body } = await request('POST', path, { display_name: 'S', [field]: value });
    expect([status, Object(body).message]).toEqual([400, expect.stringContaining(`${field}: `)]);
  });

  test('an empty one clears, as null does; a slug is free as soon as it is cleared or its organization is deleted', async () => {
    const { body } = await request('POST', path, { display_name: 'One', slug: 'freed.example', logo_url: 'https://a.example' });
    const url = `${path}/${Object(body).organization.id}`;
    expect((await request('PATCH', url, { slug: '', logo_url: '' })).body).toMatchObject({ organization: { slug: null, logo_url: null } });
    const { status, body: second } = await request('POST', path, { display_name: 'Two', slug: 'freed.example' });
    expect(status).toBe(201);
    await request('DELETE', `${path}/${Object(second).organization.id}`);
    expect((await request('PATCH', url, { slug: 'freed.example' })).status).toBe(200);
  });
});

describe('get', () => {
  test('by ID, by external ID, by the ID of a system, in the path or in the query', async () => {
    const { body } = await request('POST', path, { display_name: 'G', external_id: 'GET/1 ü?#', external_ids: { crm: '..' } });
    const { id } = Object(body).organization;
    const answers = await Promise.all([
      request('GET', `${path}/${id}`),
      request('GET', byKey('GET/1 ü?#')),
      request('GET', `${path}:external?external_id=..&system=crm`),
    ]);
    expect(answers.map((answer) => [answer.status, Object(answer.body).organization?.id, Object(answer.body).matched_by])).toEqual([
      [200, id, 'id'],
      [200, id, 'external_id'],
      [200, id, 'external_id'],
    ]);
  });

  test('304 without a body when the caller has this version', async () => {
    const { body } = await request('POST', path, { display_name: 'Cached' });
    const { id } = Object(body).organization;
    const { status, text } = await request('GET', `${path}/${id}`, undefined, { 'if-none-match': `"1-${id.slice(4)}"` });
    expect([status, text]).toEqual([304, '']);
  });

  test('404 is the same for an unknown ID and for one of another environment; 400 tells a user ID apart', async () => {
    const { body } = await server.client.request('POST', path, { display_name: 'Mine' });
    const stranger = await server.addEnvironment('stranger');
    const { id } = Object(body).organization;
    const [foreign, unknown] = [await stranger.request('GET', `${path}/${id}`), await stranger.request('GET', `${path}/org_1`)];
    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    expect(Object(foreign.body).message.replace(id, 'org_1')).toBe(Object(unknown.body).message);
    const wrong = await request('GET', `${path}/usr_123`);
    expect([wrong.status, Object(wrong.body).message]).toEqual([400, expect.stringContaining('this is the ID of a user')]);
  });
});

describe('the mask of an update (AIP-134)', () => {
  const sent = { display_name: 'New', slug: 'mask-new', metadata: { plan: 'new' } };
  const make = async () => {
    const body = {
      display_name: 'Old',
      slug: `mask-${randomUUID()}`,
      logo_url: 'https://acme.example/l.png',
      metadata: { plan: 'old', seats: 3 },
    };
    return Object((await request('POST', path, body)).body).organization;
  };

  test('sets or clears what it names and nothing else; metadata as a whole', async () => {
    const made = await make();
    const patch = async (mask: string) =>
      Object((await request('PATCH', `${path}/${made.id}?update_mask=${mask}`, sent)).body).organization;
    expect(await patch('display_name')).toMatchObject({ display_name: 'New', slug: made.slug, metadata: made.metadata });
    expect(await patch('logo_url,external_id')).toMatchObject({ display_name: 'New', slug: made.slug, logo_url: null });
    expect(await patch('slug,metadata')).toMatchObject({ slug: 'mask-new', metadata: { plan: 'new' } });
    const emptied = await request('PATCH', `${path}/${made.id}?update_mask=slug,metadata`, {});
    expect(emptied.body).toMatchObject({ organization: { display_name: 'New', slug: null, metadata: {} } });
  });

  test.each([
    ['', 'update_mask'],
    ['colour', 'update_mask'],
    ['display_name,settings', 'update_mask'],
    ['display_name', 'display_name'],
  ])('%j of an empty update is 400', async (mask, field) => {
    const { id } = await make();
    const { status, body } = await request('PATCH', `${path}/${id}?update_mask=${mask}`, {});
    expect([status, Object(body).message]).toEqual([400, expect.stringMatching(new RegExp(`^${field}: `))]);
  });
});

describe('update', () => {
  test('changes what is named, merges metadata, null clears; nothing changed means no new version', async () => {
    const { body: made } = await request('POST', path, {
      display_name: 'U',
      external_id: 'U-1',
      slug: 'u',
      metadata: { keep: 1, drop: 2, nested: { a: 1, b: 2 } },
    });
    const url = `${path}/${Object(made).organization.id}`;
    const changed = await request('PATCH', url, { slug: null, metadata: { drop: null, nested: { b: 3, c: { d: null } } } });
    expect(changed.body).toMatchObject({ organization: { display_name: 'U', slug: null, version: 2 } });
    expect(Object(changed.body).organization.metadata).toEqual({ keep: 1, nested: { a: 1, b: 3, c: {} } });
    const same = await request('PATCH', url, { display_name: 'U', metadata: { keep: 1 } });
    expect(Object(same.body).organization.version).toBe(2);
  });

  test('a changed external ID still resolves as an alias, until another record claims it', async () => {
    await request('POST', path, { display_name: 'Old', external_id: 'ALIAS-1' });
    await request('PATCH', byKey('ALIAS-1'), { external_id: 'ALIAS-2' });
    expect(Object((await request('GET', byKey('ALIAS-1'))).body)).toMatchObject({
      organization: { external_id: 'ALIAS-2' },
      matched_by: 'alias',
    });
    const { status } = await request('POST', path, { display_name: 'New', external_id: 'ALIAS-1' });
    expect(status).toBe(201);
    expect(Object((await request('GET', byKey('ALIAS-1'))).body)).toMatchObject({
      organization: { display_name: 'New' },
      matched_by: 'external_id',
    });
  });

  test('a record takes its own alias back; a cleared external ID leaves none', async () => {
    await request('POST', path, { display_name: 'Back', external_id: 'BACK-1' });
    await request('PATCH', byKey('BACK-1'), { external_id: 'BACK-2' });
    expect((await request('PATCH', byKey('BACK-2'), { external_id: 'BACK-1' })).status).toBe(200);
    expect(Object((await request('GET', byKey('BACK-1'))).body).matched_by).toBe('external_id');
    await request('PATCH', byKey('BACK-1'), { external_id: null });
    expect((await request('GET', byKey('BACK-1'))).status).toBe(404);
  });

  test('412: If-Match with a stale version changes nothing and tells the current one', async () => {
    const { body: made } = await request('POST', path, { display_name: 'V' });
    const url = `${path}/${Object(made).organization.id}`;
    await request('PATCH', url, { display_name: 'V2' }, { 'if-match': '"1"' });
    const { status, body } = await request('PATCH', url, { display_name: 'V3' }, { 'if-match': '"1"' });
    expect(status).toBe(412);
    expect(body).toMatchObject({ details: [{ error_code: 'VERSION_MISMATCH', resource_info: { version: 2 } }] });
    expect(Object((await request('GET', url)).body).organization.display_name).toBe('V2');
    expect((await request('PATCH', url, { display_name: 'V3' }, { 'if-match': 'W/"2"' })).status).toBe(400);
  });

  test('PUT of metadata replaces all of it', async () => {
    const { body: made } = await request('POST', path, { display_name: 'R', metadata: { a: 1, b: 2 } });
    const { body } = await request('PUT', `${path}/${Object(made).organization.id}/metadata`, { c: 3 });
    expect(Object(body).organization.metadata).toEqual({ c: 3 });
  });
});

describe('upsert', () => {
  test('creates with 201, updates with 200; an alias leads to the record, whose current ID stays', async () => {
    const created = await request('PUT', byKey('UP-1', 'crm'), { display_name: 'Up', metadata: { a: 1 } });
    expect([created.status, created.body]).toMatchObject([201, { created: true, organization: { external_ids: { crm: 'UP-1' } } }]);
    const updated = await request('PUT', byKey('UP-1', 'crm'), { metadata: { b: 2 } });
    expect([updated.status, updated.body]).toMatchObject([200, { created: false, organization: { metadata: { a: 1, b: 2 }, version: 2 } }]);
    await request('PATCH', byKey('UP-1', 'crm'), { external_ids: { crm: 'UP-2' } });
    const byAlias = await request('PUT', byKey('UP-1', 'crm'), { metadata: { c: 3 } });
    expect(byAlias.body).toMatchObject({ created: false, organization: { external_ids: { crm: 'UP-2' } } });
  });

  test('If-None-Match: * creates only, If-Match: * updates only, and a name is needed to create', async () => {
    const none = await request('PUT', byKey('UP-ONLY'), { display_name: 'X' }, { 'if-match': '*' });
    expect([none.status, none.body]).toMatchObject([412, { details: [{ error_code: 'DOES_NOT_EXIST' }] }]);
    expect((await request('PUT', byKey('UP-ONLY'), {})).body).toMatchObject({ message: expect.stringContaining('display_name') });
    expect((await request('PUT', byKey('UP-ONLY'), { display_name: 'X' }, { 'if-none-match': '*' })).status).toBe(201);
    const again = await request('PUT', byKey('UP-ONLY'), { display_name: 'Y' }, { 'if-none-match': '*' });
    expect([again.status, again.body]).toMatchObject([412, { details: [{ error_code: 'ALREADY_EXISTS' }] }]);
  });
});

test('delete removes the memberships and frees the external IDs, keeps the users; the next record starts empty (E22)', async () => {
  const { body: made } = await request('PUT', byKey('DEL-1'), { display_name: 'D', metadata: { old: true } });
  const { id } = Object(made).organization;
  const { body: joined } = await request('POST', `${path}/${id}/users`, { email: 'del@example.com', send_invitation_email: false });
  expect((await request('DELETE', byKey('DEL-1'))).status).toBe(204);
  expect((await request('GET', `${path}/${id}`)).status).toBe(404);
  expect((await request('DELETE', byKey('DEL-1'))).status).toBe(404);
  expect(Object((await request('GET', `/api/v1/users/${Object(joined).user.id}`)).body).user.memberships).toEqual([]);
  const { body: anew } = await request('PUT', byKey('DEL-1'), { display_name: 'D' });
  expect(Object(anew).organization.id).not.toBe(id);
  expect(Object(anew).organization.metadata).toEqual({});
});

describe('list', () => {
  test('every page once and in order, forwards and back, with the count', async () => {
    const client = await server.addEnvironment('pages');
    for (let index = 0; index < 7; index += 1) await client.request('POST', path, { display_name: `P${index}` });
    const names = (answer: { body: unknown }) =>
      Object(answer.body).organizations.map((organization: { display_name: string }) => organization.display_name);
    const first = await client.request('GET', `${path}?page_size=3`);
    const second = await client.request('GET', `${path}?page_size=3&page_token=${Object(first.body).next_page_token}`);
    const third = await client.request('GET', `${path}?page_size=3&page_token=${Object(second.body).next_page_token}`);
    const back = await client.request('GET', `${path}?page_size=3&page_token=${Object(second.body).prev_page_token}`);
    expect([first, second, third, back].map(names)).toEqual([['P6', 'P5', 'P4'], ['P3', 'P2', 'P1'], ['P0'], ['P6', 'P5', 'P4']]);
    expect(Object(third.body)).toMatchObject({ next_page_token: '', total_size: 7, total_size_is_floor: false });
    expect(Object(first.body).prev_page_token).toBe('');
    expect(Object(back.body).prev_page_token).toBe('');
  });

  test('filters on metadata and on the external ID; search finds a part of the name, of an ID, in any case', async () => {
    const client = await server.addEnvironment('filters');
    await client.request('POST', path, {
      display_name: 'Größe & Co',
      external_id: 'F-1',
      slug: 'groesse',
      metadata: { plan: 'pro', seats: 5 },
    });
    await client.request('POST', path, {
      display_name: '100%_sure',
      external_ids: { crm: 'Xyz-42' },
      metadata: { plan: 'pro', seats: 50 },
    });
    const found = async (query: string) => {
      const { body } = await client.request('GET', `${path}${query}`);
      return Object(body).organizations.map((organization: { display_name: string }) => organization.display_name);
    };
    const filter = (text: string) => `?filter=${encodeURIComponent(text)}`;
    expect(await found(filter('metadata.plan = "pro" AND metadata.seats > 10'))).toEqual(['100%_sure']);
    expect(await found(filter('NOT metadata.seats < 10 OR metadata["plan"] = "free"'))).toEqual(['100%_sure']);
    expect(await found('?external_id=F-1')).toEqual(['Größe & Co']);
    expect([await found('?slug=groesse'), await found('?slug=groess'), await found('?slug=')]).toEqual([['Größe & Co'], [], []]);
    expect(await found(`:search?query=${encodeURIComponent('GRÖSSE'.replace('SS', 'ß'))}`)).toEqual(['Größe & Co']);
    expect(await found(`:search?query=${encodeURIComponent('0%_')}`)).toEqual(['100%_sure']);
    expect(await found(':search?query=xyz')).toEqual(['100%_sure']);
  });
});
