import { sessionHeaders } from '@crosswalk/contract';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import type { AccessToken, TokenVerifier } from '../clients/index.ts';
import type { SessionVerifier, VerifiedSession } from '../operators/index.ts';
import { authenticationHook, createAdmission } from './authentication.ts';
import { registerErrorHandler } from './error-response.ts';
import { clientLimiter } from './rate-limits.ts';
import { sessionCookie } from './session-request.ts';

const publicUrl = 'http://crosswalk.test';

/** Tokens of clients that are valid: those that were looked at before are known at once. */
class Tokens implements TokenVerifier {
  readonly asked: string[] = [];
  readonly #valid: Record<string, AccessToken> = {
    reads: { clientId: 'skc_1', environmentId: '7', scopes: ['read'] },
    writes: { clientId: 'skc_2', environmentId: '7', scopes: ['read', 'write'] },
    'known.reads': { clientId: 'skc_3', environmentId: '7', scopes: ['read'] },
  };

  cached(token: string): AccessToken | undefined {
    return token.startsWith('known.') ? this.#valid[token] : undefined;
  }
  async verify(token: string): Promise<AccessToken | undefined> {
    this.asked.push(token);
    if (token === 'fails') throw new Error('the database is away');
    return this.#valid[token];
  }
}

const session = (operatorId: string, role: 'viewer' | 'editor' | 'admin'): VerifiedSession => ({
  operatorId,
  roles: { '7': role },
  session: {
    operator: {
      id: `opr_${operatorId}`,
      email: 'ada@example.com',
      name: null,
      roles: {},
      last_sign_in_time: null,
      password_change_time: '',
      create_time: '',
      update_time: '',
      version: 1,
    },
    environments: [],
    csrf_token: `csrf of ${operatorId}`,
    expire_time: '',
  },
});

/** Sessions that are valid, by what the cookie holds. */
class Sessions implements SessionVerifier {
  readonly asked: string[] = [];
  readonly #valid: Record<string, VerifiedSession> = {
    viewer: session('11', 'viewer'),
    editor: session('12', 'editor'),
    admin: session('13', 'admin'),
    'known.viewer': session('14', 'viewer'),
  };

  cached(token: string): VerifiedSession | undefined {
    return token.startsWith('known.') ? this.#valid[token] : undefined;
  }
  async verify(token: string): Promise<VerifiedSession | undefined> {
    this.asked.push(token);
    return this.#valid[token];
  }
}

/** A server with a route of each kind, and how it answers a request: the status, and the error or who was let in. */
function serve({ rate = 0 } = {}) {
  const [tokens, sessions, limiter] = [new Tokens(), new Sessions(), clientLimiter(rate)];
  const app = fastify();
  app.decorateRequest('caller', undefined).decorateRequest('session', undefined).decorateRequest('errorCode', undefined);
  registerErrorHandler(app);
  const admission = { sessions, cookie: sessionCookie(publicUrl), limiter, publicUrl };
  app.addHook('onRequest', authenticationHook(createAdmission(tokens, limiter), admission));
  app.all('/public', (request) => ({ caller: request.caller?.actor.id }));
  const routes = {
    '/read': { scope: 'read' },
    '/write': { scope: 'write' },
    '/admin': { scope: 'write', adminOnly: true },
    '/open': { session: 'open' },
    '/session': { session: 'required' },
  } as const;
  for (const [url, config] of Object.entries(routes)) {
    app.all(url, { config }, ({ caller, session: found }) => ({ caller, session: found?.operatorId }));
  }
  const ask = async (path: string, headers: Record<string, string | string[]> = {}, method: 'GET' | 'POST' = 'GET') => {
    const answer = await app.inject({ method, url: path, headers: { host: 'crosswalk.test', ...headers } });
    const body = answer.json();
    const error = body.details?.[0];
    const told = error === undefined ? body : [error.error_code, body.message];
    return { answer, told: [answer.statusCode, told] };
  };
  return { tokens, sessions, ask };
}

const client = (id: string) => [200, { caller: { environmentId: '7', actor: { type: 'client', id } } }];
const operator = (id: string) => [200, { caller: { environmentId: '7', actor: { type: 'operator', id } }, session: id }];
const empty = [401, ['UNAUTHENTICATED', 'Token empty: send Authorization: Bearer <token>']];
const invalid = [401, ['UNAUTHENTICATED', 'the access token is not valid or has expired']];
const ended = [401, ['UNAUTHENTICATED', 'the session has ended: sign in again']];

describe('a client', () => {
  test.each<[authorization: string | undefined, told: unknown]>([
    [undefined, empty],
    ['', empty],
    ['Bearer', empty],
    ['Basic reads', empty],
    ['Digest known.reads', empty],
    ['Bearer a b', empty],
    ['Bearer reads x', empty],
    ['x Bearer reads', empty],
    ['Bearerreads', empty],
    ['Bearer other', invalid],
    ['Bearer reads', client('skc_1')],
    ['bearer reads', client('skc_1')],
    ['Bearer   reads', client('skc_1')],
    [' Bearer reads ', client('skc_1')],
    ['Bearer known.reads', client('skc_3')],
    ['bearer known.reads', client('skc_3')],
    ['Bearer known.other', invalid],
    // A token that a proxy joined with another.
    ['Bearer old, Bearer reads', client('skc_1')],
    ['Bearer old,Bearer known.reads', client('skc_3')],
    ['Bearer old , Bearer older', invalid],
    ['Basic x, Bearer reads', client('skc_1')],
    [`Bearer ${'x'.repeat(8192 - 'Bearer , Bearer reads'.length)}, Bearer reads`, client('skc_1')],
    [`Bearer ${'x'.repeat(8193 - 'Bearer , Bearer reads'.length)}, Bearer reads`, empty],
  ])('with Authorization %j', async (authorization, told) => {
    expect((await serve().ask('/read', authorization === undefined ? {} : { authorization })).told).toEqual(told);
  });

  test('needs the scope of the route', async () => {
    const { ask } = serve();
    const lacks = [403, ['PERMISSION_DENIED', 'the client lacks the scope "write"']];
    expect((await ask('/write', { authorization: 'Bearer reads' }, 'POST')).told).toEqual(lacks);
    expect((await ask('/write', { authorization: 'Bearer known.reads' }, 'POST')).told).toEqual(lacks);
    expect((await ask('/write', { authorization: 'Bearer writes' }, 'POST')).told).toEqual(client('skc_2'));
    // What takes an admin of operators takes no more than the scope of clients.
    expect((await ask('/admin', { authorization: 'Bearer writes' }, 'POST')).told).toEqual(client('skc_2'));
  });

  test('whose token is known waits for nobody, and of several tokens the first that is valid counts', async () => {
    const { tokens, ask } = serve();
    await ask('/read', { authorization: 'Bearer known.reads' });
    await ask('/read', { authorization: 'Bearer old, Bearer known.reads' });
    expect(tokens.asked).toEqual([]);
    await ask('/read', { authorization: 'Bearer old, Bearer reads, Bearer writes' });
    expect(tokens.asked).toEqual(['old', 'reads']);
    await ask('/read', { authorization: `Bearer ${'x'.repeat(9000)}` });
    expect(tokens.asked).toHaveLength(2);
  });

  test('whose token cannot be looked at is told that the server failed', async () => {
    expect((await serve().ask('/read', { authorization: 'Bearer fails' })).answer.statusCode).toBe(500);
  });

  test('is held to its rate, and told it', async () => {
    const { ask } = serve({ rate: 1 });
    const answers = [];
    for (let request = 0; request < 11; request += 1) answers.push((await ask('/read', { authorization: 'Bearer reads' })).answer);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([...Array(10).fill(200), 429]);
    expect(answers[0]?.headers.ratelimit).toMatch(/^"client";r=9;/);
    // The older headers are for who is refused.
    expect(answers[9]?.headers).not.toHaveProperty('x-ratelimit-limit');
    const { 'x-ratelimit-reset': reset, ...refused } = answers[10]?.headers ?? {};
    expect(refused).toMatchObject({ 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '0', 'retry-after': expect.any(String) });
    expect(Math.abs(Number(reset) - Date.now() / 1000)).toBeLessThanOrEqual(11);
    expect((await ask('/read', { authorization: 'Bearer writes' })).answer.statusCode).toBe(200);
  });

  test('needs nothing on a route without a scope', async () => {
    const { tokens, ask } = serve();
    expect((await ask('/public', { authorization: 'Bearer reads', cookie: 'crosswalk_session=viewer' })).told).toEqual([200, {}]);
    expect(tokens.asked).toEqual([]);
  });
});

describe('an operator', () => {
  /** A request as the dashboard sends it. */
  const inside = (name: string, id: string, more: Record<string, string> = {}) => ({
    cookie: `crosswalk_session=${name}`,
    [sessionHeaders.environment]: 'env_7',
    [sessionHeaders.csrf]: `csrf of ${id}`,
    ...more,
  });

  test('is let in with a session, into the environments where they have a role', async () => {
    const { sessions, ask } = serve();
    expect((await ask('/read', inside('viewer', '11'))).told).toEqual(operator('11'));
    expect((await ask('/read', inside('nobody', '11'))).told).toEqual(ended);
    expect((await ask('/read', inside('viewer', '11', { [sessionHeaders.environment]: 'env_8' }))).told).toEqual([
      404,
      ['ENVIRONMENT_NOT_FOUND', 'there is no environment env_8 in which you have a role'],
    ]);
    expect(sessions.asked).toEqual(['viewer', 'nobody', 'viewer']);
    expect((await ask('/read', inside('known.viewer', '14'))).told).toEqual(operator('14'));
    expect(sessions.asked).toHaveLength(3);
  });

  test('may do what their role says', async () => {
    const { ask } = serve();
    const denied = (needed: string, role: string) => [
      403,
      ['PERMISSION_DENIED', `this takes ${needed} of the environment; your role is ${role}`],
    ];
    const tell = async (path: string, name: string, id: string) => (await ask(path, inside(name, id), 'POST')).told;
    expect(await tell('/read', 'viewer', '11')).toEqual(operator('11'));
    expect(await tell('/write', 'viewer', '11')).toEqual(denied('an editor or an admin', 'viewer'));
    expect(await tell('/write', 'editor', '12')).toEqual(operator('12'));
    expect(await tell('/write', 'admin', '13')).toEqual(operator('13'));
    expect(await tell('/admin', 'viewer', '11')).toEqual(denied('an admin', 'viewer'));
    expect(await tell('/admin', 'editor', '12')).toEqual(denied('an admin', 'editor'));
    expect(await tell('/admin', 'admin', '13')).toEqual(operator('13'));
  });

  test('says what lacks: the token of a change, the environment, a page of this server', async () => {
    const { sessions, ask } = serve();
    const code = async (headers: Record<string, string>) => (await ask('/write', headers, 'POST')).answer.json().details[0].error_code;
    expect(await code(inside('editor', '12', { [sessionHeaders.csrf]: 'another' }))).toBe('INVALID_CSRF_TOKEN');
    expect(await code(inside('editor', '12', { [sessionHeaders.environment]: '' }))).toBe('INVALID_ARGUMENT');
    sessions.asked.length = 0;
    expect(await code(inside('editor', '12', { origin: 'http://evil.example' }))).toBe('CROSS_SITE_REQUEST');
    expect(sessions.asked).toEqual([]);
  });

  test('counts for nothing beside a client', async () => {
    expect((await serve().ask('/read', inside('viewer', '11', { authorization: 'Bearer reads' }))).told).toEqual(client('skc_1'));
    expect((await serve().ask('/read', inside('viewer', '11', { authorization: '' }))).told).toEqual(empty);
  });

  test('on a route for sessions needs one, or none where it is open; an Authorization header is none', async () => {
    const { ask } = serve();
    expect((await ask('/session')).told).toEqual(ended);
    expect((await ask('/session', { authorization: 'Bearer writes' })).told).toEqual(ended);
    expect((await ask('/session', inside('nobody', '11'))).told).toEqual(ended);
    // It is about no environment.
    expect((await ask('/session', { cookie: 'crosswalk_session=viewer', authorization: 'Bearer reads' })).told).toEqual([
      200,
      { session: '11' },
    ]);
    expect((await ask('/open')).told).toEqual([200, {}]);
    expect((await ask('/open', { cookie: 'crosswalk_session=viewer' }, 'POST')).told).toEqual([200, { session: '11' }]);
    expect((await ask('/open', { cookie: 'crosswalk_session=nobody' }, 'POST')).told).toEqual([200, {}]);
    expect((await ask('/open', { origin: 'http://evil.example' }, 'POST')).answer.json().details[0].error_code).toBe('CROSS_SITE_REQUEST');
  });

  test('is held to a rate of their own, and whoever has no session to that of the address', async () => {
    const { ask } = serve({ rate: 1 });
    const statuses = async (path: string, headers: Record<string, string>, count: number) => {
      const all = [];
      for (let request = 0; request < count; request += 1) all.push((await ask(path, headers)).answer.statusCode);
      return all;
    };
    expect((await statuses('/read', inside('viewer', '11'), 11)).at(-1)).toBe(429);
    expect(await statuses('/session', inside('viewer', '11'), 1)).toEqual([429]);
    expect(await statuses('/read', inside('editor', '12'), 1)).toEqual([200]);
    expect((await statuses('/open', {}, 11)).at(-1)).toBe(429);
    expect(await statuses('/open', inside('editor', '12'), 1)).toEqual([429]);
  });
});
