import { expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer();
const rekey = (csv: string, ...args: string[]) => runIn(variablesOf(server), ['rekey', '-', ...args], csv);

test('IDs are exchanged, all or none; a dry run changes nothing', async () => {
  for (const id of ['A', 'B']) await server.client.request('POST', '/api/v1/organizations', { display_name: `Was ${id}`, external_id: id });
  const nameOf = async (id: string) => (await runIn(variablesOf(server), ['orgs', 'get', '--external-id', id])).out.split('\n')[0];
  expect(await rekey('\ufeffold,new\nA,B\nB,A\n', '--dry-run')).toMatchObject({ status: 0, out: '2 organizations would get another ID\n' });
  expect(await nameOf('A')).toContain('Was A');
  expect(JSON.parse((await rekey('new,name,old\nB,x,A\nA,y,B\n', '--json')).out)).toMatchObject({ rekeyed: 2, dry_run: false });
  expect(await nameOf('A')).toContain('Was B');
  expect(await rekey('old;new\r\nA;B\r\nB;A\r\n', '--dry-run')).toMatchObject({ status: 0 });
  expect((await rekey('old,new\nA,C\n', '--dry-run')).out).toBe('1 organization would get another ID\n');
  const missing = await rekey('old,new\nA,C\nnone,D\n');
  expect(missing.status).toBe(1);
  expect(missing.err).toContain('none');
  expect(await nameOf('A')).toContain('Was B');
});

test('one that has its ID already is told as one', async () => {
  for (const id of ['ONE', 'SAME']) await server.client.request('POST', '/api/v1/organizations', { display_name: id, external_id: id });
  expect((await rekey('old,new\nONE,ONE-2\nSAME,SAME\n')).out).toBe('1 organization got another ID, 1 has it already\n');
});

test('what is in the way is told once, by the row of the file', async () => {
  for (const id of ['X', 'Y']) await server.client.request('POST', '/api/v1/organizations', { display_name: id, external_id: id });
  expect((await rekey('old,new\nX,Y\n')).err).toMatch(
    /^crosswalk: row 1 \(pairs\.0\.to\): another organization \(org_[0-9]+\) has this external ID\n {2}request \S+ \(EXTERNAL_ID_TAKEN\)\n$/,
  );
  expect((await rekey('old,new\nX,Z\nnone,E\nnobody,F\n')).err).toMatch(
    /^crosswalk: row 2 \(pairs\.1\.from\): no organization has none\nrow 3 \(pairs\.2\.from\): no organization has nobody\n {2}request/,
  );
});

test('a file that is none names what is wrong', async () => {
  for (const [csv, reason] of [
    ['', 'columns old and new'],
    ['a,b\n1,2\n', 'columns old and new'],
    ['old,new\n', 'no rows'],
    ['old,new\nA,\n', 'row 1 of standard input has no new ID'],
    ['old,new\nA,B\nC\n', 'row 2 of standard input has 1 cells, and the first line 2 columns'],
    ['old,new\nA,B, Ltd\n', 'row 1 of standard input has 3 cells, and the first line 2 columns'],
    ['old,new\n"A,B\n', 'no CSV'],
  ])
    expect(await rekey(csv ?? '')).toMatchObject({ status: 2, err: expect.stringContaining(reason ?? '') });
  expect(await rekey('old,new\nA,B\n', '--kind', 'role')).toMatchObject({
    status: 2,
    err: 'crosswalk: --kind is one of organization, user\n',
  });
  expect(await runIn(variablesOf(server), ['rekey', 'none.csv'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('none.csv cannot be read: ENOENT'),
  });
});
