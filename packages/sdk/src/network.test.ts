import { webcrypto } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../../test/server-process.ts';
import { useTestServer } from '../../server/src/testing.ts';
import { type CallOptions, ConnectionError, Crosswalk, CrosswalkError, NotFoundError, RateLimitError, ValidationError } from './index.ts';

const server = useTestServer();
const connect = (options?: ConstructorParameters<typeof Crosswalk>[3]) =>
  new Crosswalk(server.url, server.client.clientId, server.client.clientSecret, options);

describe('the network', () => {
  test('an answer that may have no content is taken, though a browser gives it an empty body', async () => {
    const asInBrowsers: typeof globalThis.fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init);
      if (response.status === 204)
        Object.defineProperty(response, 'body', { value: new ReadableStream({ start: (body) => body.close() }) });
      return response;
    };
    const crosswalk = connect({ fetch: asInBrowsers, maxRetries: 0 });
    const { id } = await crosswalk.organization.create({ display_name: 'Deleted' });
    await crosswalk.organization.delete(id);
    await expect(crosswalk.organization.get(id)).rejects.toThrow(NotFoundError);
  });

  /** A server whose answers a test scripts, to be what a proxy or a failing network is. */
  type Handler = (request: IncomingMessage, response: ServerResponse) => void;
  let handle: Handler = (_request, response) => response.end('{}');
  const seen: { method: string | undefined; url: string; key: string | undefined; token: string | undefined }[] = [];
  let tokens = 0;
  let url = '';
  /** What is to be done with a request for a token, if it is not answered with one. */
  let refuseToken: Handler | undefined;
  const proxy = createServer((request, response) => {
    if (request.url === '/oauth/token') {
      tokens += 1;
      const refuse = refuseToken;
      refuseToken = undefined;
      if (refuse !== undefined) return refuse(request, response);
      setTimeout(
        () =>
          response.end(JSON.stringify({ access_token: `token-${tokens}`, token_type: 'Bearer', expires_in: 3600, scope: 'read write' })),
        20,
      );
      return;
    }
    const headerOf = (name: string) => [request.headers[name]].flat()[0];
    seen.push({
      method: request.method,
      url: request.url ?? '',
      key: headerOf('idempotency-key'),
      token: headerOf('crosswalk-consistency-token'),
    });
    handle(request, response);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
  });
  afterAll(() => proxy.close());
  const client = (options?: ConstructorParameters<typeof Crosswalk>[3]) => {
    seen.length = 0;
    tokens = 0;
    return new Crosswalk(url, 'skc_1', 'secret', options);
  };
  const answer = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) =>
    response.writeHead(status, headers).end(JSON.stringify(body));
  const refusal = (code: string) => ({
    code: 14,
    message: 'not now',
    details: [{ error_code: code, request_info: { request_id: 'req_1' } }],
  });
  /** Begins an answer, and then nothing more comes. */
  const stall: Handler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 }).write('{"results":');
  };
  /** Begins an answer, and then the connection is cut. */
  const cut: Handler = (request, response) => {
    stall(request, response);
    setTimeout(() => request.socket.destroy(), 20);
  };

  test('many calls at once share one request for a token', async () => {
    handle = (_request, response) => answer(response, 200, { results: [] });
    const crosswalk = client();
    await Promise.all(Array.from({ length: 50 }, () => crosswalk.resolve(['x'])));
    expect([tokens, seen.length]).toEqual([1, 50]);
  });

  test.each<[string, () => CallOptions, RegExp]>([
    ['aborts', () => ({ signal: AbortSignal.timeout(200) }), /timeout/i],
    ['has little time', () => ({ timeout: 200 }), /no answer from the server at .*: it took longer than 200 milliseconds/],
  ])('a caller that %s does not wait for a token that is slow to come; the others get it', async (_name, options, message) => {
    handle = (_request, response) => answer(response, 200, { results: [] });
    const crosswalk = client();
    let give = () => {};
    refuseToken = (_request, response) => {
      give = () => answer(response, 200, { access_token: 'late', expires_in: 3600 });
    };
    const patient = crosswalk.resolve(['x']);
    await expect(crosswalk.resolve(['x'], options())).rejects.toThrow(message);
    expect([tokens, seen.length]).toEqual([1, 0]);
    give();
    expect(await patient).toEqual([]);
    expect([tokens, seen.length]).toEqual([1, 1]);
  });

  test('a change is sent from a page that came over plain HTTP, where crypto.randomUUID is missing', async () => {
    vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => webcrypto.getRandomValues(bytes) });
    try {
      handle = (_request, response) => answer(response, 200, { organization: { id: 'org_1' } });
      await client().organization.create({ display_name: 'Plain' });
      expect(seen[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('a token that is refused is renewed once', async () => {
    handle = (request, response) => answer(response, request.headers.authorization === 'Bearer token-2' ? 200 : 401, { results: [] });
    expect(await client().resolve(['x'])).toEqual([]);
    expect([tokens, seen.length]).toEqual([2, 2]);
  });

  test('a token that was refused with a stream, which is sent once, is renewed for the next call', async () => {
    handle = (request, response) => {
      request.resume();
      answer(response, request.headers.authorization === 'Bearer token-2' ? 200 : 401, { import: { id: 'imp_1' } });
    };
    const crosswalk = client();
    await expect(crosswalk.imports.create([{ kind: 'user', email: 'a@b.example' }])).rejects.toMatchObject({ status: 401 });
    expect(await crosswalk.imports.create('{}')).toEqual({ id: 'imp_1' });
    expect([tokens, seen.length]).toEqual([2, 2]);
  });

  test('an answer that comes late and refuses an old token leaves the new one in use', async () => {
    let refuseLate = () => {};
    handle = (request, response) => {
      const refuse = () => answer(response, 401, refusal('UNAUTHENTICATED'));
      if (request.headers.authorization === 'Bearer token-2') answer(response, 200, { results: [] });
      else if (seen.length === 1) refuseLate = refuse;
      else refuse();
    };
    const crosswalk = client();
    const late = crosswalk.resolve(['late']);
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await crosswalk.resolve(['x']);
    refuseLate();
    await late;
    await crosswalk.resolve(['y']);
    expect(tokens).toBe(2);
  });

  test('503 and a cut connection are tried again with the same idempotency key; Retry-After is honoured', async () => {
    const times: number[] = [];
    handle = (request, response) => {
      times.push(Date.now());
      if (times.length === 1) answer(response, 503, {}, { 'retry-after': '1' });
      else if (times.length === 2) request.socket.destroy();
      else answer(response, 200, { organization: { id: 'org_1' } });
    };
    await client().organization.create({ display_name: 'x' });
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST']);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    expect(seen[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  const inTurn = (first: Handler, then: Handler): Handler => {
    let attempts = 0;
    return (request, response) => {
      attempts += 1;
      (attempts === 1 ? first : then)(request, response);
    };
  };

  test.each<[string, Handler]>([
    ['was cut off', cut],
    ['stalled', stall],
  ])('an answer that %s is asked for again, with the same idempotency key', async (_name, fail) => {
    handle = inTurn(fail, (_request, response) => answer(response, 200, { results: [] }));
    // Milliseconds; long enough that no busy machine stalls a request before it is sent.
    const timeout = 1000;
    expect(await client({ timeout }).resolve(['x'])).toEqual([]);
    expect([seen.length, new Set(seen.map(({ key }) => key)).size]).toEqual([2, 1]);
    handle = fail;
    const failure = client({ timeout, maxRetries: 1 }).resolve(['x']);
    await expect(failure).rejects.toThrow(ConnectionError);
    await expect(failure).rejects.toMatchObject({ status: 0, message: expect.stringContaining('no answer from the server') });
    expect(seen).toHaveLength(2);
    await expect(client({ timeout }).client.create({ name: 'x' })).rejects.toThrow(ConnectionError);
    expect(seen).toHaveLength(1);
  });

  test('an answer with an error that was cut off, and that with a token, are asked for again', async () => {
    const cutError: Handler = (request, response) => {
      response.writeHead(400, { 'content-length': 100 }).write('{"message":');
      setTimeout(() => request.socket.destroy(), 20);
    };
    handle = inTurn(cutError, (_request, response) => answer(response, 404, refusal('ORGANIZATION_NOT_FOUND')));
    await expect(client().organization.get('org_1')).rejects.toThrow(NotFoundError);
    handle = (_request, response) => answer(response, 200, { results: [] });
    const crosswalk = client();
    refuseToken = cut;
    expect(await crosswalk.resolve(['x'])).toEqual([]);
    expect([tokens, seen.length]).toEqual([2, 1]);
  });

  test('a signal that outlives its calls keeps nothing of them, whether they were answered, refused, cut or read as a stream', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const crosswalk = client({ maxRetries: 0 });
    handle = (_request, response) => answer(response, 200, { results: [] });
    await crosswalk.resolve(['x'], { signal });
    handle = (_request, response) => answer(response, 400, refusal('INVALID_ID'));
    await expect(crosswalk.resolve(['x'], { signal })).rejects.toThrow(ValidationError);
    handle = cut;
    await expect(crosswalk.resolve(['x'], { signal })).rejects.toThrow(ConnectionError);
    handle = (_request, response) => response.end('{"kind":"user"}\n{"kind":"user"}\n');
    for await (const row of crosswalk.export({}, { signal })) expect(row.kind).toBe('user');
    for await (const _row of crosswalk.export({}, { signal })) break;
    // The wait for the token, and the call.
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([10, 10]);
  });

  test('abort ends the reading of an answer', async () => {
    const leaving = new AbortController();
    handle = (request, response) => {
      stall(request, response);
      setTimeout(() => leaving.abort(), 100);
    };
    await expect(client().resolve(['x'], { signal: leaving.signal })).rejects.toThrow(/abort/i);
    expect(seen).toHaveLength(1);
  });

  test('an answer that is no JSON, as of a proxy that asks to sign in, is told with its status, its type and how it begins', async () => {
    const page: Handler = (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html>\n<title>Sign in</title>${'x'.repeat(500)}`);
    handle = page;
    const failure = client().resolve(['x']);
    await expect(failure).rejects.toThrow(CrosswalkError);
    await expect(failure).rejects.toMatchObject({
      status: 200,
      errorCode: 'UNKNOWN',
      message: expect.stringMatching(/^the server answered 200 .*\(text\/html\): <!doctype html> <title>Sign in<\/title>x+…$/),
    });
    expect(seen).toHaveLength(1);
    for (const body of ['', 'null', '"text"', '{"results":']) {
      handle = (_request, response) => response.writeHead(200).end(body);
      await expect(client().resolve(['x'])).rejects.toThrow('the server answered 200 with something else than a JSON object');
    }
    handle = (_request, response) => answer(response, 200, { results: [] });
    const crosswalk = client();
    refuseToken = page;
    await expect(crosswalk.resolve(['x'])).rejects.toThrow(/answered 200 .*Sign in/);
    handle = page;
    await expect(client().imports.create('{}')).rejects.toThrow(/answered 200 .*Sign in/);
  });

  test.each<[string, (crosswalk: Crosswalk) => PromiseLike<unknown>, string]>([
    ['a record', (c) => c.organization.get('org_1'), 'organization'],
    ['a record by an external ID', (c) => c.user.getByExternalId('E-1'), 'user'],
    ['a list', (c) => c.user.listUsers(), 'users'],
    ['a list in full', (c) => c.client.list(), 'clients'],
    ['events', (c) => c.events.list(), 'events'],
    ['an import', (c) => c.imports.create('{}'), 'import'],
    ['a revert', (c) => c.organization.history.revertMetadata('org_1', { key: 'a', version: 1 }), 'organization'],
  ])('JSON that is not what was asked for, as of another service, is told and not given as %s', async (_name, call, field) => {
    handle = (_request, response) => answer(response, 200, { status: 'ok' });
    const failure = (async () => call(client()))();
    await expect(failure).rejects.toThrow(CrosswalkError);
    await expect(failure).rejects.toThrow(
      `the server answered 200 without ${field}: the address seems to be that of another service than Crosswalk`,
    );
    const crosswalk = client();
    refuseToken = (_request, response) => answer(response, 200, { status: 'ok' });
    await expect(crosswalk.organization.get('org_1')).rejects.toThrow('without access_token: the address seems to be');
  });

  test.each<[string, object, object]>([
    ['details of another form', { message: 'no', details: [{ foo: 1 }] }, { message: 'no', errorCode: 'UNKNOWN', requestId: undefined }],
    ['details of nothing', { message: 'no', details: [null, 'x'] }, { message: 'no', errorCode: 'UNKNOWN' }],
    [
      'ours behind others, without a request',
      { code: 3, message: 'no', details: [{ foo: 1 }, { error_code: 'INVALID_ID' }] },
      { code: 3, message: 'no', errorCode: 'INVALID_ID', requestId: undefined },
    ],
    ['a message that is no text', { message: {}, details: [] }, { message: 'the server answered 400 without an explanation' }],
  ])('an error with %s is a CrosswalkError of its status', async (_name, body, expected) => {
    handle = (_request, response) => answer(response, 400, body);
    const failure = client().resolve(['x']);
    await expect(failure).rejects.toThrow(ValidationError);
    await expect(failure).rejects.toMatchObject({ status: 400, ...expected });
  });

  test.each<[string, Handler]>([
    ['no answer', (request) => request.socket.destroy()],
    ['an answer that was cut off', cut],
    ['502', (_request, response) => answer(response, 502, {})],
    ['503 of a proxy', (_request, response) => answer(response, 503, {})],
    ['503 of a database that did not say', (_request, response) => answer(response, 503, refusal('DATABASE_UNAVAILABLE'))],
    ['504', (_request, response) => answer(response, 504, {})],
  ])('a deletion that finds nothing after %s has succeeded: it may have been made then', async (_name, first) => {
    handle = inTurn(first, (_request, response) => answer(response, 404, refusal('ORGANIZATION_NOT_FOUND')));
    await expect(client().organization.delete('org_1')).resolves.toBeUndefined();
    expect(seen).toHaveLength(2);
  });

  test.each<[string, Handler]>([
    ['429', (_request, response) => answer(response, 429, refusal('RATE_LIMITED'))],
    ['a record that was busy', (_request, response) => answer(response, 409, refusal('RECORD_BUSY'))],
    ['408', (_request, response) => answer(response, 408, refusal('REQUEST_TIMEOUT'))],
    ['503 of a server that stops', (_request, response) => answer(response, 503, refusal('SERVER_STOPPING'))],
    ['503 of a statement that was ended', (_request, response) => answer(response, 503, refusal('QUERY_TOO_SLOW'))],
  ])('a deletion that finds nothing after %s was never made, and says so', async (_name, first) => {
    handle = inTurn(first, (_request, response) => answer(response, 404, refusal('ORGANIZATION_NOT_FOUND')));
    await expect(client().organization.delete('org_1')).rejects.toThrow(NotFoundError);
    expect(seen).toHaveLength(2);
  });

  test('a deletion by a name is sent again after a refusal, which tells that nothing was deleted', async () => {
    handle = inTurn(
      (_request, response) => answer(response, 503, refusal('SERVER_STOPPING')),
      (_request, response) => response.writeHead(204).end(),
    );
    await expect(client().role.delete('lead')).resolves.toBeUndefined();
    expect(seen).toHaveLength(2);
  });

  test('a deletion whose answer was lost before its token was renewed has succeeded', async () => {
    const turns: Handler[] = [
      (request) => request.socket.destroy(),
      (_request, response) => answer(response, 401, refusal('UNAUTHENTICATED')),
      (_request, response) => answer(response, 404, refusal('ORGANIZATION_NOT_FOUND')),
    ];
    handle = (request, response) => turns.shift()?.(request, response);
    await expect(client().organization.delete('org_1')).resolves.toBeUndefined();
    expect(tokens).toBe(2);
  });

  test('a reader that follows waits no longer than the client does; where that is too short to wait, it asks again every second', async () => {
    const waitsOf = async (options: { timeout?: number }, call: { timeout?: number } = {}) => {
      const stop = new AbortController();
      handle = (_request, response) => {
        if (seen.length === 2) stop.abort();
        answer(response, 200, { events: [], next_cursor: 'c', has_more: false });
      };
      const crosswalk = client(options);
      const started = performance.now();
      const reading = (async () => {
        for await (const _event of crosswalk.events.list({ follow: true }, { signal: stop.signal, ...call }));
      })();
      await expect(reading).rejects.toThrow(/abort/i);
      return { wait: new URL(seen[0]?.url ?? '', url).searchParams.get('wait'), took: performance.now() - started };
    };
    expect((await waitsOf({})).wait).toBe('25');
    expect((await waitsOf({ timeout: 60_000 })).wait).toBe('25');
    expect((await waitsOf({ timeout: 10_000 })).wait).toBe('8');
    expect((await waitsOf({}, { timeout: 2_500 })).wait).toBe('1');
    const polled = await waitsOf({ timeout: 1_000 });
    expect(polled.wait).toBe('0');
    expect(polled.took).toBeGreaterThan(900);
  });

  test('a client that reads from replicas takes any before its first change, then one with its changes, and none while that is not known', async () => {
    const position = (digit: string) => digit.repeat(16);
    let given: string | undefined;
    handle = (_request, response) =>
      answer(response, 200, { organization: { id: 'org_1' } }, given === undefined ? {} : { 'crosswalk-consistency-token': given });
    const crosswalk = client({ reads: 'replica' });
    const sent = async () => {
      given = undefined;
      await crosswalk.organization.get('org_1');
      return seen.at(-1)?.token;
    };
    const change = async (token: string) => {
      given = token;
      await crosswalk.organization.update('org_1', {});
      expect(seen.at(-1)?.token).toBeUndefined();
    };
    expect([await sent(), crosswalk.consistencyToken]).toEqual(['any', undefined]);
    await change(position('2'));
    expect([await sent(), crosswalk.consistencyToken]).toEqual([position('2'), position('2')]);
    crosswalk.seen(position('1'));
    expect(await sent()).toBe(position('2'));
    await change('primary');
    expect([await sent(), crosswalk.consistencyToken]).toEqual(['primary', undefined]);
    crosswalk.seen(position('9'));
    expect(await sent()).toBe('primary');
    await change(position('3'));
    expect(await sent()).toBe(position('3'));
    await client().organization.get('org_1');
    expect(seen.at(-1)?.token).toBeUndefined();
  });

  test('what cannot pass is not tried again, nor is a call the server would not recognise', async () => {
    handle = (_request, response) => answer(response, 400, { code: 3, message: 'no', details: [] });
    await expect(client().resolve(['x'])).rejects.toThrow('no');
    expect(seen).toHaveLength(1);
    handle = (request) => request.socket.destroy();
    await expect(client().client.create({ name: 'x' })).rejects.toThrow(ConnectionError);
    expect(seen).toHaveLength(1);
  });

  test('where nobody listens, the error tells the address', async () => {
    const port = await freePort();
    for (const host of ['127.0.0.1', 'localhost']) {
      const crosswalk = new Crosswalk(`http://${host}:${port}`, 'skc_1', 'secret', { maxRetries: 0 });
      await expect(crosswalk.resolve(['x'])).rejects.toThrow(
        expect.objectContaining({
          message: expect.stringMatching(`^no answer from the server at http://${host}:${port}: connect ECONNREFUSED .*:${port}`),
        }),
      );
    }
  });

  test('where nobody speaks TLS, the error says what to change', async () => {
    const crosswalk = new Crosswalk(url.replace('http:', 'https:'), 'skc_1', 'secret', { maxRetries: 0 });
    await expect(crosswalk.resolve(['x'])).rejects.toThrow(
      `no answer from the server at ${url.replace('http:', 'https:')}: it does not speak TLS: begin its URL with http://`,
    );
  });

  test('429 for longer than a minute is told at once', async () => {
    handle = (_request, response) => answer(response, 429, {}, { 'retry-after': '3600' });
    const error: unknown = await client()
      .resolve(['x'])
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ retryAfter: 3600 });
    expect(seen).toHaveLength(1);
  });

  test('timeout and abort end a call; an injected fetch is used', async () => {
    handle = () => {};
    await expect(client({ timeout: 50, maxRetries: 0 }).resolve(['x'])).rejects.toThrow(ConnectionError);
    await expect(client().resolve(['x'], { signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort|timeout/i);
    const calls: string[] = [];
    const crosswalk = client({
      fetch: async (input) => {
        calls.push(String(input));
        return Response.json(String(input).endsWith('/oauth/token') ? { access_token: 't', expires_in: 60 } : { results: [] });
      },
    });
    await crosswalk.resolve(['x']);
    expect(calls).toEqual([`${url}/oauth/token`, `${url}/api/v1/resolve`]);
  });
});
