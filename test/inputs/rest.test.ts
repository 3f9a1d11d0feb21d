import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../packages/server/src/testing.ts';
import type { Input } from './catalogue/chapter.ts';
import { inputs, labelOf } from './catalogue/index.ts';
import { at, prepare, send } from './input.ts';

/** The catalogue of bad inputs over REST. */
const server = useTestServer();
let organization = '';
beforeAll(async () => {
  organization = await prepare(server);
});

async function recordCount(): Promise<number> {
  const { rows } = await server.database.pool.query(
    'select (select count(*) from organizations) + (select count(*) from users) + (select count(*) from memberships) + (select count(*) from external_ids) + (select count(*) from events) as count',
  );
  return Number(rows[0].count);
}

test.for(inputs.map((input): [string, Input] => [labelOf(input), input]))('%s', async ([, input], { task }) => {
  const before = await recordCount();
  const { status, headers, text } = await send(server, { ...input, path: input.path.replace('{organization}', organization) });
  task.meta.trial = { row: input.row, door: 'REST', answer: String(status) };
  expect([input.expect].flat(), text.slice(0, 300)).toContain(status);
  if (status < 400) {
    if (input.keeps !== undefined) expect(at(JSON.parse(text), input.keeps.at)).toEqual(input.keeps.value);
    return;
  }
  expect(await recordCount(), 'a refused request writes nothing').toBe(before);
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
  expect((await send(server, { path: '/api/v1/organizations' })).status).toBe(200);
});

test('every external ID that was accepted is found again under its own name, in the path and in the query (E16, E17, E19)', async () => {
  for (const { body, expect: status } of inputs) {
    const value: unknown = Object(body).external_id;
    if (typeof value !== 'string' || status !== 201) continue;
    const query = await send(server, { path: `/api/v1/organizations:external?external_id=${encodeURIComponent(value)}` });
    expect([value, query.status, at(JSON.parse(query.text), 'organization.external_id')]).toEqual([value, 200, value]);
    const path = await send(server, { path: `/api/v1/organizations:external/${encodeURIComponent(value)}` });
    expect([value, at(JSON.parse(path.text), 'organization.external_id')]).toEqual([value, value]);
  }
});

test('problem details are answered to those who accept them (RFC 9457)', async () => {
  const { status, headers, text } = await send(server, {
    method: 'POST',
    path: '/api/v1/organizations',
    body: {},
    headers: { accept: 'text/html;q=0.5, Application/Problem+JSON', 'x-request-id': 'of-this-request' },
  });
  expect([status, headers['content-type']]).toEqual([400, 'application/problem+json; charset=utf-8']);
  expect(JSON.parse(text)).toMatchObject({
    status: 400,
    instance: 'urn:crosswalk:request:of-this-request',
    error_code: 'INVALID_ARGUMENT',
    errors: [{ pointer: '/display_name', code: 'required' }],
  });
});

test.each([['a\r\nb'], ['x'.repeat(10_000)], ['\u001b[31m'], ['ü']])('the request ID %j is replaced by one of ours (H21)', async (id) => {
  const sent = Buffer.from(id.replace('\r\n', ' ')).toString('latin1');
  const { headers } = await send(server, { path: '/healthz', headers: { 'x-request-id': sent } }).catch(() => ({
    headers: { 'x-request-id': 'req_refused' },
  }));
  expect(headers['x-request-id']).toMatch(/^req_/);
});
