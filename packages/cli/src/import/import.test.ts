import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../../server/src/testing.ts';
import { runIn, variablesOf } from '../testing.ts';

const server = useTestServer();
let directory = '';
beforeAll(async () => {
  server.startWork();
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-cli-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs a command; names of files in brackets are paths. */
const crosswalk = (...args: string[]) => runIn(variablesOf(server), args.map(pathIn));
const pathIn = (text: string) => text.replace(/^\[(.+)\]$/, (_all, name: string) => join(directory, name));
const write = (name: string, content: string | Uint8Array) => writeFile(join(directory, name), content);
const organization = async (...args: string[]) => JSON.parse((await crosswalk('orgs', 'get', ...args, '--json')).out);

test('a file is imported, tried before, and found unchanged when it is sent again', async () => {
  await write('customers.csv', 'external_id,display_name,metadata.seats:number\n1,Acme,5\n2,Globex,\n');
  const trial = await crosswalk('import', '[customers.csv]', '--kind', 'organization', '--dry-run');
  expect(trial).toMatchObject({ status: 0, err: '' });
  expect(trial.out).toMatch(/dry run, nothing was written[\s\S]*organization +2[\s\S]*metadata\.seats {2}nothing -> 5/);
  expect((await crosswalk('orgs', 'list', '--json')).out).toBe('[]\n');
  const done = await crosswalk('import', '[customers.csv]', '--kind', 'organization', '--json');
  expect(JSON.parse(done.out)).toMatchObject({ state: 'DONE', counts: { organization: { created: 2 } } });
  expect((await organization('--external-id', '1')).metadata).toEqual({ seats: 5 });
  const again = await crosswalk('import', '[customers.csv]', '--kind', 'organization', '--json');
  expect(JSON.parse(again.out)).toMatchObject({ counts: { organization: { created: 0, updated: 0, unchanged: 2 } } });
});

test('an import whose answer is lost is not said to be none: the server may have the file', async () => {
  await write('lost.csv', 'external_id,display_name\nLOST-1,Lost\n');
  const losing = createServer(async (request, response) => {
    if (request.url === '/oauth/token') return void response.end(JSON.stringify({ access_token: 't', expires_in: 60 }));
    for await (const _part of request);
    response.destroy();
  });
  await new Promise<void>((resolve) => losing.listen(0, '127.0.0.1', resolve));
  const address = losing.address();
  const url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
  const env = { ...variablesOf(server), CROSSWALK_ENVIRONMENT_URL: url };
  const lost = await runIn(env, ['import', pathIn('[lost.csv]'), '--kind', 'organization']);
  losing.close();
  expect(lost.status).toBe(1);
  expect(lost.err).toMatch(
    /^whether the server has the file is not known: crosswalk import list tells\ncrosswalk: no answer from the server/,
  );
  const unsent = await runIn(env, ['import', pathIn('[lost.csv]'), '--kind', 'organization']);
  expect(unsent.err).toContain('nothing was imported');
});

test('columns with other names are mapped; separators of other countries, quotes and line breaks in cells are read', async () => {
  await write('people.csv', '\ufeffNumber;Mail;Note;Shoe\r\nP1;p1@x.example;"a ""b""\r\nc;d";44\r\nP2;p2@x.example;;\r\n');
  const { status, err } = await crosswalk(
    ...['import', '[people.csv]', '--kind', 'user', '--map', 'external_id=Number', '--map', 'email=Mail', '--map', 'metadata.note=Note'],
    ...['--set', 'metadata.source=hr', '--organization', '1'],
  );
  expect([status, err]).toEqual([0, 'columns that go nowhere: Shoe\n']);
  const user = JSON.parse((await crosswalk('users', 'get', '--external-id', 'P1', '--json')).out);
  expect(user).toMatchObject({ metadata: { note: 'a "b"\r\nc;d', source: 'hr' }, memberships: [{ membership_status: 'ACTIVE' }] });
});

test('--match-by finds records by one ID alone, and members by it too; columns with the names of fields need no --map', async () => {
  await crosswalk('orgs', 'create', '--name', 'Matched', '--external-id', 'M-1', '--external-id-of', 'stripe=cus_m1');
  await write('slipped.csv', 'external_id,external_ids.stripe,display_name\nM-2,cus_m1,Slipped\n');
  const refused = await crosswalk('import', '[slipped.csv]', '--kind', 'organization', '--match-by', 'external_id');
  expect([refused.status, refused.err]).toEqual([3, expect.stringContaining('external_ids.stripe')]);
  expect((await organization('--external-id', 'M-1')).display_name).toBe('Matched');
  await crosswalk('users', 'create', '--email', 'm1@match.example', '--external-id', 'M-U1');
  await write('members.csv', 'email,metadata.desk\nm1@match.example,A7\n');
  const joined = await crosswalk(
    ...['import', '[members.csv]', '--kind', 'user', '--match-by', 'email', '--organization', 'M-1', '--set', 'metadata.from=hr', '--json'],
  );
  expect(JSON.parse(joined.out)).toMatchObject({ counts: { user: { updated: 1 }, membership: { created: 1 } } });
  expect(JSON.parse((await crosswalk('users', 'get', '--external-id', 'M-U1', '--json')).out).metadata).toEqual({ desk: 'A7', from: 'hr' });
});

test('rejected rows are told by their line of the file, written to another one, and make the status 3', async () => {
  const contacts =
    'Id,FirstName,Department,Email,AccountId\n003A,Ada,"Research\nand more",ada@acme.example,001A\n003B,Bob,B,nobody,001A\n003C,Eve,E\n';
  await write('accounts.csv', 'Account ID,Account Name\n001A,Initech\n');
  await write('contacts.csv', contacts);
  expect((await crosswalk('import', '[accounts.csv]', '--preset', 'salesforce-accounts')).status).toBe(0);
  const done = await crosswalk('import', '[contacts.csv]', '--preset', 'salesforce-contacts', '--rejected', '[rejected.csv]');
  expect(done.status).toBe(3);
  expect(done.err).toContain('line 5 was left out: it has 3 cells, and the header 5 columns');
  expect(done.err).toMatch(/line 4 {2}email {2}INVALID_EMAIL/);
  expect(done.err).toMatch(/line 4 {2}user\.external_id {2}USER_NOT_FOUND/);
  const rejected = await readFile(join(directory, 'rejected.csv'), 'utf8');
  await write('rejected.csv', rejected.replace('nobody', 'bob@acme.example'));
  const mended = await crosswalk('import', '[rejected.csv]', '--json');
  expect(JSON.parse(mended.out).counts).toMatchObject({ user: { created: 1 }, membership: { created: 1 } });
  const id = JSON.parse((await crosswalk('import', 'list', '--json')).out)[1].id;
  expect((await crosswalk('import', 'errors', id)).out.trim().split('\n')).toHaveLength(2);
  expect((await crosswalk('import', 'rejected', id)).out).toBe(rejected);
  expect((await crosswalk('import', 'get', id)).out).toContain('done');
  expect((await crosswalk('import', 'follow', id)).status).toBe(3);
});

test('rejected rows on standard output are all that is there', async () => {
  await write('odd.csv', 'external_id,email\nO-1,nobody\n');
  const { status, out, err } = await crosswalk('import', '[odd.csv]', '--kind', 'user', '--rejected', '-');
  expect([status, out]).toEqual([3, 'external_id,email\nO-1,nobody\n']);
  expect(err).toMatch(/imp_\d+ {2}done[\s\S]*1 row was rejected: standard output has them/);
  const twice = await crosswalk('import', '[odd.csv]', '--kind', 'user', '--rejected', '-', '--json');
  expect([twice.status, twice.err]).toEqual([2, expect.stringContaining('--json prints to standard output, where - would write too')]);
});

test('an import is undone but for what has changed since, which is listed', async () => {
  await write('undo.csv', 'external_id,display_name\nU1,Hooli\nU2,Umbrella\n');
  const { id } = JSON.parse((await crosswalk('import', '[undo.csv]', '--kind', 'organization', '--json')).out);
  await crosswalk('orgs', 'update', '--external-id', 'U2', '--name', 'Umbrella Inc.');
  expect(await crosswalk('import', 'undo', id)).toMatchObject({ status: 2, err: expect.stringContaining('Add --yes') });
  const undone = await crosswalk('import', 'undo', id, '--yes');
  expect(undone.status).toBe(3);
  expect(undone.out).toMatch(/undo done\n.*removed +restored +left\n {2}organization +1 +0 +1/);
  expect(undone.err).toContain(`1 record was left alone: crosswalk import left ${id} tells why`);
  expect((await crosswalk('import', 'left', id)).out).toMatch(/^line 3 {2}organization {2}org_\d+ {2}changed {2}/);
  expect((await crosswalk('orgs', 'get', '--external-id', 'U1')).status).toBe(1);
  expect((await crosswalk('import', 'list')).out).toContain('undone');
});

test('standard input is read with --format, and an import goes on without the command', async () => {
  const rows = '{"kind":"organization","external_id":"pipe","display_name":"Pipe"}\n';
  const sent = await runIn(variablesOf(server), ['import', '-', '--format', 'ndjson', '--no-wait', '--json'], rows);
  expect(JSON.parse(sent.out)).toMatchObject({ rows_total: 1 });
  const { status } = await crosswalk('import', 'follow', JSON.parse(sent.out).id);
  expect(status).toBe(0);
  expect((await organization('--external-id', 'pipe')).display_name).toBe('Pipe');
});

test('an import that ends badly makes the status 1 and says why', async () => {
  await write(
    'atomic.ndjson',
    '{"kind":"organization","external_id":"a1","display_name":"A"}\n{"kind":"organization","display_name":""}\n',
  );
  const { status, out } = await crosswalk('import', '[atomic.ndjson]', '--atomic');
  expect([status, out]).toEqual([1, expect.stringContaining('failed')]);
  expect((await crosswalk('orgs', 'get', '--external-id', 'a1')).status).toBe(1);
});

test.each([
  ['a file that is not there', ['[none.csv]'], 'none.csv cannot be read'],
  ['a workbook', ['[book.csv]', '--kind', 'user'], 'is an Excel workbook or a ZIP file: save the sheet as CSV UTF-8'],
  ['text of another encoding', ['[latin.csv]', '--kind', 'user', '--map', 'email=Mail'], 'is not UTF-8'],
  ['a quote that is not closed', ['[quote.csv]', '--kind', 'user', '--map', 'email=Mail'], 'is no CSV: Quote Not Closed'],
  ['an empty file', ['[empty.csv]', '--kind', 'user', '--map', 'email=Mail'], 'is empty: its first line names the columns'],
  ['a file of unknown format', ['[file]'], 'add --format csv or --format ndjson'],
  ['a mapping of rows of no kind', ['[latin.csv]', '--map', 'email=Mail'], '--map needs --kind'],
  ['a field for all rows of no kind', ['[latin.csv]', '--set', 'roles=admin'], '--set needs --kind'],
  ['members of no kind', ['[latin.csv]', '--organization', '1'], '--organization needs --kind user'],
  ['a mapping of NDJSON', ['[rows.ndjson]', '--kind', 'user', '--map', 'email=Mail'], 'are for CSV'],
  ['a kind for NDJSON', ['[rows.ndjson]', '--kind', 'organization'], 'the rows of NDJSON name their kind themselves'],
  ['a field that is mapped twice', ['[latin.csv]', '--kind', 'user', '--map', 'a=b', '--map', 'a=c'], 'names a twice'],
  ['a mapping without a column', ['[latin.csv]', '--kind', 'user', '--map', 'email'], 'must be field=column'],
  ['an unknown preset', ['[latin.csv]', '--preset', 'sap'], '--preset is one of stripe-customers'],
  ['an unknown mode', ['[latin.csv]', '--kind', 'user', '--mode', 'merge'], '--mode is one of upsert, create_only, update_only'],
])('%s is a wrong call whose message says what to do', async (_name, args, message) => {
  await write('book.csv', new Uint8Array([0x50, 0x4b, 3, 4, 20, 0]));
  await write('latin.csv', new Uint8Array([...Buffer.from('Mail,Name\na@b.example,J'), 0xf6, ...Buffer.from('rg\n')]));
  await write('quote.csv', 'Mail\n"a@b.example\n');
  await write('empty.csv', '');
  await write('file', '');
  await write('rows.ndjson', '{}\n');
  const { status, out, err } = await crosswalk('import', ...args);
  expect([status, out]).toEqual([2, '']);
  expect(err).toContain(message);
});

test('a file that is there but cannot be opened is told by its name', async () => {
  const socket = createSocket();
  await once(socket.listen(join(directory, 'socket.csv')), 'listening');
  try {
    for (const mapped of [[], ['--map', 'email=Mail']]) {
      const { status, err } = await crosswalk('import', '[socket.csv]', '--kind', 'user', ...mapped);
      expect([status, err]).toEqual([2, expect.stringMatching(/^crosswalk: \S+socket\.csv cannot be read: ENXIO/)]);
    }
  } finally {
    socket.close();
  }
});

test('columns that the server does not know are refused by name, and the way to map them is told', async () => {
  await write('foreign.csv', 'Customer,Name\n1,Acme\n');
  const { status, err } = await crosswalk('import', '[foreign.csv]', '--kind', 'organization');
  expect(status).toBe(1);
  expect(err).toMatch(/--map and --preset[\s\S]*Customer: is no column/);
});

test('a file whose columns are not what is wrong is not said to need a mapping', async () => {
  await write('unclosed.csv', 'external_id,display_name\n1,"Acme\n');
  await write('foreign-text.csv', new Uint8Array([...Buffer.from('external_id,display_name\n1,J'), 0xf6, ...Buffer.from('rg\n')]));
  for (const [name, message] of [
    ['[unclosed.csv]', 'line 2: has a quote that is not closed'],
    ['[foreign-text.csv]', 'is not UTF-8'],
  ] as const) {
    const { err } = await crosswalk('import', name, '--kind', 'organization');
    expect(err).toContain(message);
    expect(err).not.toContain('--map');
  }
});

test('a CSV whose rows have no kind is a wrong call where its first line tells so, and else refused with the option that says it', async () => {
  const message = 'has no column kind: say what every row is by --kind, one of organization, user, membership, role, permission';
  for (const [name, names, status] of [
    ['[kindless.csv]', 'external_id,display_name', 2],
    ['[mankind.csv]', '"external_id","metadata.mankind"', 1],
    ['[cut.csv]', 'external_id,"metadata.a\nb"', 1],
  ] as const) {
    await write(pathIn(name).split('/').at(-1) ?? '', `${names}\n1,Acme\n`);
    const refused = await crosswalk('import', name);
    expect([refused.status, refused.err]).toEqual([status, expect.stringMatching(`^crosswalk: ${pathIn(name)} ${message}\n`)]);
  }
  await write('kinds.csv', '\ufeff\r\n"kind","external_id","display_name"\r\norganization,KINDS-1,Kinds\r\n');
  expect((await crosswalk('import', '[kinds.csv]')).status).toBe(0);
  expect((await crosswalk('import', '--help')).out).toMatch(
    /CSV without a column kind: organization, user,\s+membership, role, permission/,
  );
});
