import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  await server.client.request('POST', '/api/v1/organizations', {
    display_name: 'Acme',
    external_ids: { stripe: 'cus_1' },
    metadata: { plan: 'pro', seats: 5 },
  });
  await server.client.request('POST', '/api/v1/organizations', { display_name: 'Globex' });
});
afterAll(() => rm(directory, { recursive: true }));

const crosswalk = (...args: string[]) => runIn(variablesOf(server), args);
const file = async (name: string, content: string) => {
  await writeFile(join(directory, name), content);
  return join(directory, name);
};

test('the list of a known export is compared; the rows that mend it, once imported, leave no difference', async () => {
  const list = await file('customers.csv', 'id,Name,Plan,Email\ncus_1,Acme,enterprise,\ncus_2,Globex,,\ncus_3,Initech,basic,\n');
  const mend = join(directory, 'mend.ndjson');
  const compared = await crosswalk('reconcile', list, '--preset', 'stripe-customers', '--mend', mend);
  expect(compared.status).toBe(0);
  expect(compared.out).toMatch(
    /3 entries of stripe: 1 lead to organizations here\n {2}missing here +2[\s\S]*metadata\.plan "pro" here, "enterprise" there/,
  );
  expect(compared.err).toContain(`3 rows in ${mend}`);
  expect((await readFile(mend, 'utf8')).trim().split('\n')).toHaveLength(3);
  expect((await crosswalk('import', mend)).status).toBe(0);
  expect((await crosswalk('reconcile', list, '--preset', 'stripe-customers')).out).toContain('no differences');
});

test('rows that mend on standard output are all that is there', async () => {
  const list = await file('mended.csv', 'id,name\ncus_new,New\n');
  const { status, out, err } = await crosswalk('reconcile', list, '--system', 'stripe', '--mend', '-');
  expect(status).toBe(0);
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).display_name),
  ).toContain('New');
  expect(err).toMatch(/^1 entries of stripe[\s\S]*\d rows\n$/);
  expect((await crosswalk('reconcile', list, '--system', 'stripe', '--mend', '-', '--json')).status).toBe(2);
});

test('columns are mapped with their types, domains found in addresses of web sites; NDJSON has entries', async () => {
  const csv = await file('crm.csv', 'Key,Seats,Site\ncus_1,6,https://www.acme.example/en\n');
  const mapped = ['--map', 'id=Key', '--map', 'metadata.seats:number=Seats', '--map', 'domain=Site'];
  const answer = JSON.parse((await crosswalk('reconcile', csv, '--system', 'stripe', ...mapped, '--json')).out);
  expect(answer.different[0].differences).toEqual({ 'metadata.seats': { here: 5, there: 6 } });
  const ndjson = await file('crm.ndjson', '{"id":"cus_1","fields":{"seats":5}}\n\n{"id":"cus_9"}\n');
  const other = JSON.parse((await crosswalk('reconcile', ndjson, '--system', 'stripe', '--json')).out);
  expect(other.counts).toMatchObject({ items: 2, linked: 1, different: 0, missing_here: 1 });
});

test('entries that cannot be compared make the status 3', async () => {
  const list = await file('odd.csv', 'id,name\n" cus_1",Acme\ncus_1,Acme\n');
  const { status, out } = await crosswalk('reconcile', list, '--system', 'stripe');
  expect([status, out]).toEqual([3, expect.stringMatching(/invalid +1/)]);
});

test.each([
  ['no column of IDs', 'list.csv', 'name\nAcme\n', "--map 'id=COLUMN'"],
  ['a line that is no JSON', 'list.ndjson', '{"id":"1"}\nAcme\n', 'line 2 of'],
  ['a line without an ID', 'list.ndjson', '{"name":"Acme"}\n', 'has no id'],
  ['a record with too few cells', 'list.csv', 'id,name\n1\n', 'line 2 of'],
  [
    'a number that would become another',
    'list.csv',
    'id,metadata.seats:number\n1,5\n2,9007199254740993\n',
    'line 3 of \\S+list.csv in the column of metadata.seats has 9007199254740993, which cannot be held exactly',
  ],
  ['one within JSON', 'list.csv', 'id,metadata.seats:json\n1,[0.12345678901234567891]\n', 'line 2 of .* 0.12345678901234567891'],
  ['one of NDJSON', 'list.ndjson', '{"id":"1","fields":{"seats":9007199254740993}}\n', 'line 1 of .* 9007199254740993 in fields.seats'],
  ['an entry that says two things', 'list.ndjson', '{"id":"1","id":"2"}\n', 'line 1 of .* the key "id" twice'],
  ['a list without entries', 'list.csv', 'id,name\n', 'has no entries'],
])('%s is a wrong call', async (_name, name, content, message) => {
  const { status, err } = await crosswalk('reconcile', await file(name, content));
  expect([status, err]).toEqual([2, expect.stringMatching(message)]);
});
