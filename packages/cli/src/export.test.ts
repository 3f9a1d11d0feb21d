import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer();
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-cli-'));
  await server.client.request('POST', '/api/v1/organizations', { display_name: 'Acme', external_id: 'C-1', metadata: { formula: '=1+1' } });
});
afterAll(() => rm(directory, { recursive: true }));

const crosswalk = (...args: string[]) => runIn(variablesOf(server), args);

test('the directory is printed as rows, or is a file when it is whole; the feed goes on from there', async () => {
  const printed = await crosswalk('export', '--kinds', 'organization');
  expect(printed.out).toBe('{"kind":"organization","external_id":"C-1","display_name":"Acme","metadata":{"formula":"=1+1"}}\n');
  expect(printed.err).toMatch(/^1 rows\nwhat changes from then on: crosswalk events tail --after \S+\n$/);
  const path = join(directory, 'all.ndjson');
  const { status, out } = await crosswalk('export', path, '--kinds', 'organization', '--json');
  expect([status, JSON.parse(out)]).toEqual([0, { rows: 1, bytes: printed.out.length, file: path, events_cursor: expect.any(String) }]);
  expect(await readFile(path, 'utf8')).toBe(printed.out);
  expect(await readdir(directory)).toEqual(['all.ndjson']);
});

test('what is at the path stays what it is: a link leads to the new file, a pipe is written to, and a mode is kept', async () => {
  const at = (name: string) => join(directory, name);
  const rows = (await crosswalk('export', '--kinds', 'organization')).out;
  const exported = (name: string) => crosswalk('export', at(name), '--kinds', 'organization');
  await writeFile(at('kept'), 'old');
  await chmod(at('kept'), 0o640);
  await symlink('kept', at('link'));
  await symlink('made', at('dangling'));
  for (const name of ['link', 'dangling']) {
    expect(await exported(name)).toMatchObject({ status: 0, out: expect.stringContaining(`in ${at(name)}`) });
    expect((await lstat(at(name))).isSymbolicLink()).toBe(true);
    expect(await readFile(at(name), 'utf8')).toBe(rows);
  }
  // An export has the names and addresses of people.
  expect([(await stat(at('kept'))).mode % 0o1000, (await stat(at('made'))).mode % 0o1000]).toEqual([0o640, 0o600]);
  await writeFile(at('left.unfinished'), '', { mode: 0o644 });
  expect((await exported('left')).status).toBe(0);
  expect((await stat(at('left'))).mode % 0o1000).toBe(0o600);
  execFileSync('sh', ['-c', 'mkfifo "$0"', at('pipe')]);
  const [read, { status }] = await Promise.all([readFile(at('pipe'), 'utf8'), exported('pipe')]);
  expect([read, status, (await lstat(at('pipe'))).isFIFO()]).toEqual([rows, 0, true]);
  expect((await readdir(directory)).filter((name) => name.endsWith('.unfinished'))).toEqual([]);
});

test('a CSV has one kind, and its cells are none of formulas', async () => {
  const { out } = await crosswalk('export', '--format', 'csv', '--kinds', 'organization');
  expect(out).toContain("'=1+1");
  const refused = await crosswalk('export', '--format', 'csv');
  expect([refused.status, refused.err]).toEqual([2, expect.stringContaining('a CSV has one kind')]);
  expect((await crosswalk('export', '--kinds', 'organisation')).err).toContain(
    '--kinds is one of permission, role, organization, user, membership',
  );
  for (const args of [['export'], ['import', '-', '--format', 'csv', '--kind', 'user', '--rejected']]) {
    const folder = await crosswalk(...args, directory);
    expect(folder).toEqual({ status: 2, out: '', err: `crosswalk: ${directory} is a directory: name a file in it\n` });
  }
  const nowhere = await crosswalk('export', join(directory, 'no', 'folder.ndjson'));
  expect([nowhere.status, nowhere.err]).toEqual([2, expect.stringContaining('folder.ndjson cannot be written (ENOENT)')]);
});

test('rows of a CSV are counted, not its lines', async () => {
  await server.client.request('POST', '/api/v1/organizations', {
    display_name: 'Lined',
    metadata: { note: 'a "quoted"\r\nline\nand another' },
  });
  const path = join(directory, 'lined.csv');
  const only = ['--format', 'csv', '--kinds', 'organization', '--search', 'Lined'];
  expect(JSON.parse((await crosswalk('export', path, ...only, '--json')).out)).toMatchObject({ rows: 1 });
  expect((await readFile(path, 'utf8')).split('\n').length).toBeGreaterThan(4);
  expect((await crosswalk('export', ...only)).err).toMatch(/^1 rows\n/);
});

test('what a list shows is exported by the options of that list', async () => {
  const { body } = await server.client.request('POST', '/api/v1/organizations', { display_name: 'Globex', metadata: { plan: 'pro' } });
  const { id } = Object(body).organization;
  await server.client.request('POST', `/api/v1/organizations/${id}/users?send_invitation_email=false`, { email: 'ada@example.com' });
  const names = async (...args: string[]) => {
    const { out, err } = await crosswalk('export', ...args);
    const rows = out.trimEnd().split('\n').filter(Boolean);
    expect(err).toContain(`${rows.length} rows`);
    return rows.map((line) => JSON.parse(line)).map(({ display_name: name, email, membership_status: status }) => name ?? email ?? status);
  };
  expect(await names('--kinds', 'organization', '--filter', 'metadata.plan = "pro"')).toEqual(['Globex']);
  expect(await names('--kinds', 'organization', '--search', 'acm')).toEqual(['Acme']);
  expect(await names('--kinds', 'user', '--org', id)).toEqual(['ada@example.com']);
  expect(await names('--kinds', 'membership', '--user-email', 'ada@example.com', '--status', 'active')).toEqual(['ACTIVE']);
  expect(await names('--kinds', 'membership', '--org-external-id', 'C-1')).toEqual([]);
  for (const [args, message] of [
    [['--filter', 'metadata.plan = "pro"'], 'one kind is narrowed: add --kinds organization, --kinds user or --kinds membership'],
    [['--kinds', 'membership', '--status', 'gone'], '--status is one of ACTIVE, INACTIVE, PENDING_INVITE, INVITE_EXPIRED'],
  ] as const) {
    const refused = await crosswalk('export', ...args);
    expect([refused.status, refused.err]).toEqual([2, expect.stringContaining(message)]);
  }
  const refused = await crosswalk('export', '--kinds', 'role', '--search', 'admin');
  expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('roles are always exported whole')]);
});
