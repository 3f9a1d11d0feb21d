import { createHmac, generateKeyPairSync } from 'node:crypto';
import { importPKCS8, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { describe, expect, test } from 'vitest';
import { type TestAnswer, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);

async function grant(form: string | Record<string, string>, headers: Record<string, string> = {}): Promise<TestAnswer> {
  const response = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

const credentials = () => ({ client_id: server.client.clientId, client_secret: server.client.clientSecret });
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});
const withToken = (token: string) => fetch(`${server.url}/api/v1/organizations`, { headers: { authorization: `Bearer ${token}` } });

describe('the token endpoint', () => {
  test('grants a token for the credentials in the form and as HTTP Basic', async () => {
    const answers = [
      await grant({ grant_type: 'client_credentials', ...credentials() }),
      await grant({ grant_type: 'client_credentials' }, basic(server.client.clientId, server.client.clientSecret)),
    ];
    for (const { status, headers, body } of answers) {
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 3600, scope: 'read write' });
      expect((await withToken(Object(body).access_token)).status).toBe(200);
    }
  });

  test('scope narrows the token; a request beyond it is 403', async () => {
    const { body } = await grant({ grant_type: 'client_credentials', scope: 'read', ...credentials() });
    expect(Object(body).scope).toBe('read');
    const response = await fetch(`${server.url}/api/v1/organizations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${Object(body).access_token}`, 'content-type': 'application/json' },
      body: '{"display_name":"x"}',
    });
    expect([response.status, await response.json()]).toMatchObject([403, { details: [{ error_code: 'PERMISSION_DENIED' }] }]);
  });

  test('a client of OpenID certified make gets a token by discovery', async () => {
    const metadata: openid.ServerMetadata = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json();
    expect(metadata.issuer).toBe('http://crosswalk.test');
    const configuration = new openid.Configuration(
      { ...metadata, token_endpoint: `${server.url}/oauth/token` },
      server.client.clientId,
      server.client.clientSecret,
    );
    openid.allowInsecureRequests(configuration);
    const tokens = await openid.clientCredentialsGrant(configuration, { scope: 'read write' });
    expect(tokens.expires_in).toBe(3600);
  });

  test.each([
    ['a wrong secret', { grant_type: 'client_credentials', client_secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { grant_type: 'client_credentials', client_id: 'skc_1' }, 401, 'invalid_client'],
    ['what is no client ID', { grant_type: 'client_credentials', client_id: "x' or 1=1" }, 401, 'invalid_client'],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['a scope that is too wide', { grant_type: 'client_credentials', scope: 'read admin' }, 400, 'invalid_scope'],
  ])('%s is refused as RFC 6749 says (H10)', async (_name, form, status, error) => {
    const answer = await grant({ ...credentials(), ...form });
    expect([answer.status, Object(answer.body).error, answer.headers.get('cache-control')]).toEqual([status, error, 'no-store']);
    expect(Object(answer.body).error_description).not.toContain(server.client.clientSecret);
  });

  test('credentials twice, a parameter twice, no credentials, JSON instead of a form are invalid requests (H10)', async () => {
    const { client_id: id, client_secret: secret } = credentials();
    const answers = [
      await grant({ grant_type: 'client_credentials', ...credentials() }, basic(id, secret)),
      await grant(`grant_type=client_credentials&client_id=${id}&client_id=${id}&client_secret=${secret}`),
      await grant({ grant_type: 'client_credentials' }),
      await grant(JSON.stringify(credentials()), { 'content-type': 'application/json' }),
    ];
    expect(answers.map(({ status, body }) => [status, Object(body).error])).toEqual(Array(4).fill([400, 'invalid_request']));
  });

  test('Basic that is refused says so in WWW-Authenticate; its parts are form-decoded (H11)', async () => {
    const answer = await grant({ grant_type: 'client_credentials' }, basic('skc_1', 'a:b%c ü'));
    const badEscape = { authorization: `Basic ${Buffer.from('skc_1:%ff').toString('base64')}` };
    const others = [{ authorization: 'Basic %%%' }, badEscape].map((headers) => grant({ grant_type: 'client_credentials' }, headers));
    for (const { status, headers } of [answer, ...(await Promise.all(others))]) {
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Basic realm="crosswalk"']);
    }
  });

  test('guessing is slowed down: after 20 failures 429 with Retry-After, for that client alone', async () => {
    const victim = await server.addEnvironment('guessed');
    const guess = () => grant({ grant_type: 'client_credentials', client_id: victim.clientId, client_secret: 'guess' });
    for (let attempt = 0; attempt < 20; attempt += 1) expect((await guess()).status).toBe(401);
    const answer = await guess();
    expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect((await grant({ grant_type: 'client_credentials', ...credentials() })).status).toBe(200);
  });

  test('guesses that are made at once are no way around: 20 of 200 are tried', async () => {
    const victim = await server.addEnvironment('guessed at once');
    const guess = () => grant({ grant_type: 'client_credentials', client_id: victim.clientId, client_secret: 'guess' });
    const statuses = (await Promise.all(Array.from({ length: 200 }, guess))).map(({ status }) => status);
    expect([401, 429].map((wanted) => statuses.filter((status) => status === wanted).length)).toEqual([20, 180]);
  });

  test('a fleet that starts at once gets all its tokens, even beside guesses of the same client', async () => {
    const { clientId, clientSecret } = await server.addEnvironment('fleet');
    const start = (secret: string) => grant({ grant_type: 'client_credentials', client_id: clientId, client_secret: secret });
    const guesses = Array.from({ length: 19 }, () => start('guess'));
    const fleet = await Promise.all(Array.from({ length: 300 }, () => start(clientSecret)));
    expect(fleet.filter(({ status }) => status === 200)).toHaveLength(300);
    expect((await Promise.all(guesses)).map(({ status }) => status)).toEqual(Array(19).fill(401));
  });
});

describe('access tokens', () => {
  const segments = () => server.client.token.split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('the key of the token is published, without its private part', async () => {
    const { keys }: { keys: Record<string, string>[] } = await (await fetch(`${server.url}/keys`)).json();
    const header = JSON.parse(Buffer.from(segments()[0] ?? '', 'base64url').toString());
    expect(header).toMatchObject({ alg: 'RS256', typ: 'at+jwt', kid: keys[0]?.kid });
    expect(keys.every((key) => key.d === undefined && key.kty === 'RSA')).toBe(true);
  });

  test('its claims name client, environment, scopes, issuer and time', () => {
    const claims = JSON.parse(Buffer.from(segments()[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({
      iss: 'http://crosswalk.test',
      sub: server.client.clientId,
      client_id: server.client.clientId,
      environment_id: `env_${server.client.environmentId}`,
      scopes: ['read', 'write'],
      scope: 'read write',
      exp: claims.iat + 3600,
      jti: expect.any(String),
    });
  });

  test('whatever is not a token of ours is 401 with WWW-Authenticate (H1, H2, H3, H6, H7)', async () => {
    const [, payload = '', signature = ''] = segments();
    const { keys } = await (await fetch(`${server.url}/keys`)).json();
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const foreign = await importPKCS8(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'RS256');
    const sign = (header: object) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', ...header }).sign(foreign);
    const hmac = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: keys[0].kid })}.${payload}`;
    const bad = [
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${hmac}.${createHmac('sha256', JSON.stringify(keys[0])).update(hmac).digest('base64url')}`,
      await sign({ kid: keys[0].kid }),
      await sign({}),
      await sign({ kid: '../../x' }),
      await sign({ kid: keys[0].kid, typ: 'JWT' }),
      `${segments()[0]}.${encode({ ...claims, environment_id: 'env_1' })}.${signature}`,
      `${server.client.token}.x.y`,
      segments().slice(0, 2).join('.'),
      `${server.client.token}=`,
      server.client.token.slice(0, -3),
      'x'.repeat(7000),
    ];
    const headers = [...bad.map((token) => `Bearer ${token}`), 'Bearer', 'Bearer a b', 'bearer x', 'Basic x', ''];
    for (const authorization of headers) {
      const response = await fetch(`${server.url}/api/v1/organizations`, { headers: { authorization } });
      expect([authorization.slice(0, 40), response.status, response.headers.get('www-authenticate')]).toEqual([
        authorization.slice(0, 40),
        401,
        'Bearer realm="crosswalk"',
      ]);
    }
    expect((await fetch(`${server.url}/api/v1/organizations`)).status).toBe(401);
  });

  test('a valid token among several is accepted', async () => {
    const response = await fetch(`${server.url}/api/v1/organizations`, {
      headers: { authorization: `Bearer old.token.x, Bearer ${server.client.token}` },
    });
    expect(response.status).toBe(200);
  });
});

describe('secrets', () => {
  test('two may live at once for a rotation; the third and the removal of the last are refused', async () => {
    const made = Object((await request('POST', '/api/v1/clients', { name: 'Rotating', scopes: ['read'] })).body);
    const url = `/api/v1/clients/${made.client.id}`;
    const token = (secret: string) => grant({ grant_type: 'client_credentials', client_id: made.client.id, client_secret: secret });
    const second = Object((await request('POST', `${url}/secrets`)).body);
    expect([(await token(made.plain_secret)).status, (await token(second.plain_secret)).status]).toEqual([200, 200]);
    expect((await request('POST', `${url}/secrets`)).body).toMatchObject({ details: [{ error_code: 'TOO_MANY_CLIENT_SECRETS' }] });
    expect((await request('DELETE', `${url}/secrets/${made.secret_id}`)).status).toBe(204);
    expect([(await token(made.plain_secret)).status, (await token(second.plain_secret)).status]).toEqual([401, 200]);
    expect((await request('DELETE', `${url}/secrets/${second.secret_id}`)).body).toMatchObject({
      details: [{ error_code: 'LAST_CLIENT_SECRET' }],
    });
    const { body } = await request('GET', url);
    expect(body).toMatchObject({
      client: {
        name: 'Rotating',
        scopes: ['read'],
        last_used_time: expect.any(String),
        secrets: [{ hint: second.plain_secret.slice(-4) }],
      },
    });
    expect(JSON.stringify(body)).not.toContain(second.plain_secret);
  });

  test('a revoked client gets no new token', async () => {
    const made = Object((await request('POST', '/api/v1/clients', { name: 'Revoked' })).body);
    expect((await request('DELETE', `/api/v1/clients/${made.client.id}`)).status).toBe(204);
    expect((await grant({ grant_type: 'client_credentials', client_id: made.client.id, client_secret: made.plain_secret })).status).toBe(
      401,
    );
    expect((await request('GET', `/api/v1/clients/${made.client.id}`)).status).toBe(404);
  });

  test('only hashes of secrets are stored', async () => {
    const { rows } = await server.database.pool.query(
      "select (select string_agg(t::text, ' ') from client_secrets t) || (select string_agg(t::text, ' ') from clients t) as text",
    );
    expect(rows[0].text).not.toContain(server.client.clientSecret);
  });
});

test('an environment has a thousand clients at most, all of them in its list, also when the last are made at once', async () => {
  const crowded = await server.addEnvironment('crowded with clients');
  await server.database.pool.query(
    "insert into clients (environment_id, id, name, scopes) select $1, n, 'Client ' || n, '{read}' from generate_series(1, 998) n",
    [crowded.environmentId],
  );
  const answers = await Promise.all(Array.from({ length: 3 }, () => crowded.request('POST', '/api/v1/clients', { name: 'The last' })));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400]);
  expect(answers.find(({ status }) => status === 400)?.body).toMatchObject({ details: [{ error_code: 'TOO_MANY_CLIENTS' }] });
  expect(Object((await crowded.request('GET', '/api/v1/clients')).body).clients).toHaveLength(1000);
});
