import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test, vi } from 'vitest';
import { useTestServer } from '../testing.ts';
import { ended, ndjson, upload } from './testing.ts';

/** How long an upload goes on after a sign of life of its server. Milliseconds. */
const receiveLease = 2000;
const server = useTestServer({ imports: { receiveLease } });
beforeAll(() => server.startWork());
const send = (file: Parameters<typeof upload>[2], headers: Record<string, string> = {}) => upload(server, server.client, file, '', headers);
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
