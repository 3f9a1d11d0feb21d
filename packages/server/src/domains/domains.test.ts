import { beforeAll, describe, expect, test } from 'vitest';
import { tagOf, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const organizations = '/api/v1/organizations';
const domainsOf = (organizationId: string) => `${organizations}/${organizationId}/domains`;

let acme = '';
let count = 0;
beforeAll(async () => {
  acme = await newOrganization();
});

async function newOrganization(fields: object = {}): Promise<string> {
  const { body } = await request('POST', organizations, { display_name: 'Acme', ...fields });
  return Object(body).organization.id;
}

async function newDomain(organizationId: string, fields: object = {}): Promise<{ id: string; domain: string }> {
  count += 1;
  const { body } = await request('POST', domainsOf(organizationId), { domain: `d${count}.example`, ...fields });
  return Object(body).domain;
}

async function eventsOf(publicId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await server.database.pool.query('select * from events where record_id = $1 order by sequence', [publicId.slice(4)]);
  return rows;
}

describe('create', () => {
  test('201: a domain without a type is the organization’s own and waits for its proof', async () => {
    const { status, headers, body } = await request('POST', domainsOf(acme), { domain: 'Acme.Example' });
    expect([status, headers.get('etag')]).toEqual([201, tagOf(1)]);
    expect(body).toEqual({
      domain: {
        id: expect.stringMatching(/^dom_[0-9]{18,19}$/),
        environment_id: `env_${server.client.environmentId}`,
        organization_id: acme,
        domain: 'acme.example',
        domain_type: 'ORGANIZATION_DOMAIN',
        verification_status: 'PENDING',
        verification_method: 'DNS',
        txt_record_key: '_crosswalk-challenge.acme.example',
        txt_record_secret: expect.stringMatching(/^[A-Za-z0-9_-]{32}$/),
        version: 1,
        create_time: expect.any(String),
        update_time: expect.any(String),
      },
    });
  });

  test('201: an allowed email domain has nothing to prove', async () => {
    const { status, body } = await request('POST', domainsOf(acme), { domain: 'mail.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' });
    expect([status, Object(body).domain]).toMatchObject([
      201,
      {
        domain_type: 'ALLOWED_EMAIL_DOMAIN',
        verification_status: 'AUTO_VERIFIED',
        verification_method: 'NOT_APPLICABLE',
        txt_record_key: null,
        txt_record_secret: null,
      },
    ]);
  });

  test.each([
    ['münchen.example', 'xn--mnchen-3ya.example'],
    ['a.bc', 'a.bc'],
    ['matthews-oliver.com', 'matthews-oliver.com'],
    ['gmail.com', 'gmail.com'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('201: %s is kept as %s', async (domain, kept) => {
    const { status, body } = await request('POST', domainsOf(acme), { domain });
    expect([status, Object(body).domain?.domain]).toEqual([201, kept]);
  });

  test.each([
    ['a single label', 'invalid-domain-name'],
    ['a trailing dot', 'acme.example.'],
    ['a label of 64 characters', `${'a'.repeat(64)}.example`],
    ['254 characters', `${'a.'.repeat(123)}examples`],
    ['an IP address', '192.168.1.1'],
    ['an IP address in hexadecimal', '0x7f.1'],
    ['full-width letters', 'ａｃｍｅ.example'],
    ['an ideographic dot', 'acme。example'],
    ['a circled letter', 'ⓐcme.example'],
    ['an emoji', '😀.example'],
    ['an emoji in ASCII', 'xn--e28h.example'],
    ['an email address', 'ada@acme.example'],
    ['a web address', 'https://acme.example'],
    ['a wildcard', '*.acme.example'],
    ['white space', ' acme.example'],
    ['NUL', 'acme.example\u0000'],
  ])('400: %s is no domain', async (_name, domain) => {
    const { status, body } = await request('POST', domainsOf(acme), { domain });
    expect([status, body]).toMatchObject([
      400,
      { details: [{ error_code: 'INVALID_DOMAIN', validation_error_info: { field_violations: [{ field: 'domain' }] } }] },
    ]);
  });

  test.each([
    ['no domain', {}, 'domain'],
    ['a number', { domain: 1 }, 'domain'],
    ['null', { domain: null }, 'domain'],
    ['three characters', { domain: 'a.b' }, 'domain'],
    ['256 characters', { domain: 'a'.repeat(256) }, 'domain'],
    ['another type', { domain: 'x.example', domain_type: 'DOMAIN_TYPE_UNSPECIFIED' }, 'domain_type'],
    ['a status', { domain: 'x.example', verification_status: 'VERIFIED' }, 'verification_status'],
  ])('400: %s is refused and named', async (_name, body, field) => {
    const answer = await request('POST', domainsOf(acme), body);
    expect([answer.status, Object(answer.body).details[0].validation_error_info.field_violations[0].field]).toEqual([400, field]);
  });

  test('409: an owned domain has one owner in the environment, whom the error names, in whatever spelling', async () => {
    const [first, second] = [await newOrganization(), await newOrganization()];
    const { id } = await newDomain(first, { domain: 'bücher.example' });
    for (const [organizationId, domain] of [
      [second, 'bücher.example'],
      [second, 'XN--BCHER-KVA.example'],
      [first, 'Bücher.example'],
    ]) {
      const { status, body } = await request('POST', domainsOf(String(organizationId)), { domain });
      expect([status, body]).toMatchObject([
        409,
        {
          message: `domain: ${first} has this domain (${id})`,
          details: [{ error_code: 'DOMAIN_TAKEN', resource_info: { kind: 'organization', id: first, value: 'xn--bcher-kva.example' } }],
        },
      ]);
    }
  });

  test('an allowed email domain may be allowed by many, by each once, and be owned by one of them', async () => {
    const [first, second] = [await newOrganization(), await newOrganization()];
    const allow = { domain: 'shared.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' };
    expect((await request('POST', domainsOf(first), allow)).status).toBe(201);
    expect((await request('POST', domainsOf(second), allow)).status).toBe(201);
    expect((await request('POST', domainsOf(second), { domain: 'shared.example' })).status).toBe(201);
    const again = await request('POST', domainsOf(second), allow);
    expect([again.status, again.body]).toMatchObject([409, { details: [{ resource_info: { id: second } }] }]);
  });

  test('404: an unknown organization, also when the domain is taken; 400: a malformed ID', async () => {
    await newDomain(acme, { domain: 'taken.example' });
    for (const domain of ['free.example', 'taken.example']) {
      expect((await request('POST', domainsOf('org_1'), { domain })).body).toMatchObject({
        details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }],
      });
    }
    expect((await request('POST', domainsOf('invalid-org-id'), { domain: 'free.example' })).body).toMatchObject({
      details: [{ error_code: 'INVALID_ID', validation_error_info: { field_violations: [{ field: 'organization_id' }] } }],
    });
  });

  test('a hundred at once make one, whoever asks; the others learn who has it', async () => {
    const owners = await Promise.all([newOrganization(), newOrganization(), newOrganization()]);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => request('POST', domainsOf(owners[index % 3] ?? ''), { domain: 'race.example' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(99).fill(409)]);
    const { organization_id: winner, id } = Object(answers.find(({ status }) => status === 201)?.body).domain;
    const holders = answers.filter(({ status }) => status === 409).map(({ body }) => Object(body).details[0].resource_info.id);
    expect(new Set(holders)).toEqual(new Set([winner]));
    expect(await eventsOf(id)).toHaveLength(1);
  });

  test('the same Idempotency-Key makes one domain and repeats the answer', async () => {
    const create = () => request('POST', domainsOf(acme), { domain: 'once.example' }, { 'idempotency-key': 'domain-once' });
    const [first, second] = [await create(), await create()];
    expect([second.status, second.text, second.headers.get('idempotent-replayed')]).toEqual([201, first.text, 'true']);
  });
});

describe('get', () => {
  test('by the ID of the organization or by one of the owner’s, in the path or in the query', async () => {
    const organizationId = await newOrganization({ external_id: 'DOM/1 ü', external_ids: { crm: '..' } });
    const { id } = await newDomain(organizationId);
    const answers = await Promise.all([
      request('GET', `${domainsOf(organizationId)}/${id}`),
      request('GET', `${organizations}:external/${encodeURIComponent('DOM/1 ü')}/domains/${id}`),
      request('GET', `${organizations}:external:domains/${id}?external_id=..&system=crm`),
    ]);
    expect(answers.map(({ status, body }) => [status, Object(body).domain?.id])).toEqual(Array(3).fill([200, id]));
    expect((await request('GET', `${domainsOf(organizationId)}/${id}`, undefined, { 'if-none-match': `"1-${id.slice(4)}"` })).status).toBe(
      304,
    );
  });

  test('404: unknown, or of another organization; 400: not the ID of a domain', async () => {
    const { id } = await newDomain(acme);
    const other = await newOrganization();
    for (const path of [`${domainsOf(acme)}/dom_1`, `${domainsOf(other)}/${id}`, `${domainsOf('org_1')}/${id}`]) {
      const { status, body } = await request('GET', path);
      expect([path, status, body]).toMatchObject([path, 404, { details: [{ error_code: 'DOMAIN_NOT_FOUND' }] }]);
    }
    expect((await request('GET', `${domainsOf(acme)}/usr_1`)).body).toMatchObject({
      message: expect.stringContaining('this is the ID of a user'),
    });
    expect((await request('GET', `${domainsOf('invalid-org-id')}/${id}`)).status).toBe(400);
    expect((await request('GET', `${organizations}:external/nobody/domains/${id}`)).body).toMatchObject({
      details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }],
    });
  });
});

describe('list', () => {
  test('empty for a new organization; newest first; exact by type; by number of page', async () => {
    const organizationId = await newOrganization({ external_id: 'LISTED' });
    const list = async (query: string) => Object((await request('GET', `${domainsOf(organizationId)}${query}`)).body);
    const names = async (query: string) => (await list(query)).domains.map(({ domain }: { domain: string }) => domain);
    expect(await list('')).toEqual({ page_size: 30, page_number: 0, domains: [], total_size: 0, total_size_is_floor: false });
    for (const index of [1, 2, 3]) await newDomain(organizationId, { domain: `own${index}.example` });
    await newDomain(organizationId, { domain: 'allowed.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' });
    expect(await names('')).toEqual(['allowed.example', 'own3.example', 'own2.example', 'own1.example']);
    expect(await names('?domain_type=ALLOWED_EMAIL_DOMAIN')).toEqual(['allowed.example']);
    expect(await names('?domain_type=ORGANIZATION_DOMAIN&page_size=2')).toEqual(['own3.example', 'own2.example']);
    expect(await list('?domain_type=ORGANIZATION_DOMAIN&page_size=2&page_number=1')).toMatchObject({
      page_size: 2,
      page_number: 1,
      domains: [{ domain: 'own1.example' }],
      total_size: 3,
    });
    expect(await names('?page_number=7')).toEqual([]);
    const { body } = await request('GET', `${organizations}:external/LISTED/domains?page_size=1`);
    expect(Object(body).domains).toHaveLength(1);
  });

  test('what existing clients ask to be included is taken: all of it is there anyway', async () => {
    const { id } = await newDomain(acme);
    expect(Object((await request('GET', `${domainsOf(acme)}?include=all`)).body).domains[0].id).toBe(id);
  });

  test('an unknown organization is 404 and a malformed ID 400: not an empty list', async () => {
    expect((await request('GET', domainsOf('org_1'))).body).toMatchObject({ details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }] });
    expect((await request('GET', domainsOf('invalid-org-id'))).body).toMatchObject({ details: [{ error_code: 'INVALID_ID' }] });
    expect((await request('GET', `${organizations}:external/nobody/domains`)).status).toBe(404);
  });

  test.each([
    'page_size=0',
    'page_size=101',
    'page_size=1e1',
    'page_number=-1',
    'page_number=1.5',
    'page_number=10001',
    'page_size=100&page_number=101',
    'domain_type=OTHER',
    'page_token=AAAA',
    'page_number=1&page_number=2',
  ])('400: %s', async (query) => {
    expect((await request('GET', `${domainsOf(acme)}?${query}`)).status).toBe(400);
  });
});

describe('delete', () => {
  test('204, then it is gone, and its name free for any organization at once', async () => {
    const [first, second] = [await newOrganization(), await newOrganization()];
    const { id } = await newDomain(first, { domain: 'moves.example' });
    expect((await request('DELETE', `${domainsOf(second)}/${id}`)).status).toBe(404);
    expect((await request('DELETE', `${domainsOf(first)}/${id}`, undefined, { 'if-match': '"2"' })).status).toBe(412);
    expect((await request('DELETE', `${domainsOf(first)}/${id}`)).status).toBe(204);
    expect((await request('GET', `${domainsOf(first)}/${id}`)).status).toBe(404);
    expect((await request('DELETE', `${domainsOf(first)}/${id}`)).body).toMatchObject({ details: [{ error_code: 'DOMAIN_NOT_FOUND' }] });
    expect((await request('POST', domainsOf(second), { domain: 'moves.example' })).status).toBe(201);
  });

  test('of a hundred at once one deletes', async () => {
    const { id } = await newDomain(acme);
    const answers = await Promise.all(Array.from({ length: 100 }, () => request('DELETE', `${domainsOf(acme)}/${id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(99).fill(404)]);
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual(['organization.domain_created', 'organization.domain_deleted']);
  });
});

test('each change writes an event with its version, what changed and the external IDs of the organization', async () => {
  const organizationId = await newOrganization({ external_id: 'CUST-7', external_ids: { stripe: 'cus_7' } });
  const { id } = await newDomain(organizationId, { domain: 'events.example' });
  await request('DELETE', `${domainsOf(organizationId)}/${id}`);
  const events = await eventsOf(id);
  const shared = {
    record_kind: 'domain',
    record_id: id.slice(4),
    organization_id: organizationId.slice(4),
    external_id: 'CUST-7',
    external_ids: { stripe: 'cus_7' },
    data: { id, domain: 'events.example', organization_id: organizationId },
  };
  expect(events).toMatchObject([
    { ...shared, type: 'organization.domain_created', record_version: '1', changed: { domain: [null, 'events.example'] } },
    { ...shared, type: 'organization.domain_deleted', record_version: '2', changed: { domain: ['events.example', null] } },
  ]);
});

describe('the deletion of an organization', () => {
  test('takes its domains away, each with its event, and frees their names', async () => {
    const organizationId = await newOrganization({ external_id: 'ENDS' });
    const { id: other } = await newDomain(organizationId, { domain: 'ends.example', domain_type: 'ALLOWED_EMAIL_DOMAIN' });
    const { id: own } = await newDomain(organizationId, { domain: 'ends.example' });
    expect((await request('DELETE', `${organizations}/${organizationId}`)).status).toBe(204);
    for (const id of [own, other]) {
      expect((await eventsOf(id)).at(-1)).toMatchObject({ type: 'organization.domain_deleted', record_version: '2', external_id: 'ENDS' });
    }
    expect((await request('POST', domainsOf(acme), { domain: 'ends.example' })).status).toBe(201);
  });

  test('with 2,500 domains', async () => {
    const organizationId = await newOrganization();
    await server.database.pool.query(
      `insert into domains (environment_id, id, organization_id, domain, domain_type, verification_status)
       select $1, 7000000 + n, $2, 'many' || n || '.example', 'ORGANIZATION_DOMAIN', 'PENDING' from generate_series(1, 2500) n`,
      [server.client.environmentId, organizationId.slice(4)],
    );
    expect((await request('DELETE', `${organizations}/${organizationId}`)).status).toBe(204);
    const { rows } = await server.database.pool.query(
      "select count(*)::int as count from events where organization_id = $1 and type = 'organization.domain_deleted'",
      [organizationId.slice(4)],
    );
    expect(rows[0].count).toBe(2500);
  });

  test('while domains come and go: every one that was made is gone and has both its events', async () => {
    for (let round = 0; round < 5; round += 1) {
      const organizationId = await newOrganization();
      const { id: leaving } = await newDomain(organizationId);
      const [, , ...made] = await Promise.all([
        request('DELETE', `${organizations}/${organizationId}`),
        request('DELETE', `${domainsOf(organizationId)}/${leaving}`),
        ...Array.from({ length: 30 }, (_, index) =>
          request('POST', domainsOf(organizationId), { domain: `round${round}-${index}.example` }),
        ),
      ]);
      expect(made.every(({ status }) => status === 201 || status === 404)).toBe(true);
      const { rows } = await server.database.pool.query('select count(*)::int as count from domains where organization_id = $1', [
        organizationId.slice(4),
      ]);
      expect(rows[0].count).toBe(0);
      for (const id of [leaving, ...made.filter(({ status }) => status === 201).map(({ body }) => Object(body).domain.id)]) {
        expect((await eventsOf(id)).map(({ type }) => type)).toEqual(['organization.domain_created', 'organization.domain_deleted']);
      }
    }
  });
});
