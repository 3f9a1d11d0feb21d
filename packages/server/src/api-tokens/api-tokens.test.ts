import { beforeAll, describe, expect, test } from 'vitest';
import { type TestAnswer, useTestServer } from '../testing.ts';
import { purgeTokens } from './api-token-store.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/tokens';

let organizationId = '';
let count = 0;
beforeAll(async () => {
  organizationId = await newOrganization({ display_name: 'Acme', external_id: 'CUST-1' });
});

async function newOrganization(body: object): Promise<string> {
  return Object((await request('POST', '/api/v1/organizations', body)).body).organization.id;
}

/** A user with a membership, active unless told otherwise. */
async function newMember(organization = organizationId, membership: object = { send_invitation_email: false }): Promise<string> {
  count += 1;
  const { body } = await request('POST', `/api/v1/organizations/${organization}/users`, {
    email: `member${count}@example.com`,
    external_id: `E-${count}`,
    membership,
  });
  return Object(body).user.id;
}

async function newToken(body: object = {}): Promise<{ token: string; id: string }> {
  const made = Object((await request('POST', path, { organization_id: organizationId, ...body })).body);
  return { token: made.token, id: made.token_id };
}

const validate = (token: string) => request('POST', `${path}:validate`, { token });
const invalidate = (token: string) => request('POST', `${path}:invalidate`, { token });
const update = (token: string, body: object, headers?: Record<string, string>) =>
  request('POST', `${path}:update`, { token, ...body }, headers);
const eventsOf = async (id: string): Promise<string[]> => {
  const { rows } = await server.database.pool.query('select type from events where record_id = $1 order by sequence', [id.slice(5)]);
  return rows.map(({ type }) => type);
};
const codeOf = ({ body }: TestAnswer) => Object(body).details?.[0].error_code;
const membershipOf = (userId: string) => `/api/v1/memberships/organizations/${organizationId}/users/${userId}`;

describe('create', () => {
  test('201 for an organization: the token is shown here and its end nowhere but by what is set', async () => {
    const { status, headers, body } = await request('POST', path, {
      organization_id: organizationId,
      custom_claims: { team: 'engineering', camelKey: 'x' },
      description: 'Nightly',
      expiry: '2090-01-01T02:00:00+02:00',
    });
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    const { token, token_id: id, token_info: info } = Object(body);
    expect(token).toMatch(/^cwt_[A-Za-z0-9_-]{43}$/);
    expect(id).toMatch(/^apit_[0-9]{18,19}$/);
    expect(info).toEqual({
      token_id: id,
      organization_id: organizationId,
      organization_external_id: 'CUST-1',
      user_id: null,
      user_external_id: null,
      email: null,
      roles: [],
      custom_claims: { team: 'engineering', camelKey: 'x' },
      description: 'Nightly',
      token_suffix: token.slice(-4),
      expiry: '2090-01-01T00:00:00.000Z',
      version: 1,
      created_at: expect.any(String),
      last_used_at: null,
    });
    expect((await validate(id)).body).toEqual({ token_info: info });
  });

  test('201 for an active member: it says who that is, with the roles of now', async () => {
    const userId = await newMember(organizationId, { send_invitation_email: false, roles: [{ name: 'admin' }] });
    const { id } = await newToken({ user_id: userId });
    expect((await validate(id)).body).toMatchObject({
      token_info: { user_id: userId, user_external_id: `E-${count}`, email: `member${count}@example.com`, roles: ['admin'], expiry: null },
    });
    await request('PATCH', membershipOf(userId), { roles: [{ name: 'member' }] });
    expect((await validate(id)).body).toMatchObject({ token_info: { roles: ['member'] } });
  });

  test('400 for a member who is not active, 404 for who is none, for no organization and for no user', async () => {
    const [invited, stranger] = [await newMember(organizationId, {}), await newMember(await newOrganization({ display_name: 'Other' }))];
    const answers = [
      await request('POST', path, { organization_id: organizationId, user_id: invited }),
      await request('POST', path, { organization_id: organizationId, user_id: stranger }),
      await request('POST', path, { organization_id: 'org_7' }),
      await request('POST', path, { organization_id: 'org_7', user_id: stranger }),
      await request('POST', path, { organization_id: organizationId, user_id: 'usr_7' }),
    ];
    expect(answers.map((answer) => [answer.status, codeOf(answer)])).toEqual([
      [400, 'MEMBERSHIP_NOT_ACTIVE'],
      [404, 'MEMBERSHIP_NOT_FOUND'],
      [404, 'ORGANIZATION_NOT_FOUND'],
      [404, 'ORGANIZATION_NOT_FOUND'],
      [404, 'MEMBERSHIP_NOT_FOUND'],
    ]);
  });

  test.each([
    ['no organization', { organization_id: undefined }, /^organization_id/],
    ['a user ID as organization', { organization_id: 'usr_7' }, /^organization_id/],
    ['an ID beyond 63 bits', { organization_id: 'org_9999999999999999999' }, /^organization_id/],
    ['an organization ID as user', { user_id: 'org_7' }, /^user_id/],
    ['a description of 256 characters', { description: 'd'.repeat(256) }, /^description/],
    ['a description with NUL', { description: 'a\u0000' }, /^description/],
    ['21 claims', { custom_claims: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`k${index}`, 'v'])) }, /^custom_claims/],
    ['a claim with an empty value', { custom_claims: { k: '' } }, /^custom_claims.k/],
    ['a claim with an empty key', { custom_claims: { '': 'v' } }, /^custom_claims: a key/],
    ['a claim key of 31 characters', { custom_claims: { ['k'.repeat(31)]: 'v' } }, /^custom_claims: a key .*30/],
    ['a claim key that every object has', { custom_claims: { constructor: 'v' } }, /^custom_claims.constructor: this key is not allowed/],
    ['a claim value of 257 characters', { custom_claims: { k: 'v'.repeat(257) } }, /^custom_claims.k/],
    ['a claim that is a number', { custom_claims: { k: 1 } }, /^custom_claims.k/],
    ['an expiry in the past', { expiry: '2020-01-01T00:00:00Z' }, /^expiry: must be in the future/],
    ['an expiry that is no time', { expiry: '2090-02-30T00:00:00Z' }, /^expiry: must be a time/],
    ['an expiry in seconds', { expiry: 3600 }, /^expiry/],
    ['a field of an answer', { token_id: 'apit_1' }, /^token_id/],
  ])('400 for %s, naming it', async (_name, body, message) => {
    const answer = await request('POST', path, { organization_id: organizationId, ...body });
    expect([answer.status, Object(answer.body).message]).toEqual([400, expect.stringMatching(message)]);
  });

  test('claims at their limits are kept as they are', async () => {
    const custom_claims = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`${String(index).padStart(2, '0')}${'😀'.repeat(28)}`, '😀'.repeat(256)]),
    );
    const { id } = await newToken({ custom_claims });
    expect((await validate(id)).body).toMatchObject({ token_info: { custom_claims } });
  });
});

describe('validate', () => {
  test('takes the token or its ID; unknown, expired, invalidated and nonsense are the same 404, which tells nothing of what was sent', async () => {
    const [live, expired, ended] = [await newToken(), await newToken({ expiry: '2090-01-01T00:00:00Z' }), await newToken()];
    await server.database.pool.query("update api_tokens set expire_time = now() - interval '1 millisecond' where id = $1", [
      expired.id.slice(5),
    ]);
    await invalidate(ended.token);
    expect([(await validate(live.token)).status, (await validate(live.id)).status]).toEqual([200, 200]);
    const bad = [
      expired.token,
      expired.id,
      ended.token,
      ended.id,
      `cwt_${'A'.repeat(43)}`,
      `${live.token}=`,
      live.token.toUpperCase(),
      ` ${live.token}`,
      live.token.slice(4),
      'apit_7',
      'apit_',
      organizationId,
      server.client.token,
      'x'.repeat(900_000),
      '\u0000',
    ];
    const texts = new Set<string>();
    for (const token of bad) {
      const answer = await validate(token);
      expect([token.slice(0, 60), answer.status, codeOf(answer)]).toEqual([token.slice(0, 60), 404, 'API_TOKEN_NOT_FOUND']);
      texts.add(answer.text.replace(/req_[0-9a-f]+/, ''));
    }
    expect(texts.size).toBe(1);
    expect((await validate('')).status).toBe(400);
  });

  test('needs only the scope read; the token itself opens nothing here', async () => {
    const { token } = await newToken();
    const { body } = await request('POST', '/api/v1/clients', { name: 'Reader', scopes: ['read'] });
    const form = { grant_type: 'client_credentials', client_id: Object(body).client.id, client_secret: Object(body).plain_secret };
    const { access_token: access } = await (
      await fetch(`${server.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
    ).json();
    const call = async (bearer: string, verb: string) =>
      (
        await fetch(`${server.url}${path}:${verb}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
          body: JSON.stringify({ token }),
        })
      ).status;
    expect([await call(access, 'validate'), await call(access, 'invalidate'), await call(token, 'validate')]).toEqual([200, 403, 401]);
  });

  test('a use is noted, at most once a minute; asking by ID is none', async () => {
    const { token, id } = await newToken();
    const used = async () => Object((await validate(id)).body).token_info.last_used_at;
    expect(await used()).toBeNull();
    await validate(token);
    const first = await used();
    expect(first).toEqual(expect.any(String));
    await Promise.all(Array.from({ length: 30 }, () => validate(token)));
    expect(await used()).toBe(first);
    await server.database.pool.query("update api_tokens set last_used_time = last_used_time - interval '61 seconds' where id = $1", [
      id.slice(5),
    ]);
    const aged = await used();
    await Promise.all(Array.from({ length: 30 }, () => validate(token)));
    expect(Date.parse(await used())).toBeGreaterThan(Date.parse(aged));
  });

  test('does not wait for who holds the token locked', async () => {
    const { token, id } = await newToken();
    const holder = await server.database.pool.connect();
    await holder.query('begin');
    await holder.query('select from api_tokens where id = $1 for update', [id.slice(5)]);
    const answer = await validate(token).finally(async () => {
      await holder.query('rollback');
      holder.release();
    });
    expect([answer.status, Object((await validate(id)).body).token_info.last_used_at]).toEqual([200, null]);
  });

  test('a hundred at once each get their own answer', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, (_, index) => newToken({ description: `n${index}` })));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => validate(index % 5 === 4 ? `cwt_${'B'.repeat(43)}` : (made[index % 20]?.token ?? ''))),
    );
    expect(answers.map(({ body }) => Object(body).token_info?.description)).toEqual(
      Array.from({ length: 100 }, (_, index) => (index % 5 === 4 ? undefined : `n${index % 20}`)),
    );
  });
});

describe('list', () => {
  test('newest first, paged without doubles, counted; of a user alone when asked', async () => {
    const organization = await newOrganization({ display_name: 'Listed' });
    const userId = await newMember(organization);
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      made.unshift((await newToken({ organization_id: organization, ...(index % 2 === 0 ? {} : { user_id: userId }) })).id);
    }
    const seen: string[] = [];
    for (let token = ''; ; ) {
      const { body } = await request('GET', `${path}?organization_id=${organization}&page_size=2&page_token=${token}`);
      expect(body).toMatchObject({ total_count: 5, total_size: 5 });
      seen.push(...Object(body).tokens.map(({ token_id }: { token_id: string }) => token_id));
      token = Object(body).next_page_token;
      if (token === '') break;
    }
    expect(seen).toEqual(made);
    const ofUser = await request('GET', `${path}?organization_id=${organization}&user_id=${userId}`);
    expect([ofUser.body, Object(ofUser.body).tokens.length]).toMatchObject([{ total_count: 2 }, 2]);
    const other = await request('GET', `${path}?organization_id=${organization}&user_id=usr_7`);
    expect(other.body).toMatchObject({ tokens: [], total_count: 0 });
  });

  test('has none that expired or was invalidated; purging removes the expired ones for good', async () => {
    const organization = await newOrganization({ display_name: 'Ended' });
    const [kept, expired, ended] = [
      await newToken({ organization_id: organization }),
      await newToken({ organization_id: organization, expiry: '2090-01-01T00:00:00Z' }),
      await newToken({ organization_id: organization }),
    ];
    await server.database.pool.query('update api_tokens set expire_time = now() where id = $1', [expired.id.slice(5)]);
    await invalidate(ended.id);
    const { body } = await request('GET', `${path}?organization_id=${organization}`);
    expect(body).toMatchObject({ tokens: [{ token_id: kept.id }], total_count: 1 });
    expect(await purgeTokens(server.database.pool)).toBeGreaterThan(0);
    const { rows } = await server.database.pool.query('select id from api_tokens where organization_id = $1', [organization.slice(4)]);
    expect(rows).toEqual([{ id: kept.id.slice(5) }]);
  });

  test('400 without an organization, 404 for one that does not exist', async () => {
    expect((await request('GET', path)).status).toBe(400);
    const answer = await request('GET', `${path}?organization_id=org_7`);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
  });
});

describe('update', () => {
  test('by token or ID: what is not named stays, claims are replaced, an empty text or object clears', async () => {
    const { token, id } = await newToken({ description: 'Before', custom_claims: { a: '1', b: '2' } });
    expect((await update(id, { description: 'After' })).body).toMatchObject({
      token_info: { description: 'After', custom_claims: { a: '1', b: '2' }, version: 2 },
    });
    const second = await update(token, { custom_claims: { c: '3' } });
    expect(Object(second.body).token_info.custom_claims).toEqual({ c: '3' });
    expect(second.body).toMatchObject({ token_info: { description: 'After', version: 3 } });
    expect((await update(id, { custom_claims: { c: '3' } })).body).toEqual(second.body);
    const cleared = await update(id, { description: '', custom_claims: {} });
    expect(Object(cleared.body).token_info).toMatchObject({ description: null, version: 4 });
    expect(Object(cleared.body).token_info.custom_claims).toEqual({});
    expect((await update(id, { custom_claims: { k: '' } })).status).toBe(400);
  });

  test('404 for a token that is not valid, whatever it is', async () => {
    const { token, id } = await newToken();
    await invalidate(id);
    for (const bad of [token, id, 'nonsense']) expect(codeOf(await update(bad, { description: 'x' }))).toBe('API_TOKEN_NOT_FOUND');
  });

  test('a repeated request with an Idempotency-Key gets the same answer, and the token is nowhere in the database', async () => {
    const { token } = Object((await request('POST', path, { organization_id: organizationId })).body);
    expect(token).toMatch(/^cwt_/);
    const change = () => update(token, { description: 'once' }, { 'idempotency-key': 'update' });
    const [first, second] = [await change(), await change()];
    expect([second.text, second.headers.get('idempotent-replayed')]).toEqual([first.text, 'true']);
    await validate(token);
    for (const table of ['api_tokens', 'events', 'idempotency_keys']) {
      const { rows } = await server.database.pool.query(`select coalesce(string_agg(t::text, ' '), '') as text from ${table} t`);
      expect(rows[0].text.includes(token)).toBe(false);
    }
  });
});

describe('the end of a token', () => {
  test('invalidated by token or ID it ends at once; twice, or for what is none, is no error', async () => {
    const [one, two] = [await newToken(), await newToken()];
    expect([(await invalidate(one.token)).status, (await invalidate(two.id)).status]).toEqual([204, 204]);
    for (const { token, id } of [one, two]) expect([(await validate(token)).status, (await validate(id)).status]).toEqual([404, 404]);
    const again = [one.token, two.id, 'apit_7', 'nonsense'];
    for (const token of again) expect((await invalidate(token)).status).toBe(204);
  });

  test('validated while it is invalidated: valid before, never after', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { token } = await newToken();
      const answers = await Promise.all([
        ...Array.from({ length: 10 }, () => validate(token)),
        invalidate(token).then(() => validate(token)),
        invalidate(token),
      ]);
      expect(answers.slice(0, 10).every(({ status }) => status === 200 || status === 404)).toBe(true);
      expect(answers[10]?.status).toBe(404);
    }
  });

  test('a member’s token rests while the membership is not active, and ends with it', async () => {
    const userId = await newMember();
    const { token, id } = await newToken({ user_id: userId });
    await request('PATCH', membershipOf(userId), { membership_status: 'INACTIVE' });
    expect([(await validate(token)).status, (await validate(id)).status]).toEqual([404, 404]);
    expect(codeOf(await request('POST', path, { organization_id: organizationId, user_id: userId }))).toBe('MEMBERSHIP_NOT_ACTIVE');
    await request('PATCH', membershipOf(userId), { membership_status: 'ACTIVE' });
    expect((await validate(token)).status).toBe(200);
    await request('DELETE', membershipOf(userId));
    await request('POST', membershipOf(userId), { send_invitation_email: false });
    expect((await validate(token)).status).toBe(404);
    expect(await eventsOf(id)).toEqual(['api_token.created', 'api_token.invalidated']);
  });

  test('tokens end with their user and with their organization', async () => {
    const organization = await newOrganization({ display_name: 'Short-lived' });
    const [leaver, member] = [await newMember(organization), await newMember(organization)];
    const [ofLeaver, ofMember, ofOrganization] = [
      await newToken({ organization_id: organization, user_id: leaver }),
      await newToken({ organization_id: organization, user_id: member }),
      await newToken({ organization_id: organization }),
    ];
    const statuses = () => Promise.all([ofLeaver, ofMember, ofOrganization].map(async ({ token }) => (await validate(token)).status));
    expect(await statuses()).toEqual([200, 200, 200]);
    await request('DELETE', `/api/v1/users/${leaver}`);
    expect(await statuses()).toEqual([404, 200, 200]);
    const expired = await newToken({ organization_id: organization });
    await server.database.pool.query("update api_tokens set expire_time = now() - interval '1 second' where id = $1", [
      expired.id.slice(5),
    ]);
    await request('DELETE', `/api/v1/organizations/${organization}`);
    expect(await statuses()).toEqual([404, 404, 404]);
    for (const { id } of [ofLeaver, ofMember, ofOrganization])
      expect(await eventsOf(id)).toEqual(['api_token.created', 'api_token.invalidated']);
    expect(await eventsOf(expired.id)).toEqual(['api_token.created']);
  });

  test('tokens made while the membership ends: each is refused, or ends with it', async () => {
    const userId = await newMember();
    const [, ...answers] = await Promise.all([
      request('DELETE', membershipOf(userId)),
      ...Array.from({ length: 20 }, () => request('POST', path, { organization_id: organizationId, user_id: userId })),
    ]);
    expect(answers.every(({ status }) => status === 201 || status === 404)).toBe(true);
    for (const { body } of answers.filter(({ status }) => status === 201)) {
      expect((await validate(Object(body).token)).status).toBe(404);
      expect(await eventsOf(Object(body).token_id)).toEqual(['api_token.created', 'api_token.invalidated']);
    }
  });

  test('2,500 tokens of an organization end with it, each with its event', async () => {
    const organization = await newOrganization({ display_name: 'Many' });
    await server.database.pool.query(
      `insert into api_tokens (environment_id, id, organization_id, token_hash, token_suffix, custom_claims)
       select environment_id, id + n, id, sha256(n::text::bytea), 'last', '{}' from organizations, generate_series(1, 2500) n where id = $1`,
      [organization.slice(4)],
    );
    expect((await request('DELETE', `/api/v1/organizations/${organization}`)).status).toBe(204);
    const { rows } = await server.database.pool.query(
      `select type, count(*)::int as count from events where organization_id = $1 and type <> 'organization.created' group by type order by type`,
      [organization.slice(4)],
    );
    expect(rows).toEqual([
      { type: 'api_token.invalidated', count: 2500 },
      { type: 'organization.deleted', count: 1 },
    ]);
  });
});

test('each change has its event, with what changed and without the token', async () => {
  const { token, id } = await newToken({ description: 'Audited' });
  await update(id, { custom_claims: { role: 'admin' } });
  await validate(token);
  await update(id, { custom_claims: { role: 'admin' } });
  await invalidate(token);
  await invalidate(token);
  const { rows } = await server.database.pool.query(
    'select type, record_version::int as version, changed, data, organization_id from events where record_id = $1 order by sequence',
    [id.slice(5)],
  );
  expect(rows.map(({ type, version, changed }) => ({ type, version, changed }))).toEqual([
    {
      type: 'api_token.created',
      version: 1,
      changed: {
        description: [null, 'Audited'],
        custom_claims: [null, {}],
        token_suffix: [null, token.slice(-4)],
      },
    },
    { type: 'api_token.updated', version: 2, changed: { custom_claims: [{}, { role: 'admin' }] } },
    { type: 'api_token.invalidated', version: 3, changed: expect.objectContaining({ description: ['Audited', null] }) },
  ]);
  expect(rows[0]).toMatchObject({ data: { id, organization_id: organizationId }, organization_id: organizationId.slice(4) });
});
