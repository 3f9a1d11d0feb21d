import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openPool } from '../database/connection.ts';
import { findTracer } from '../lib/tracing.ts';
import { useTestServer } from '../testing.ts';
import { createEndpoint, startReceiver } from '../webhooks/testing.ts';

// A real SDK, as an operator loads one before the server. Registered before the server is made, and taken out after it has ended.
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
beforeAll(() => provider.register());
const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
afterAll(async () => {
  for (const api of [trace, context, propagation]) api.disable();
  await provider.shutdown();
  expect(findTracer()).toBeUndefined();
});

const organizations = '/api/v1/organizations';
let lastTrace = 0;

/** The headers of a caller that traces, and the ID of its trace. */
function caller(): { traceId: string; traceparent: string; parent: string } {
  lastTrace += 1;
  const traceId = lastTrace.toString(16).padStart(32, '0');
  return { traceId, parent: '00f067aa0ba902b7', traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
}

/** Waits for what comes soon after an answer, on a busy machine too. */
const soon = <Result>(look: () => Result) => vi.waitFor(look, { timeout: 20_000 });

const spansOf = (traceId: string) => exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);

/** The spans of a trace when its request has ended: the one of the server, and those of statements. */
async function requestSpans(traceId: string): Promise<{ own: ReadableSpan; statements: ReadableSpan[] }> {
  return soon(() => {
    const spans = spansOf(traceId);
    const own = spans.find(({ kind }) => kind === SpanKind.SERVER);
    if (own === undefined) throw new Error(`${spans.length} spans and none of the server`);
    return { own, statements: spans.filter((span) => span !== own) };
  });
}

async function create(name: string, traceparent: string, more: object = {}): Promise<string> {
  const { status, body } = await server.client.request('POST', organizations, { display_name: name, ...more }, { traceparent });
  expect(status).toBe(201);
  return Object(body).organization.id;
}

test('a request goes on with the trace of its caller, and each of its statements is a span in it', async () => {
  const { traceId, parent, traceparent } = caller();
  const id = await create('Traced', traceparent, { external_id: 'TRACED-1' });
  const { own, statements } = await requestSpans(traceId);
  expect([own.name, own.parentSpanContext?.spanId]).toEqual(['POST /api/v1/organizations', parent]);
  expect(own.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/api/v1/organizations',
    'http.response.status_code': 201,
    'url.path': '/api/v1/organizations',
    'url.scheme': 'http',
    'crosswalk.request_id': expect.stringMatching(/^req_/),
  });
  expect(statements.map(({ name }) => name)).toEqual(expect.arrayContaining(['begin', 'commit']));
  for (const { kind, attributes, parentSpanContext } of statements) {
    expect([kind, parentSpanContext?.spanId]).toEqual([SpanKind.CLIENT, own.spanContext().spanId]);
    expect(attributes).toMatchObject({ 'db.system.name': 'postgresql', 'db.query.text': expect.any(String), 'db.namespace': /^test_/ });
  }

  const read = caller();
  await server.client.request('GET', `${organizations}:external/TRACED-1?system=`, undefined, { traceparent: read.traceparent });
  expect((await requestSpans(read.traceId)).own.attributes).toMatchObject({ 'http.route': '/api/v1/organizations:external/:external_id' });
  const missing = caller();
  await server.client.request('GET', `${organizations}/org_1`, undefined, { traceparent: missing.traceparent });
  const notFound = (await requestSpans(missing.traceId)).own;
  expect([notFound.attributes['http.response.status_code'], notFound.status.code]).toEqual([404, SpanStatusCode.UNSET]);
  expect(id).toMatch(/^org_/);
});

test('a call of gRPC is a span by the name of its method', async () => {
  const [found, refused] = [caller(), caller()];
  const id = await create('Called', caller().traceparent);
  const scalekit = createClient(OrganizationService, createGrpcTransport({ baseUrl: server.url }));
  const authorization = `Bearer ${server.client.token}`;
  const get = (value: string, { traceparent }: { traceparent: string }) =>
    scalekit.getOrganization({ identities: { case: 'id', value } }, { headers: { authorization, traceparent } });
  await get(id, found);
  await expect(get('org_1', refused)).rejects.toThrow();
  const { own, statements } = await requestSpans(found.traceId);
  expect([own.name, own.parentSpanContext?.spanId]).toEqual([
    'scalekit.v1.organizations.OrganizationService/GetOrganization',
    found.parent,
  ]);
  expect(own.attributes).toMatchObject({ 'rpc.system.name': 'grpc', 'rpc.status_code': 'OK' });
  expect(statements).toHaveLength(1);
  expect((await requestSpans(refused.traceId)).own.attributes).toMatchObject({ 'rpc.status_code': 'NOT_FOUND' });
});

test('the reading of signing keys, which is for whoever comes next, is in the trace of no request', async () => {
  for (let round = 0; round < 2; round += 1) {
    // What is known of the keys is read again once it is older than a second.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const { traceId, traceparent } = caller();
    await server.client.request('GET', `${organizations}/org_1`, undefined, { traceparent });
    expect((await requestSpans(traceId)).statements.map(({ name }) => name)).not.toContain('find-live-keys');
  }
});

test('of many requests at once, each has its own statements, also when it had to wait for a connection', async () => {
  const ids = await Promise.all(Array.from({ length: 40 }, (_, number) => create(`Writer ${number}`, caller().traceparent)));
  const callers = ids.map(caller);
  // Changes of external IDs share their transactions with nobody.
  await Promise.all(
    callers.map(({ traceparent }, number) =>
      server.client.request('PATCH', `${organizations}/${ids[number]}`, { external_id: `WRITER-${number}` }, { traceparent }),
    ),
  );
  for (const { traceId } of callers) {
    const names = (await requestSpans(traceId)).statements.map(({ name }) => name);
    expect(names.filter((name) => name === 'begin' || name === 'commit')).toEqual(['begin', 'commit']);
  }
});

/** The traces that the statements of some requests, or those of one name, are in or have links to. */
async function tracesTold(callers: readonly { traceId: string }[], statement?: string): Promise<string[]> {
  const spans = (await Promise.all(callers.map(({ traceId }) => requestSpans(traceId)))).flatMap(({ statements }) => statements);
  return spans
    .filter(({ name }) => statement === undefined || name === statement)
    .flatMap((span) => [span.spanContext().traceId, ...span.links.map((link) => link.context.traceId)])
    .toSorted();
}

test('changes that share a transaction are in the trace of the first, which has links to the others', async () => {
  const callers = Array.from({ length: 40 }, caller);
  await Promise.all(callers.map(({ traceparent }, number) => create(`Sharer ${number}`, traceparent)));
  const all = callers.map(({ traceId }) => traceId).toSorted();
  for (const statement of ['begin', 'commit']) expect(await tracesTold(callers, statement)).toEqual(all);
});

test('look-ups that share a statement are in the trace of the first, which has links to the others', async () => {
  const id = await create('Shared', caller().traceparent);
  const callers = Array.from({ length: 40 }, caller);
  await Promise.all(callers.map(({ traceparent }) => server.client.request('GET', `${organizations}/${id}`, undefined, { traceparent })));
  expect(await tracesTold(callers)).toEqual(callers.map(({ traceId }) => traceId).toSorted());
});

test('a failure of the database is the error of its statement and of the request, by code and without its message', async () => {
  const { traceId, traceparent } = caller();
  await server.database.pool.query('alter table systems rename to gone');
  try {
    expect((await server.client.request('GET', '/api/v1/systems', undefined, { traceparent })).status).toBe(500);
  } finally {
    await server.database.pool.query('alter table gone rename to systems');
  }
  const { own, statements } = await requestSpans(traceId);
  expect([own.status.code, own.attributes['error.type']]).toEqual([SpanStatusCode.ERROR, 'INTERNAL']);
  const [failed] = statements.filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(failed?.attributes).toMatchObject({ 'error.type': '42P01', 'db.response.status_code': '42P01' });
  expect([failed?.status.message, failed?.events]).toEqual([undefined, []]);
});

test('a webhook is sent with the traceparent of its own span, which tells no secret of its address; workers make no other spans', async () => {
  const receiver = await startReceiver();
  await createEndpoint(server.client, `${receiver.url}?key=hidden-in-the-query`, { event_types: ['organization'] });
  exporter.reset();
  server.startWork();
  await create('Told', caller().traceparent);
  const [received] = await receiver.waitFor(1);
  await soon(() => expect(exporter.getFinishedSpans().map(({ name }) => name)).toContain('POST'));
  await server.stopWork();
  const sent = exporter.getFinishedSpans().filter(({ name }) => name === 'POST');
  const [span] = sent.filter(({ attributes }) => attributes['crosswalk.event_id'] === received?.id);
  expect(received?.headers.traceparent).toBe(`00-${span?.spanContext().traceId}-${span?.spanContext().spanId}-01`);
  expect(span?.attributes).toMatchObject({ 'http.response.status_code': 204, 'url.full': receiver.url, 'server.address': '127.0.0.1' });
  const roots = exporter.getFinishedSpans().filter(({ parentSpanContext }) => parentSpanContext === undefined);
  expect(roots.filter((root) => !sent.includes(root)).map(({ name }) => name)).toEqual([]);
});

test('no value of a record is in any span', async () => {
  exporter.reset();
  const { traceId, traceparent } = caller();
  await create('A hidden name', traceparent, { external_id: 'HIDDEN-ID', metadata: { hidden: 'hidden value' } });
  await server.client.request('POST', organizations, { display_name: 'B', external_id: 'HIDDEN-ID' }, { traceparent });
  await requestSpans(traceId);
  const told = JSON.stringify(
    exporter.getFinishedSpans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events })),
  );
  expect(told).toContain('insert into organizations');
  expect(told).not.toMatch(/hidden/i);
});

test('without an SDK nothing is wrapped', async () => {
  const usual = openPool(server.database.connection);
  expect(Object.hasOwn(usual, 'connect')).toBe(true);
  trace.disable();
  const plain = openPool(server.database.connection);
  expect([findTracer(), Object.hasOwn(plain, 'connect')]).toEqual([undefined, false]);
  await Promise.all([usual.end(), plain.end()]);
});
