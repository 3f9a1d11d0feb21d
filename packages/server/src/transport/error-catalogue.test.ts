import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCatalogue } from '@crosswalk/contract';
import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const organizations = '/api/v1/organizations';
const unsafe = '{"display_name":"Big","metadata":{"seats":12345678901234567890}}';

test.each<[string, string, string, string, (string | undefined)?, Record<string, string>?]>([
  ['JSON that ends too early', 'MALFORMED_JSON', 'POST', organizations, '{"display_name":'],
  ['JSON with a name twice', 'MALFORMED_JSON', 'POST', organizations, '{"display_name":"A","display_name":"B"}'],
  ['a number that a double cannot hold', 'INEXACT_NUMBER', 'POST', organizations, unsafe],
  ['a filter that ends too early', 'INVALID_FILTER', 'GET', `${organizations}?filter=metadata.seats%20%3E`],
  ['an ETag of another kind', 'INVALID_PRECONDITION', 'PATCH', `${organizations}/org_1`, '{}', { 'if-match': 'W/"1"' }],
  ['a wish for another format', 'NOT_ACCEPTABLE', 'GET', organizations, undefined, { accept: 'text/html' }],
  [
    'a form that is sent where nothing is',
    'ROUTE_NOT_FOUND',
    'POST',
    '/api/v1/nothing',
    'a=b',
    { 'content-type': 'application/x-www-form-urlencoded' },
  ],
  ['a segment longer than any ID', 'URI_TOO_LONG', 'GET', `${organizations}:external/${'a'.repeat(5000)}`],
])('%s is answered as the catalogue says of %s', async (_name, code, method, path, body, headers) => {
  expect(await told(method, path, body, headers)).toEqual(entryOf(code));
});

test('what fails inside is INTERNAL, and nothing of the cause is told', async () => {
  await server.database.pool.query('alter table organizations rename to gone');
  try {
    expect(await told('GET', `${organizations}/org_1`)).toEqual(entryOf('INTERNAL'));
    expect((await server.client.request('GET', `${organizations}/org_1`)).text).not.toMatch(/relation|organizations|gone/);
  } finally {
    await server.database.pool.query('alter table gone rename to organizations');
  }
});

test('every code of the catalogue is expected by name in some test', async () => {
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const packages = (await readdir(join(root, 'packages'))).map((name) => join(root, 'packages', name, 'src'));
  const files = [...(await testFilesIn(packages, /\.test\.tsx?$/)), ...(await testFilesIn([join(root, 'test')], /\.ts$/))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const missing = Object.keys(errorCatalogue).filter((code) => !texts.some((text) => text.includes(`'${code}'`)));
  expect(missing).toEqual([]);
});

/** What an answer tells of its error: HTTP status, google.rpc.Code and `error_code`. */
async function told(...call: Parameters<typeof server.client.request>): Promise<object> {
  const { status, body } = await server.client.request(...call);
  return { status, grpc: Object(body).code, code: Object(body).details?.[0]?.error_code };
}

function entryOf(code: string): object {
  const { status, grpc } = Object(errorCatalogue)[code];
  return { status, grpc, code };
}

async function testFilesIn(directories: string[], name: RegExp): Promise<string[]> {
  const listed = await Promise.all(
    directories.map(async (directory) => (await readdir(directory, { recursive: true })).map((file) => join(directory, file))),
  );
  return listed.flat().filter((file) => name.test(file));
}
