import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { useTestServer } from '../../packages/server/src/testing.ts';
import { badInputs, type Input } from './bad-inputs.ts';

const server = useTestServer();

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Over node:http, which sends paths and headers as they are where fetch would tidy them. */
function send({ method = 'GET', path, body, headers = {} }: Input): Promise<Answer> {
  const bytes =
    body === undefined
      ? undefined
      : typeof body === 'string'
        ? Buffer.from(body)
        : body instanceof Uint8Array
          ? Buffer.from(body)
          : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      server.url,
      {
        method,
        path,
        headers: {
          authorization: `Bearer ${server.client.token}`,
          ...(bytes === undefined ? {} : { 'content-length': bytes.length }),
          ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming
          .on('data', (chunk) => chunks.push(chunk))
          .on('end', () =>
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString() }),
          );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}

async function recordCount(): Promise<number> {
  const { rows } = await server.database.pool.query(
    'select (select count(*) from organizations) + (select count(*) from users) + (select count(*) from external_ids) + (select count(*) from events) as count',
  );
  return Number(rows[0].count);
}

const at = (value: unknown, path: string): unknown => path.split('.').reduce((inner: unknown, key) => Object(inner)[key], value);
const label = ({ row, method = 'GET', path, body }: Input) => {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  return `${row} ${method} ${path.slice(0, 80)} ${text.slice(0, 90)}`;
};

test.each(badInputs.map((input): [string, Input] => [label(input), input]))('%s', async (_label, input) => {
  const before = await recordCount();
  const { status, headers, text } = await send(input);
  expect([input.expect].flat(), text.slice(0, 300)).toContain(status);
  if (status < 400) {
    if (input.keeps !== undefined) expect(at(JSON.parse(text), input.keeps.at)).toEqual(input.keeps.value);
    return;
  }
  expect(await recordCount(), 'a refused request writes nothing').toBe(before);
  if (status === 431 || status === 414) return;
  const { message, details } = JSON.parse(text);
  expect(headers['x-request-id']).toBe(details[0].request_info.request_id);
  expect(details[0].error_code).toMatch(/^[A-Z_]+$/);
  expect(message.length, 'an error does not give back what was sent').toBeLessThan(500);
  if (input.names !== undefined) {
    const fields = [
      message,
      ...(details[0].validation_error_info?.field_violations ?? []).map(({ field }: { field: string }) => field),
    ].join(' ');
    expect(fields).toMatch(input.names);
  }
});

test('after all of it the next request is served', async () => {
  expect((await send({ row: '', path: '/api/v1/organizations', expect: 200 })).status).toBe(200);
});

test('every external ID that was accepted is found again under its own name, in the path and in the query (E16, E17, E19)', async () => {
  for (const { body, expect: status } of badInputs) {
    const value: unknown = Object(body).external_id;
    if (typeof value !== 'string' || status !== 201) continue;
    const query = await send({ row: '', path: `/api/v1/organizations:external?external_id=${encodeURIComponent(value)}`, expect: 200 });
    expect([value, query.status, at(JSON.parse(query.text), 'organization.external_id')]).toEqual([value, 200, value]);
    const path = await send({ row: '', path: `/api/v1/organizations:external/${encodeURIComponent(value)}`, expect: 200 });
    expect([value, at(JSON.parse(path.text), 'organization.external_id')]).toEqual([value, value]);
  }
});

test('problem details are answered to those who accept them (RFC 9457)', async () => {
  const { status, headers, text } = await send({
    row: '',
    method: 'POST',
    path: '/api/v1/organizations',
    body: {},
    headers: { accept: 'application/problem+json' },
    expect: 400,
  });
  expect([status, headers['content-type']]).toEqual([400, 'application/problem+json; charset=utf-8']);
  expect(JSON.parse(text)).toMatchObject({
    status: 400,
    error_code: 'INVALID_ARGUMENT',
    errors: [{ pointer: '/display_name', code: 'required' }],
  });
});

test.each([['a\r\nb'], ['x'.repeat(10_000)], ['\u001b[31m'], ['ü']])('the request ID %j is replaced by one of ours (H21)', async (id) => {
  const sent = Buffer.from(id.replace('\r\n', ' ')).toString('latin1');
  const { headers } = await send({ row: 'H21', path: '/healthz', headers: { 'x-request-id': sent }, expect: 200 }).catch(() => ({
    headers: { 'x-request-id': 'req_refused' },
  }));
  expect(headers['x-request-id']).toMatch(/^req_/);
});

test.each([
  ['two lengths', 'POST /api/v1/organizations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  [
    'length and chunks',
    'POST /api/v1/organizations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['an unknown transfer coding', 'POST /api/v1/organizations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n'],
  ['a bad chunk', 'POST /api/v1/organizations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['NUL in a header', 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\u0000b\r\n\r\n'],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
])('%s: 400 and the connection is closed (H15)', async (_name, text) => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' }, () => socket.write(text));
    let received = '';
    socket
      .on('data', (chunk) => {
        received += chunk.toString();
      })
      .on('close', () => resolve(received))
      .on('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 40[01] /);
});

test('a token is bound to environment, list and filter (P2, P4, P5)', async () => {
  const get = async (path: string) => send({ row: 'P', path, expect: 200 });
  const { next_page_token: token } = JSON.parse((await get('/api/v1/organizations?page_size=1')).text);
  expect((await get(`/api/v1/organizations?page_size=2&page_token=${token}`)).status).toBe(200);
  for (const path of [
    `/api/v1/users?page_token=${token}`,
    `/api/v1/organizations?filter=metadata.a%20%3D%201&page_token=${token}`,
    `/api/v1/organizations?page_token=${token}%0A`,
    `/api/v1/organizations?page_token=${token}%3D`,
  ]) {
    expect((await get(path)).status).toBe(400);
  }
  const other = await server.addEnvironment('page tokens');
  expect((await other.request('GET', `/api/v1/organizations?page_token=${token}`)).status).toBe(400);
});
