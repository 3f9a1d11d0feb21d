import { sessionHeaders } from '@crosswalk/contract';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { ApiError } from '../lib/api-error.ts';
import { environmentOf, requireCsrfToken, requireOwnSite, sessionCookie } from './session-request.ts';

const publicUrl = 'https://crosswalk.example';

/** What a hook gives back for a request, or the code, message and violations of what it throws. */
async function told(
  hook: (request: FastifyRequest, reply: FastifyReply) => unknown,
  headers: Record<string, string | string[]>,
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE' = 'GET',
): Promise<{ value: unknown; cookies: unknown }> {
  const app = fastify();
  let value: unknown;
  app.route({
    url: '/',
    method,
    handler: (request, reply) => {
      try {
        value = hook(request, reply);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        value = [error.code, error.message, error.detail.violations];
      }
      void reply.send();
    },
  });
  const answer = await app.inject({ method, url: '/', headers: { host: 'inside.example', ...headers } });
  await app.close();
  expect(answer.statusCode).toBe(200);
  return { value, cookies: answer.headers['set-cookie'] };
}

test('the cookie is of this host and of no script; over https its name and an attribute hold it to that', async () => {
  const [secure, plain] = [sessionCookie(publicUrl), sessionCookie('http://localhost:8080')];
  const set = async (cookie: typeof secure) => (await told((_request, reply) => cookie.set(reply, 'cwo_1', 60), {})).cookies;
  const clear = async (cookie: typeof secure) => (await told((_request, reply) => cookie.clear(reply), {})).cookies;
  expect(await set(secure)).toBe('__Host-crosswalk_session=cwo_1; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure');
  expect(await clear(secure)).toBe('__Host-crosswalk_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure');
  expect(await set(plain)).toBe('crosswalk_session=cwo_1; Max-Age=60; Path=/; HttpOnly; SameSite=Strict');
  expect(await clear(plain)).toBe('crosswalk_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict');
});

test.each([
  [[], undefined],
  [['Cookie', 'crosswalk_session=a'], 'a'],
  [['cookie', 'other=1; crosswalk_session=a; last=2'], 'a'],
  [['Cookie', 'other=1;crosswalk_session=a'], 'a'],
  [['Cookie', 'other=1', 'Cookie', 'crosswalk_session=a'], 'a'],
  [['Cookie', 'crosswalk_session=a; crosswalk_session=b'], 'a'],
  [['Cookie', 'crosswalk_session=; crosswalk_session=b'], 'b'],
  [['Cookie', 'crosswalk_session'], undefined],
  [['Cookie', 'crosswalk_session; crosswalk_session=b'], 'b'],
  [['Cookie', 'crosswalk_session='], undefined],
  [['Cookie', '__Host-crosswalk_session=a'], undefined],
  [['Cookie', 'xcrosswalk_session=a'], undefined],
  [['X-Cookie', 'crosswalk_session=a'], undefined],
])('of the headers %j the cookie is %j', (headers, token) => {
  expect(sessionCookie('http://localhost:8080').read(headers)).toBe(token);
});

test('over https a cookie without the prefix counts for nothing', () => {
  expect(sessionCookie(publicUrl).read(['Cookie', 'crosswalk_session=a; __Host-crosswalk_session=b'])).toBe('b');
  expect(sessionCookie(publicUrl).read(['Cookie', 'crosswalk_session=a'])).toBeUndefined();
});

const own = undefined;
const fetchSite = ['CROSS_SITE_REQUEST', 'Sec-Fetch-Site: the request comes from a page of another site', undefined];
const origin = ['CROSS_SITE_REQUEST', 'Origin: the request comes from a page of another site', undefined];

test.each<[Record<string, string>, method: 'GET' | 'HEAD' | 'POST', unknown]>([
  [{}, 'POST', own],
  [{}, 'GET', own],
  [{ 'sec-fetch-site': 'same-origin' }, 'POST', own],
  [{ 'sec-fetch-site': 'none' }, 'POST', own],
  [{ 'sec-fetch-site': 'same-site' }, 'GET', fetchSite],
  [{ 'sec-fetch-site': 'cross-site' }, 'GET', fetchSite],
  [{ 'sec-fetch-site': 'cross-site', origin: publicUrl }, 'POST', fetchSite],
  [{ 'sec-fetch-site': '' }, 'POST', fetchSite],
  [{ origin: publicUrl }, 'POST', own],
  [{ origin: 'http://inside.example' }, 'POST', own],
  [{ origin: 'https://evil.example' }, 'POST', origin],
  [{ origin: 'https://evil.example' }, 'GET', origin],
  [{ origin: 'https://crosswalk.example:8443' }, 'POST', origin],
  [{ origin: 'http://crosswalk.example' }, 'POST', origin],
  [{ origin: 'null' }, 'POST', origin],
  [{ origin: '' }, 'POST', origin],
  [{ 'sec-fetch-site': 'same-origin', origin: publicUrl }, 'POST', own],
  [{ 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }, 'POST', origin],
  // Browsers say both of what reads; what Sec-Fetch-Site says of it is enough.
  [{ 'sec-fetch-site': 'none', origin: 'https://evil.example' }, 'GET', own],
  [{ 'sec-fetch-site': 'none', origin: 'https://evil.example' }, 'HEAD', own],
])('a request with %j by %s', async (headers, method, value) => {
  expect((await told((request) => requireOwnSite(request, publicUrl), headers, method)).value).toEqual(value);
});

test('a public address with a path is an origin all the same', async () => {
  const hook = (request: FastifyRequest) => requireOwnSite(request, `${publicUrl}/directory/`);
  expect((await told(hook, { origin: publicUrl }, 'POST')).value).toBeUndefined();
});

const wrongToken = [
  'INVALID_CSRF_TOKEN',
  'x-csrf-token: must be the csrf_token of the session',
  [{ field: 'x-csrf-token', description: 'must be the csrf_token of the session' }],
];

test.each<['GET' | 'HEAD' | 'POST' | 'DELETE', string | undefined, unknown]>([
  ['POST', 'right', undefined],
  ['DELETE', 'right', undefined],
  ['POST', undefined, wrongToken],
  ['POST', '', wrongToken],
  ['POST', 'wrong', wrongToken],
  ['POST', 'righ', wrongToken],
  ['DELETE', 'rights', wrongToken],
  ['GET', 'wrong', undefined],
  ['HEAD', undefined, undefined],
])('%s with the token %j, where "right" is wanted', async (method, token, value) => {
  const headers: Record<string, string> = token === undefined ? {} : { [sessionHeaders.csrf]: token };
  expect((await told((request) => requireCsrfToken(request, 'right'), headers, method)).value).toEqual(value);
});

test('a request names its environment once, by its ID', async () => {
  const named = async (name: string | string[] | undefined) =>
    (await told(environmentOf, name === undefined ? {} : { [sessionHeaders.environment]: name })).value;
  expect(await named('env_12')).toBe('12');
  const required = 'must name the environment that the request is about, such as env_915840612345678901';
  for (const none of [undefined, '']) {
    expect(await named(none)).toEqual([
      'INVALID_ARGUMENT',
      `x-crosswalk-environment: ${required}`,
      [{ field: 'x-crosswalk-environment', description: required, constraint: 'required' }],
    ]);
  }
  expect(await named('test')).toEqual([
    'INVALID_ID',
    expect.stringMatching(/^x-crosswalk-environment: test is not an ID/),
    expect.anything(),
  ]);
});
