import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SigningKey } from '@crosswalk/contract';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../../../../test/temporary-directory.ts';
import { buildApp } from '../app.ts';
import { migrate } from '../database/migrate.ts';
import { Browser, environmentIdOf, makeFirstOperator, password } from '../operators/testing.ts';
import { createTestDatabase, makeEnvironment, startAnotherServer, type TestClient, testSettings, useTestServer } from '../testing.ts';
import { KeyPairs } from './index.ts';

// Key pairs take long to make on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const server = useTestServer();
const sql = (text: string, values: unknown[] = []) => server.database.pool.query(text, values);
const day = 86_400_000;

const others: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const other of others.splice(0)) await other.close();
});

let environments = 0;

/** A client of an environment of a test's own, which has one key. */
async function newClient(): Promise<TestClient> {
  environments += 1;
  return server.addEnvironment(`keys ${environments}`);
}

async function keysOf(client: TestClient, token = client.token): Promise<SigningKey[]> {
  const { status, body } = await client.request('GET', '/api/v1/signing_keys', undefined, { authorization: `Bearer ${token}` });
  expect(status).toBe(200);
  return Object(body).signing_keys;
}

const statesOf = async (client: TestClient, token?: string) => (await keysOf(client, token)).map(({ state }) => state);

async function change(client: TestClient, path: string): Promise<SigningKey> {
  const { status, body } = await client.request('POST', `/api/v1/signing_keys${path}`);
  expect([status, body]).toEqual([200, { signing_key: expect.any(Object) }]);
  return Object(body).signing_key;
}

async function tokenFrom(url: string, { clientId, clientSecret }: { clientId: string; clientSecret: string }): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
  const answer = Object(await (await fetch(`${url}/oauth/token`, { method: 'POST', body: form })).json());
  return answer.access_token;
}

async function statusWith(token: string, url = server.url): Promise<number> {
  const response = await fetch(`${url}/api/v1/organizations`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
}

async function published(url = server.url): Promise<string[]> {
  const { keys } = Object(await (await fetch(`${url}/keys`)).json());
  return keys.map(({ kid }: { kid: string }) => kid);
}

/** The keys of an environment, as if the times of all of them were so much longer ago. The server may know it a second later. */
async function letTimePass(client: TestClient, interval: string): Promise<void> {
  await sql(
    `update token_keys set create_time = create_time - $2::interval, sign_time = sign_time - $2::interval, revoke_time = revoke_time - $2::interval,
       last_token_expire_time = last_token_expire_time - $2::interval where environment_id = $1`,
    [client.environmentId, interval],
  );
}

/** Tokens as the server signs them with a key that it has now, however long from now. */
async function signerOf(client: TestClient, id: string) {
  const { rows } = await sql('select kid, private_key_encrypted from token_keys where environment_id = $1 and id = $2', [
    client.environmentId,
    id.slice(id.indexOf('_') + 1),
  ]);
  const privateKey = await new KeyPairs(testSettings.secretKeys).open(rows[0].private_key_encrypted);
  const claims = JSON.parse(Buffer.from(client.token.split('.')[1] ?? '', 'base64url').toString());
  return (changes: object = {}) =>
    new SignJWT({ ...claims, jti: crypto.randomUUID(), exp: Math.floor(Date.now() / 1000) + 3600, ...changes })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: rows[0].kid })
      .sign(privateKey);
}

async function eventsOf(client: TestClient): Promise<{ type: string; record_id: string; actor: object; changed: object }[]> {
  const { body } = await client.request('GET', '/api/v1/events?types=signing_key');
  return Object(body).events;
}

describe('a rotation', () => {
  test('publishes the new key at once; the old one signs until the new one may be known, and its tokens stay valid after that', async () => {
    const client = await newClient();
    const [first] = await keysOf(client);
    const next = await change(client, ':rotate');
    expect(next).toMatchObject({ state: 'NEXT', version: 1, retire_time: null, revoke_time: null });
    expect(Date.parse(next.sign_time) - Date.parse(next.create_time)).toBe(testSettings.tokens.keyLead * 1000);
    expect(await published()).toEqual(expect.arrayContaining([first?.kid, next.kid]));
    const before = await tokenFrom(server.url, client);
    expect(decodeProtectedHeader(before).kid).toBe(first?.kid);

    await letTimePass(client, `${testSettings.tokens.keyLead} seconds`);
    const signedBy = async () => decodeProtectedHeader(await tokenFrom(server.url, client)).kid;
    await vi.waitFor(async () => expect(await signedBy()).toBe(next.kid), { timeout: 20_000 });
    expect(await statesOf(client)).toEqual(['SIGNING', 'VERIFYING']);
    expect([await statusWith(before), await statusWith(client.token)]).toEqual([200, 200]);
    expect(await published()).toEqual(expect.arrayContaining([first?.kid, next.kid]));
  });

  test('ends the old key when the last token that it signed has expired: gone from /keys, and no token of it is accepted', async () => {
    const client = await newClient();
    const [first] = await keysOf(client);
    const sign = await signerOf(client, first?.id ?? '');
    await change(client, ':rotate');
    await letTimePass(client, `${testSettings.tokens.keyLead} seconds`);
    const [, old] = await keysOf(client);
    // As long as the token is accepted by a server whose clock is behind; the times of the key were moved, that of the token was not.
    const { exp } = JSON.parse(Buffer.from(client.token.split('.')[1] ?? '', 'base64url').toString());
    expect(Date.parse(old?.retire_time ?? '')).toBeGreaterThanOrEqual((exp + 60 - testSettings.tokens.keyLead) * 1000);
    expect(await statusWith(await sign())).toBe(200);
    const kept = await sign();
    expect(await statusWith(kept)).toBe(200);

    await letTimePass(client, '70 minutes');
    expect(await statesOf(client)).toEqual(['SIGNING', 'RETIRED']);
    await vi.waitFor(async () => expect(await published()).not.toContain(first?.kid), { timeout: 20_000 });
    expect([await statusWith(await sign()), await statusWith(kept)]).toEqual([401, 401]);
  });

  test('lets an old key verify for as long as the longest of its tokens lives', async () => {
    const client = await newClient();
    const organization = Object((await client.request('POST', '/api/v1/organizations', { display_name: 'Long' })).body).organization;
    const made = Object((await client.request('POST', `/api/v1/organizations/${organization.id}/clients`, { expiry: 864_000 })).body);
    const token = await tokenFrom(server.url, { clientId: made.client.client_id, clientSecret: made.plain_secret });
    await change(client, ':rotate');
    await letTimePass(client, '5 days');
    expect(await statesOf(client)).toEqual(['SIGNING', 'VERIFYING']);
    const keys = createRemoteJWKSet(new URL(`${server.url}/keys`));
    expect((await jwtVerify(token, keys)).payload.client_id).toBe(made.client.client_id);
    await letTimePass(client, '6 days');
    expect(await statesOf(client)).toEqual(['SIGNING', 'RETIRED']);
  });

  test('is one, however many want it at once, and tells who did it', async () => {
    const client = await newClient();
    const other = await startAnotherServer(server, {});
    others.push(other);
    const urls = [server.url, `http://127.0.0.1:${other.port}`];
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const url = `${urls[index % 2]}/api/v1/signing_keys:rotate`;
        return Object(await (await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${client.token}` } })).json()).signing_key
          .id;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(await statesOf(client)).toEqual(['NEXT', 'SIGNING']);
    expect(await eventsOf(client)).toMatchObject([
      { type: 'signing_key.created', record_id: answers[0], actor: { type: 'client', id: client.clientId } },
    ]);
  });

  test('under the Idempotency-Key of an earlier one is that one, also when its key signs already', async () => {
    const client = await newClient();
    const rotate = () => client.request('POST', '/api/v1/signing_keys:rotate', undefined, { 'idempotency-key': 'once' });
    const first = await rotate();
    await letTimePass(client, `${testSettings.tokens.keyLead} seconds`);
    const again = await rotate();
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(await statesOf(client)).toEqual(['SIGNING', 'VERIFYING']);
  });

  test('takes an admin: a viewer and an editor are refused, and the list is theirs', async () => {
    const { client } = server;
    const id = environmentIdOf(client);
    const admin = await makeFirstOperator(server);
    expect((await admin.inside(id, 'POST', '/api/v1/signing_keys:rotate')).status).toBe(200);
    const [key] = await keysOf(client);
    for (const role of ['viewer', 'editor']) {
      const email = `${role}@example.com`;
      expect((await client.request('POST', '/api/v1/operators', { email, password, role })).status).toBe(201);
      const browser = new Browser(server.url);
      await browser.signIn(email);
      const asked = async (method: string, path: string) => (await browser.inside(id, method, `/api/v1/signing_keys${path}`)).status;
      expect([await asked('GET', ''), await asked('POST', ':rotate'), await asked('POST', `/${key?.id}:revoke`)]).toEqual([200, 403, 403]);
    }
  });
});

describe('a key that is revoked', () => {
  test('is refused at once with all its tokens, those that were just checked too; another signs from the same moment on', async () => {
    const client = await newClient();
    const [key] = await keysOf(client);
    expect(await statusWith(client.token)).toBe(200);
    const revoked = await change(client, `/${key?.id}:revoke`);
    expect(revoked).toMatchObject({ id: key?.id, state: 'REVOKED', version: 2, revoke_time: expect.any(String) });
    expect(await statusWith(client.token)).toBe(401);
    const token = await tokenFrom(server.url, client);
    expect(await statusWith(token)).toBe(200);
    expect(decodeProtectedHeader(token).kid).not.toBe(key?.kid);
    const kids = await published();
    expect([kids.includes(key?.kid ?? ''), kids.includes(decodeProtectedHeader(token).kid ?? '')]).toEqual([false, true]);
  });

  test('is refused by every other server on the database within seconds; the new one signs there from the same moment on, and is accepted', async () => {
    const client = await newClient();
    const other = await startAnotherServer(server, {});
    others.push(other);
    const there = `http://127.0.0.1:${other.port}`;
    expect(await statusWith(client.token, there)).toBe(200);
    // Both servers sign with it.
    expect(await statusWith(await tokenFrom(there, client))).toBe(200);
    const [key] = await keysOf(client);
    await change(client, `/${key?.id}:revoke`);
    for (const from of [there, server.url]) {
      const token = await tokenFrom(from, client);
      expect([await statusWith(token), await statusWith(token, there)]).toEqual([200, 200]);
    }
    await vi.waitFor(async () => expect(await statusWith(client.token, there)).toBe(401), { timeout: 20_000 });
    expect(await published(there)).not.toContain(key?.kid);
  });

  test('lets the next one sign now, if one waits; ends a rotation, if it is the next one', async () => {
    const client = await newClient();
    const [signing] = await keysOf(client);
    const cancelled = await change(client, ':rotate');
    await change(client, `/${cancelled.id}:revoke`);
    expect(await statesOf(client)).toEqual(['REVOKED', 'SIGNING']);
    expect(await statusWith(client.token)).toBe(200);

    const next = await change(client, ':rotate');
    await change(client, `/${signing?.id}:revoke`);
    const again = { ...client, ...(await rightful(client)) };
    expect((await keysOf(again)).map(({ id, state }) => [id, state])).toEqual(
      expect.arrayContaining([
        [next.id, 'SIGNING'],
        [signing?.id, 'REVOKED'],
      ]),
    );
    expect((await eventsOf(again)).map(({ type, record_id }) => [type, record_id])).toEqual([
      ['signing_key.created', cancelled.id],
      ['signing_key.revoked', cancelled.id],
      ['signing_key.created', next.id],
      ['signing_key.updated', next.id],
      ['signing_key.revoked', signing?.id],
    ]);
  });

  test('stays as it is when it is revoked again', async () => {
    const client = await newClient();
    const next = await change(client, ':rotate');
    const revoked = await change(client, `/${next.id}:revoke`);
    expect(await change(client, `/${next.id}:revoke`)).toEqual(revoked);
    expect((await eventsOf(client)).map(({ type }) => type)).toEqual(['signing_key.created', 'signing_key.revoked']);
  });

  test('must be one of the environment: any other is 404, and an ID of another kind is told', async () => {
    const [client, stranger] = [await newClient(), await newClient()];
    const [theirs] = await keysOf(stranger);
    for (const id of [theirs?.id, 'key_7']) {
      const { status, body } = await client.request('POST', `/api/v1/signing_keys/${id}:revoke`);
      expect([status, Object(body).details[0].error_code]).toEqual([404, 'SIGNING_KEY_NOT_FOUND']);
    }
    const { status, body } = await client.request('POST', '/api/v1/signing_keys/org_1:revoke');
    expect([status, Object(body).details[0].error_code]).toEqual([400, 'INVALID_ID']);
    expect(await statusWith(stranger.token)).toBe(200);
  });
});

test('the key of one environment opens no other', async () => {
  const [client, stranger] = [await newClient(), await newClient()];
  const [key] = await keysOf(stranger);
  const sign = await signerOf(stranger, key?.id ?? '');
  expect(await statusWith(await sign())).toBe(200);
  const ours = JSON.parse(Buffer.from(client.token.split('.')[1] ?? '', 'base64url').toString());
  expect(await statusWith(await sign(ours))).toBe(401);
});

test('a key that was just made is among the public ones at once', async () => {
  const environmentId = await makeEnvironment(server.database.pool, 'with its first key');
  await server.signingKeys.makeFirst(environmentId);
  const { rows } = await sql('select kid from token_keys where environment_id = $1', [environmentId]);
  const { keys } = Object(await (await fetch(`${server.url}/keys`)).json());
  expect(rows).toHaveLength(1);
  expect(keys).toContainEqual(expect.objectContaining({ kid: rows[0]?.kid }));
});

test('servers that give the first tokens of an environment at once sign with one key', async () => {
  const made = await server.clients.createFirst(await makeEnvironment(server.database.pool, 'without a key'));
  const client = { clientId: made?.client.id ?? '', clientSecret: made?.plain_secret ?? '' };
  const started = await Promise.all([startAnotherServer(server, {}), startAnotherServer(server, {})]);
  others.push(...started);
  const urls = [server.url, ...started.map(({ port }) => `http://127.0.0.1:${port}`)];
  const tokens = await Promise.all([...urls, ...urls].map((url) => tokenFrom(url, client)));
  expect(new Set(tokens.map((token) => decodeProtectedHeader(token).kid)).size).toBe(1);
  for (const url of urls) for (const token of tokens) expect(await statusWith(token, url)).toBe(200);
});

describe('by themselves', () => {
  test('keys that have signed for as many days as the settings say are replaced, once', async () => {
    const client = await newClient();
    const [first] = await keysOf(client);
    const rotating = await startAnotherServer(server, { tokens: { ...testSettings.tokens, keyDays: 30 } });
    others.push(rotating);
    await letTimePass(client, '29 days');
    await rotating.purge();
    expect(await statesOf(client)).toEqual(['SIGNING']);
    await letTimePass(client, '2 days');
    await server.purge();
    expect(await statesOf(client)).toEqual(['SIGNING']);
    await rotating.purge();
    await rotating.purge();
    const [next, old] = await keysOf(client);
    expect([next?.state, old?.state, old?.id]).toEqual(['NEXT', 'SIGNING', first?.id]);
    expect(Date.parse(next?.sign_time ?? '') - Date.parse(old?.sign_time ?? '')).toBeGreaterThan(30 * day);
    expect(await eventsOf(client)).toMatchObject([
      { type: 'signing_key.created', record_id: next?.id, actor: { type: 'system', id: null } },
    ]);
  });

  test('private parts are forgotten when they sign no more, and keys are removed 90 days after their end', async () => {
    const client = await newClient();
    const kept = async () =>
      (
        await sql('select private_key_encrypted is not null as kept from token_keys where environment_id = $1 order by sign_time', [
          client.environmentId,
        ])
      ).rows.map((row) => row.kept);
    await change(client, ':rotate');
    await server.purge();
    expect(await kept()).toEqual([true, true]);
    await letTimePass(client, `${testSettings.tokens.keyLead + 120} seconds`);
    await server.purge();
    expect(await kept()).toEqual([false, true]);
    // The client's own token is of the key that signs no more.
    const token = await tokenFrom(server.url, client);
    await letTimePass(client, '89 days');
    await server.purge();
    expect(await statesOf(client, token)).toEqual(['SIGNING', 'RETIRED']);
    await letTimePass(client, '2 days');
    await server.purge();
    expect(await statesOf(client, token)).toEqual(['SIGNING']);
  });
});

test('the key that all environments shared before they had their own goes on as that of each: no token becomes invalid', async () => {
  const [database, directory] = [await createTestDatabase(undefined, 'empty'), await temporaryDirectory('crosswalk-keys-')];
  try {
    const all = new URL('../database/migrations/', import.meta.url);
    const before = (await readdir(all)).sort().slice(0, 14);
    for (const name of before) await copyFile(new URL(name, all), join(directory.path, name));
    await migrate(database.pool, pathToFileURL(`${directory.path}/`));
    const pairs = new KeyPairs(testSettings.secretKeys);
    const { kid, publicJwk, privateKeyEncrypted } = await pairs.generate();
    const values = [kid, JSON.stringify(publicJwk), privateKeyEncrypted];
    await database.pool.query('insert into signing_keys (kid, public_jwk, private_key_encrypted) values ($1, $2, $3)', values);
    const made = [];
    for (const name of ['first', 'second']) made.push(await makeEnvironment(database.pool, name));
    await migrate(database.pool);

    const app = await buildApp({ ...testSettings, pool: database.pool });
    const url = await app.server.listen({ port: 0, host: '127.0.0.1' });
    const privateKey = await pairs.open(privateKeyEncrypted);
    for (const id of made) {
      const client = await app.clients.createFirst(id);
      const claims = { client_id: client?.client.id, environment_id: `env_${id}`, scope: 'read write' };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid })
        .setIssuer(testSettings.publicUrl)
        .setAudience(testSettings.publicUrl)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey);
      expect(await statusWith(token, url)).toBe(200);
      const credentials = { clientId: client?.client.id ?? '', clientSecret: client?.plain_secret ?? '' };
      expect(decodeProtectedHeader(await tokenFrom(url, credentials)).kid).toBe(kid);
    }
    expect(await published(url)).toEqual([kid]);
    await app.server.close();
  } finally {
    await database.drop();
    await directory.remove();
  }
});

/** The client with a token of now. */
async function rightful(client: TestClient): Promise<Pick<TestClient, 'token' | 'request'>> {
  const token = await tokenFrom(server.url, client);
  return {
    token,
    request: (method, path, body, headers = {}) => client.request(method, path, body, { ...headers, authorization: `Bearer ${token}` }),
  };
}
