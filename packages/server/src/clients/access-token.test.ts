import { CompactSign, type JWK, SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { KeyPairs } from '../signing-keys/index.ts';
import { testSettings, useTestServer } from '../testing.ts';

/** Access tokens that must not open anything, most of them signed with the server's own key (H2 to H8). */
const server = useTestServer();
let key: Awaited<ReturnType<KeyPairs['open']>>;
let kid = '';
let header: Record<string, unknown> = {};
let claims: Record<string, unknown> = {};

beforeAll(async () => {
  const { rows } = await server.database.pool.query('select kid, private_key_encrypted from token_keys');
  key = await new KeyPairs(testSettings.secretKeys).open(rows[0].private_key_encrypted);
  kid = rows[0].kid;
  [header, claims] = server.client.token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
});

const now = () => Math.floor(Date.now() / 1000);
const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const sign = (changes: object, headerChanges: object = {}) =>
  new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid, ...headerChanges }).sign(key);
const signText = (payload: string) =>
  new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid }).sign(key);

async function statusOf(token: string): Promise<number> {
  const response = await fetch(`${server.url}/api/v1/organizations`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
}

test('a token signed as the server signs it is accepted: the others are refused for what they say', async () => {
  expect(await statusOf(await sign({}))).toBe(200);
  expect(await statusOf(await sign({ aud: [String(claims.aud), 'another'] }))).toBe(200);
});

test.each([
  ['just expired', () => ({ exp: now() - 30 }), 200],
  ['expired', () => ({ exp: now() - 90 }), 401],
  ['without an end', () => ({ exp: undefined }), 401],
  ['with a text for its end', () => ({ exp: '2099-01-01' }), 401],
  ['not valid yet', () => ({ nbf: now() + 90 }), 401],
  ['valid in a moment', () => ({ nbf: now() + 30 }), 200],
  ['made a day ago', () => ({ iat: now() - 86_430 }), 200],
  ['made longer ago than any lives', () => ({ iat: now() - 86_490 }), 401],
  ['made in the future', () => ({ iat: now() + 90 }), 401],
  ['made a moment ahead of our clock', () => ({ iat: now() + 30 }), 200],
  ['without a time of making', () => ({ iat: undefined }), 401],
])('a token %s (H5)', async (_name, change, status) => {
  expect(await statusOf(await sign(change()))).toBe(status);
});

test.each([
  ['of another issuer', { iss: 'http://evil.example' }, 401],
  ['of the issuer with a slash', { iss: 'http://crosswalk.test/' }, 401],
  ['for a part of our name', { aud: 'http://crosswalk' }, 401],
  ['for our name in capitals', { aud: 'HTTP://CROSSWALK.TEST' }, 401],
  ['for others', { aud: ['a', 'b'] }, 401],
  ['for nobody', { aud: undefined }, 401],
  ['of a client that is none', { client_id: 'skc_1' }, 401],
  ['of a client that is no ID', { client_id: "x' or 1=1" }, 401],
  ['of a client that is a list', { client_id: ['skc_1'] }, 401],
  ['of another environment', { environment_id: 'env_1' }, 401],
  ['without an environment', { environment_id: undefined }, 401],
  ['without a scope', { scope: undefined }, 403],
  ['with an unknown scope', { scope: 'admin' }, 403],
  ['that may only write', { scope: 'write' }, 403],
  ['with a scope that is a list', { scope: ['read'] }, 200],
])('a token %s (H6)', async (_name, change, status) => {
  expect(await statusOf(await sign(change))).toBe(status);
});

test.each([
  ['', {}, {}, 403],
  [', for nobody in particular', { aud: undefined }, {}, 403],
  [', for this API too', { aud: ['http://crosswalk.test', 'https://api.acme.example'] }, {}, 403],
  [', expired', { exp: now() - 90 }, {}, 401],
  [', made months ago', { iat: now() - 20_000_000 }, {}, 403],
  [', made longer ago than any lives', { iat: now() - 31_536_090 }, {}, 401],
  [', of another issuer', { iss: 'http://evil.example' }, {}, 401],
  [', of another environment', { environment_id: 'env_1' }, {}, 401],
  [', without an environment', { environment_id: undefined }, {}, 401],
  [', signed by another key', {}, { kid: 'unknown' }, 401],
  [', of another type', {}, { typ: 'JWT' }, 401],
  [' that is no ID', { client_id: 'm2morg_x' }, {}, 401],
])('a token of a client of an organization%s: 403 tells that it is valid, and only then', async (_name, change, headers, status) => {
  const token = await sign({ client_id: 'm2morg_1', aud: ['https://api.acme.example'], ...change }, headers);
  expect(await statusOf(token)).toBe(status);
});

test('a token of a client of an organization beside one that opens this API is none in its way, and beside a bad one still told apart', async () => {
  const other = await sign({ client_id: 'm2morg_1', aud: undefined });
  expect(await statusOf(`${other}, Bearer ${await sign({})}`)).toBe(200);
  expect(await statusOf(`${other}, Bearer a.b.c`)).toBe(403);
});

test.each([
  ['typ JWT', { typ: 'JWT' }],
  ['no typ', { typ: undefined }],
  ['an unknown kid', { kid: 'unknown' }],
  ['a kid that is a path', { kid: '../../x' }],
  ['a kid that is SQL', { kid: "' or 1=1--" }],
  ['a critical header nobody knows', { crit: ['exp'], exp: 1 }],
])('a token with %s (H3, H6)', async (_name, change) => {
  const signed = await sign({}, { ...change, ...('crit' in change ? { crit: undefined } : {}) });
  const [, payload, signature] = signed.split('.');
  expect(await statusOf('crit' in change ? `${encode({ ...header, ...change })}.${payload}.${signature}` : signed)).toBe(401);
});

test('a header that is not the one that was signed is refused: other algorithms, a kid of another type (H2, H3)', async () => {
  const [, payload, signature] = server.client.token.split('.');
  const { keys }: { keys: JWK[] } = await (await fetch(`${server.url}/keys`)).json();
  for (const change of [
    ...['none', 'None', 'NONE', '', 'HS256', 'RS384', 'PS256', 'ES256'].map((alg) => ({ alg })),
    ...[[kid], 1, {}, null].map((other) => ({ kid: other })),
    { jwk: keys[0] },
    { jku: 'http://127.0.0.1/keys' },
    { x5u: 'http://127.0.0.1/keys' },
  ]) {
    for (const end of [signature, '', encode('\0'.repeat(64))]) {
      expect([change, await statusOf(`${encode({ ...header, ...change })}.${payload}.${end}`)]).toEqual([change, 401]);
    }
  }
});

test('a token has one spelling: what decodes to the same bytes is not the same token (H7)', async () => {
  const token = await sign({});
  const last = token.slice(-1);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  // The last character of 256 bytes holds two of them that say nothing.
  const twins = Array.from(alphabet).filter((letter) => letter !== last && encodeSame(token, letter));
  expect(twins.length).toBeGreaterThan(0);
  for (const spelling of [
    ...twins.map((letter) => token.slice(0, -1) + letter),
    `${token}==`,
    token.replaceAll('-', '+').replaceAll('_', '/'),
  ]) {
    if (spelling !== token) expect([spelling.slice(-8), await statusOf(spelling)]).toEqual([spelling.slice(-8), 401]);
  }
  expect(await statusOf(token)).toBe(200);
});

function encodeSame(token: string, letter: string): boolean {
  const bytes = (text: string) => Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url');
  return bytes(token.slice(0, -1) + letter).equals(bytes(token));
}

test('claims that are no plain object, or are there twice, open nothing and spoil nothing (H8)', async () => {
  const text = JSON.stringify(claims);
  for (const payload of [
    'null',
    '[]',
    '"text"',
    '{',
    `${text}x`,
    text.replace(/,"scope":"[^"]*"/, '').replace('{', '{"__proto__":{"scope":"read write","admin":true},'),
  ]) {
    expect([payload.slice(0, 40), [401, 403].includes(await statusOf(await signText(payload)))]).toEqual([payload.slice(0, 40), true]);
  }
  const twice = await signText(text.replace('{', '{"environment_id":"env_1",'));
  expect([200, 401]).toContain(await statusOf(twice));
  expect(Reflect.get({}, 'admin')).toBeUndefined();
});
