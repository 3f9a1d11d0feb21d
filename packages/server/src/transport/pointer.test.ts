import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const organizations = '/api/v1/organizations';
let one: string;
beforeAll(async () => {
  const { body } = await server.client.request('POST', organizations, { display_name: 'Pointed at' });
  one = `${organizations}/${Object(body).organization.id}`;
});

/** The fields of the problem that a request is answered with, and where they are in its body. */
async function problemOf(method: string, path: string, body: unknown, headers = {}): Promise<[string, string | undefined][]> {
  const answer = await server.client.request(method, path, body, { accept: 'application/problem+json', ...headers });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
  const { errors }: { errors: { field: string; pointer?: string }[] } = Object(answer.body);
  return errors.map(({ field, pointer }) => [field, pointer]);
}

const long = 'k'.repeat(129);

test.each<[string, object, string]>([
  ['a member', { display_name: '' }, '/display_name'],
  ['a member that is missing', {}, '/display_name'],
  ['one that nobody knows', { display_name: 'A', 'na.me': 1 }, '/na.me'],
  ['a name with a dot and a slash', { display_name: 'A', metadata: { 'a.b/c': { constructor: 1 } } }, '/metadata/a.b~1c/constructor'],
  ['a name with a tilde', { display_name: 'A', metadata: { 'a~b': { prototype: 1 } } }, '/metadata/a~0b/prototype'],
  ['an item', { display_name: 'A', metadata: { list: [1, { constructor: 1 }] } }, '/metadata/list/1/constructor'],
  [
    'one of two names that begin alike',
    { display_name: 'A', metadata: { a: { b: 1 }, 'a.b': { constructor: 1 } } },
    '/metadata/a.b/constructor',
  ],
  ['a name too long to be told', { display_name: 'A', metadata: { [long]: 1 } }, `/metadata/${long}`],
  ['an ID of a system', { display_name: 'A', external_ids: { stripe: ' x' } }, '/external_ids/stripe'],
])('the pointer of a problem leads to %s in the body', async (_name, body, pointer) => {
  expect((await problemOf('POST', organizations, body)).map(([, found]) => found)).toEqual([pointer]);
});

test('where the body is the metadata, the pointer begins inside of it', async () => {
  expect(await problemOf('PUT', `${one}/metadata`, { a: { constructor: 1 } })).toEqual([['metadata.a.constructor', '/a/constructor']]);
  expect(await problemOf('PUT', `${one}/metadata`, { metadata: { constructor: 1 } })).toEqual([
    ['metadata.metadata.constructor', '/metadata/constructor'],
  ]);
});

test('the pointer to a whole body is empty', async () => {
  expect(await problemOf('POST', organizations, [])).toEqual([['body', '']]);
});

test.each<[string, string, string, unknown, Record<string, string>, string]>([
  ['the query', 'GET', `${organizations}?page_size=0`, undefined, {}, 'page_size'],
  ['the path', 'PATCH', `${organizations}/usr_1`, { metadata: {} }, {}, 'id'],
  ['a header', 'PATCH', `${organizations}/org_1`, { metadata: {} }, { 'if-match': 'x' }, 'If-Match'],
  ['the query of a change', 'PATCH', `${organizations}:external?external_id=%20`, { metadata: {} }, {}, 'external_id'],
  ['the query, or not there,', 'PATCH', `${organizations}:external`, { metadata: {} }, {}, 'external_id'],
])('what is in %s has a name and no pointer', async (_name, method, path, body, headers, field) => {
  expect(await problemOf(method, path, body, headers)).toEqual([[field, undefined]]);
});
