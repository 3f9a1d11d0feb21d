import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { useTestServer } from '../testing.ts';
import { ended, ndjson, upload } from './testing.ts';

/** How long an upload goes on after a sign of life of its server. Milliseconds. */
const receiveLease = 2000;
const server = useTestServer({ imports: { receiveLease } });
beforeAll(() => server.startWork());
const send = (file: Parameters<typeof upload>[2], headers: Record<string, string> = {}) => upload(server, server.client, file, '', headers);
const statusOf = async (externalId: string) => (await server.client.request('GET', `/api/v1/organizations:external/${externalId}`)).status;
const organization = (external_id: string) => ({ kind: 'organization', external_id, display_name: external_id });

async function newest() {
  return Object((await server.client.request('GET', '/api/v1/imports?page_size=1')).body).imports[0];
}

/** Sends a file as it is written. */
function sendInParts(headers: Record<string, string> = {}) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const write = (row: object) => writer.write(new TextEncoder().encode(ndjson([row])));
  return { answer: send(readable, headers), write, end: () => writer.close() };
}

test('a slow upload goes on for longer than the lease, as its server is alive', async () => {
  const { answer, write, end } = sendInParts();
  const rows = 8;
  for (let row = 1; row <= rows; row += 1) {
    await write(organization(`slow-${row}`));
    await sleep((receiveLease * 1.75) / rows);
  }
  await end();
  const { status, message, body } = await answer;
  expect([status, message]).toEqual([202, undefined]);
  expect(await ended(server.client, Object(body).import.id)).toMatchObject({ state: 'DONE', counts: { organization: { created: rows } } });
});

test('an upload whose import ends under way is told by what it ended', async () => {
  const { answer, write, end } = sendInParts();
  await write(organization('told'));
  await vi.waitFor(async () => expect((await newest()).state).toBe('RECEIVING'));
  const { id } = await newest();
  await server.client.request('POST', `/api/v1/imports/${id}:cancel`);
  await end();
  expect(await answer).toMatchObject({
    status: 400,
    code: 'IMPORT_ENDED',
    message: `${id} was canceled while its file was on the way`,
  });
});

describe('a file that is sent again with its Idempotency-Key before it was whole', () => {
  test('is imported, and the upload before is not, though it goes on', async () => {
    const key = { 'idempotency-key': 'goes-on' };
    const first = sendInParts(key);
    await first.write(organization('first-1'));
    await vi.waitFor(async () => expect((await newest()).state).toBe('RECEIVING'));
    const { id } = await newest();
    const second = await send([organization('second-1')], key);
    expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([202, null]);
    const { id: secondId } = Object(second.body).import;
    expect(await ended(server.client, secondId)).toMatchObject({ state: 'DONE', counts: { organization: { created: 1 } } });

    await first.write(organization('first-2'));
    await first.end();
    const why = `the file was sent again with its Idempotency-Key before it was whole; that upload is ${secondId}`;
    expect(await first.answer).toMatchObject({
      status: 400,
      code: 'IMPORT_ENDED',
      message: `${id} ended while its file was on the way: ${why}`,
    });
    expect(await ended(server.client, id)).toMatchObject({ state: 'FAILED', error: { error_code: 'MALFORMED_REQUEST', message: why } });
    expect([await statusOf('first-1'), await statusOf('first-2'), await statusOf('second-1')]).toEqual([404, 404, 200]);
    const third = await send([organization('third-1')], key);
    expect([third.headers.get('idempotent-replayed'), Object(third.body).import.id]).toEqual(['true', secondId]);
  });

  test('is imported at once after its server was killed', async () => {
    await server.database.pool.query(
      `insert into imports (environment_id, id, state, format, options, client_id, request_id, idempotency_key, holder, lease_until)
       values ($1, 4711, 'RECEIVING', 'ndjson', '{}', $2, 'r', 'killed', 'killed', now() + interval '1 hour')`,
      [server.client.environmentId, server.client.clientId.slice(4)],
    );
    const { status, headers, body } = await send([organization('killed')], { 'idempotency-key': 'killed' });
    expect([status, headers.get('idempotent-replayed')]).toEqual([202, null]);
    expect(await ended(server.client, Object(body).import.id)).toMatchObject({ state: 'DONE' });
    expect(await ended(server.client, 'imp_4711')).toMatchObject({ state: 'FAILED', rows_total: 0 });
  });

  test('is imported after it was refused', async () => {
    const key = { 'idempotency-key': 'refused' };
    expect((await send(new Uint8Array([0xff]), key)).status).toBe(400);
    const { status, headers } = await send([organization('refused')], key);
    expect([status, headers.get('idempotent-replayed')]).toEqual([202, null]);
  });

  test('is imported once, however often at once', async () => {
    const key = { 'idempotency-key': 'at-once' };
    // Without an ID: each import of it makes another organization.
    const row = { kind: 'organization', display_name: 'At once' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => send([row], key)));
    const taken = answers.filter(({ status }) => status === 202);
    const [id, ...others] = new Set(taken.map(({ body }) => Object(body).import.id));
    expect([typeof id, others]).toEqual(['string', []]);
    expect(answers.filter((one) => !taken.includes(one)).every(({ code = '' }) => ['IMPORT_ENDED', 'RECORD_BUSY'].includes(code))).toBe(
      true,
    );
    await ended(server.client, id);
    const { rows } = await server.database.pool.query("select count(*)::int as count from organizations where display_name = 'At once'");
    expect(rows).toEqual([{ count: 1 }]);
  });
});
