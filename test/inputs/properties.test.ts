import fc from 'fast-check';
import { beforeAll, describe, expect, type TaskMeta, test } from 'vitest';
import { type TestAnswer, useTestServer } from '../../packages/server/src/testing.ts';
import { at, send } from './input.ts';
import { operations } from './openapi.ts';
import { tries } from './tries.ts';
import { valuesOf } from './values.ts';

/** What must hold for any input at all; fast-check looks for one for which it does not. */
const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const organizations = '/api/v1/organizations';
let organizationId = '';
beforeAll(async () => {
  const { body } = await request('POST', organizations, { display_name: 'Any', external_id: 'ANY' });
  organizationId = String(at(body, 'organization.id'));
});

/** Texts of any sort: control characters, halves of surrogate pairs, marks, other scripts, what looks like code. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\u202e',
    '__proto__',
    'constructor',
    'null',
    '%00',
    '../..',
    "' or 1=1--",
    'x'.repeat(300),
    'org_1',
    'usr_1',
    'a@b.co',
  ),
);
const junk: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.jsonValue(),
  fc.constantFrom(null, true, 0, -1, 1.5, 1e21, [], {}, [[]], [null], { a: { b: {} } }),
);

/** An error says what is wrong in the one form that errors have; nothing is a failure of the server. */
function expectAnswer({ status, body }: Pick<TestAnswer, 'status' | 'body'>): void {
  expect(status).toBeLessThan(500);
  if (status >= 400) expect([typeof at(body, 'message'), typeof at(body, 'details.0.error_code')]).toEqual(['string', 'string']);
}

/** Fills the path with names of records that are there. */
const known = (path: string) =>
  path.replace('{organization_id}', organizationId).replace('{external_id}', 'ANY').replace('{id}', organizationId);

/** A copy of a value with junk in one place of it, or an unknown field, or junk altogether. */
function damaged(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return junk;
  const members = Object.entries(value);
  const changed = members.map(([key, member]) =>
    damaged(member).map((other) =>
      Array.isArray(value) ? value.map((item, index) => (String(index) === key ? other : item)) : { ...value, [key]: other },
    ),
  );
  return fc.oneof(
    junk,
    fc.tuple(text, junk).map(([key, other]) => ({ ...value, [key]: other })),
    ...changed,
  );
}

/** How many records and events there are. */
async function written(): Promise<number> {
  const { rows } = await server.database.pool.query(
    'select (select count(*) from organizations) + (select count(*) from users) + (select count(*) from memberships) + (select count(*) from events) as count',
  );
  return Number(rows[0].count);
}

/** Notes what was tried, for the table of `npm run inputs`. */
const note = (meta: TaskMeta, answer: string) => {
  meta.trial = { row: '*', door: 'REST', answer };
};

describe('no request makes the server fail', { timeout: 180_000 }, () => {
  test('whatever its body is: one of its schema, or one that is damaged; what is refused writes nothing', async ({ task }) => {
    const withBody = (await operations(server)).filter(({ body, path }) => body !== undefined && path.startsWith('/api/'));
    expect(withBody.length).toBeGreaterThan(50);
    const statuses = new Map<number, number>();
    for (const { method, path, body } of withBody) {
      const query = /:external(:\w+)?$/.test(path) ? '?external_id=ANY' : '';
      const valid = valuesOf(body?.schema ?? {});
      const any = fc.oneof(valid, valid.chain(damaged), damaged(body?.example));
      await fc.assert(
        fc.asyncProperty(any, async (sent) => {
          const before = await written();
          const answer = await request(method, known(path) + query, JSON.stringify(sent));
          expectAnswer(answer);
          if (answer.status >= 400) expect(await written()).toBe(before);
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        }),
        tries(12, 100),
      );
    }
    note(task.meta, [...statuses].map(([status, count]) => `${count} times ${status}`).join(', '));
    // Some of what the schemas generate is taken: else it would try the schemas alone.
    expect([...statuses.keys()].filter((status) => status < 300)).not.toEqual([]);
  });

  test('whatever is in its path and query', async ({ task }) => {
    const named = (await operations(server)).filter(({ method, parameters }) => method === 'GET' && parameters.length > 0);
    expect(named.length).toBeGreaterThan(50);
    for (const { path, parameters } of named) {
      const query = parameters.filter((parameter) => parameter.in === 'query');
      // Each parameter as its schema has it, or any text.
      const values = fc.tuple(...query.map(({ name, schema }) => fc.tuple(fc.constant(name), fc.oneof(valuesOf(schema), text))));
      await fc.assert(
        fc.asyncProperty(fc.infiniteStream(text), values, async (stream, filled) => {
          const next = () => encodeURIComponent((stream.next().value ?? '').toWellFormed());
          const parts = filled.map(([name, value]) => `${name}=${encodeURIComponent(String(value).toWellFormed())}`);
          // An event is waited for no longer than a request takes.
          const asked = parts.filter((part) => !part.startsWith('wait='));
          expectAnswer(await request('GET', `${path.replace(/\{\w+\}/g, () => next() || '%20')}?${asked.join('&')}`));
        }),
        tries(12, 100),
      );
    }
    note(task.meta, `${named.length} operations`);
  });

  test('whatever its headers are', async () => {
    const letter = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f);
    const value = fc.string({ unit: letter.map((code) => String.fromCharCode(code)), maxLength: 40 });
    const name = fc.constantFrom(
      ...['if-match', 'if-none-match', 'idempotency-key', 'accept', 'content-type', 'content-encoding', 'x-request-id', 'authorization'],
    );
    await fc.assert(
      fc.asyncProperty(name, value, async (header, sent) => {
        const headers = { [header]: sent };
        const { status, text: answer } = await send(server, {
          method: 'PUT',
          path: `${organizations}:external/ANY`,
          body: { metadata: {} },
          headers,
        });
        expectAnswer({ status, body: JSON.parse(answer) });
      }),
      tries(400, 4_000),
    );
  });

  test('whatever bytes its body has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const response = await fetch(server.url + organizations, {
          method: 'POST',
          headers: { authorization: `Bearer ${server.client.token}`, 'content-type': 'application/json' },
          body: bytes,
        });
        expect([response.status, at(await response.json(), 'details.0.error_code')]).toEqual([400, expect.any(String)]);
      }),
      tries(200, 2_000),
    );
  });
});

test('metadata comes back as it was sent, or is refused', { timeout: 120_000 }, async () => {
  const metadata = fc.dictionary(text, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(metadata, async (sent) => {
      const { status, body } = await request('POST', organizations, { display_name: 'M', metadata: sent });
      expect([201, 400]).toContain(status);
      if (status === 201) expect(at(body, 'organization.metadata')).toEqual(withoutNulls(JSON.parse(JSON.stringify(sent))));
    }),
    tries(300, 3_000),
  );
});

/** In a new object null means "absent" (RFC 7396); in an array it is a value. */
function withoutNulls(value: object): object {
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    members.map(([key, member]) => [key, typeof member === 'object' && !Array.isArray(member) ? withoutNulls(member) : member]),
  );
}

test('an external ID that is accepted leads back to its record, and to no other', { timeout: 120_000 }, async () => {
  // Nothing was renamed there: no ID leads to a record by an alias.
  const { request: ask } = await server.addEnvironment('external IDs');
  await fc.assert(
    fc.asyncProperty(text, async (any) => {
      const externalId = any.toWellFormed();
      const path = `${organizations}:external?external_id=${encodeURIComponent(externalId)}`;
      const { status, body } = await ask('PUT', path, { display_name: 'E' });
      expect([200, 201, 400]).toContain(status);
      if (status === 400) return;
      expect(at(body, 'organization.external_id')).toBe(externalId);
      expect(at((await ask('GET', path)).body, 'organization.id')).toBe(at(body, 'organization.id'));
      const { body: resolved } = await ask('POST', '/api/v1/resolve', {
        ids: [{ value: externalId, kind: 'organization', system: 'crm' }],
      });
      expect(at(resolved, 'results.0')).toEqual({ value: externalId, matches: [] });
    }),
    tries(300, 3_000),
  );
});
