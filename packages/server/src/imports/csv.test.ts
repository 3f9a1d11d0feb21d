import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { errorsOf, imported, upload } from './testing.ts';

const server = useTestServer();
beforeAll(() => server.startWork());
const put = (file: string, query = '') => imported(server, server.client, file, `?format=csv${query}`);
const send = (file: string, query = '') => upload(server, server.client, file, `?format=csv${query}`);
const user = async (email: string) =>
  Object((await server.client.request('GET', `/api/v1/users?email=${encodeURIComponent(email)}`)).body).users[0];

test('columns are paths; cells are text unless the header says otherwise; empty cells say nothing', async () => {
  const done = await put(
    [
      'kind,external_id,external_ids.stripe,display_name,email,metadata.plan,metadata.seats:number,metadata.beta:boolean,metadata.tags:json,organization.external_id,user.email,roles',
      'organization,CSV-1,cus_csv,"Acme, ""Inc""",,0042,250,TRUE,"[1,""b""]",,,',
      'user,U-1,,,csv@csv.example,,,,,,,',
      'membership,,,,,,,,,CSV-1,csv@csv.example,admin|member',
    ].join('\n'),
  );
  expect(done).toMatchObject({
    state: 'DONE',
    rows_rejected: 0,
    counts: { organization: { created: 1 }, user: { created: 1 }, membership: { created: 1 } },
  });
  const { body } = await server.client.request('GET', '/api/v1/organizations:external/CSV-1');
  expect(Object(body).organization).toMatchObject({
    display_name: 'Acme, "Inc"',
    external_ids: { stripe: 'cus_csv' },
    metadata: { plan: '0042', seats: 250, beta: true, tags: [1, 'b'] },
  });
  expect((await user('csv@csv.example')).memberships[0].roles.map(({ name }: { name: string }) => name)).toEqual(['admin', 'member']);
});

test('a row is named by the line it begins in, whatever breaks are in its cells; so is what is no CSV', async () => {
  const file = 'email,metadata.note\r\nl1@csv.example,"x\r\ny\r\nz"\r\nbad,b\r\n\r\nworse,"c\r\n"\r\nworst,d';
  const done = await put(file, '&kind=user');
  expect((await errorsOf(server.client, done.id)).map(([line]) => line)).toEqual([5, 7, 9]);
  expect(await send(`${file}\r\n"x"y,e`, '&kind=user')).toMatchObject({
    status: 400,
    body: { message: expect.stringMatching(/^line 10: has a quote inside of a cell/) },
  });
});

test('?kind= stands for the column; any line ends, a byte order mark, quoted line breaks and spaces are kept exactly', async () => {
  for (const [index, end] of ['\r\n', '\n', '\r'].entries()) {
    const lines = [
      '\ufeffemail,metadata.note,user_profile.given_name',
      `e${index}@csv.example,"two\nlines ",Ada`,
      '',
      `f${index}@csv.example, x ,`,
    ];
    expect(await put(lines.join(end), '&kind=user')).toMatchObject({ counts: { user: { created: 2 } } });
    expect(await user(`e${index}@csv.example`)).toMatchObject({ metadata: { note: 'two\nlines ' }, user_profile: { given_name: 'Ada' } });
    expect(await user(`f${index}@csv.example`)).toMatchObject({ metadata: { note: ' x ' } });
  }
  expect(await put('email\n', '&kind=user')).toMatchObject({ state: 'DONE', rows_total: 0 });
  expect(await put('', '&kind=user')).toMatchObject({ state: 'DONE', rows_total: 0 });
});

test('bad cells reject their rows, which come back with the header', async () => {
  const header = 'email,metadata.seats:number,metadata.on:boolean';
  const bad = [
    'g1@csv.example,1e,true',
    'g2@csv.example,12345678901234567890,true',
    'g3@csv.example,1,maybe',
    'g4@csv.example,1',
    'g5@csv.example,1,true,more',
  ];
  const done = await put([header, 'g0@csv.example,1,true', ...bad, 'nul\0@csv.example,1,true'].join('\n'), '&kind=user');
  expect(await errorsOf(server.client, done.id)).toEqual([
    [3, 'metadata.seats', 'INVALID_FILE'],
    [4, 'metadata.seats', 'INVALID_FILE'],
    [5, 'metadata.on', 'INVALID_FILE'],
    [6, 'row', 'INVALID_FILE'],
    [7, 'row', 'INVALID_FILE'],
    [8, 'email', 'INVALID_EMAIL'],
  ]);
  const rejected = await fetch(`${server.url}/api/v1/imports/${done.id}/rejected`, {
    headers: { authorization: `Bearer ${server.client.token}` },
  });
  expect((await rejected.text()).split('\n').slice(0, 6)).toEqual([header, ...bad]);
});

test('formulas that an export has escaped are taken back only if it is asked for', async () => {
  const file = (name: string) => `email,metadata.f\n${name}@csv.example,'=1+1\n`;
  await put(file('h1'), '&kind=user');
  await put(file('h2'), '&kind=user&unescape_formulas=true');
  expect([(await user('h1@csv.example')).metadata.f, (await user('h2@csv.example')).metadata.f]).toEqual(["'=1+1", '=1+1']);
  // Exports escape the full-width forms too.
  await put("email,metadata.f,metadata.g,metadata.h\nh3@csv.example,'＝1,'＠x,'＊\n", '&kind=user&unescape_formulas=true');
  expect((await user('h3@csv.example')).metadata).toEqual({ f: '＝1', g: '＠x', h: "'＊" });
});

describe('a header that does not fit is refused and the column named', () => {
  test.each<[string, string, string, string]>([
    ['no kind', 'email\n', '', 'kind: is missing'],
    ['a column of another kind', 'email,display_name\n', '&kind=user', 'display_name: is no column'],
    ['an unknown column', 'email,plan\n', '&kind=user', 'plan: is no column'],
    ['another case', 'Email\n', '&kind=user', 'Email: is no column; write email'],
    ['a column twice', 'email,external_id,email\n', '&kind=user', 'email: is there twice'],
    ['a prototype', 'email,metadata.__proto__.x\n', '&kind=user', 'metadata.__proto__.x: is no column'],
    ['no header', 'email,,external_id\n', '&kind=user', 'column 2: has no header'],
    ['semicolons', 'kind;email\n', '', 'header: has semicolons between its columns'],
    ['tabs', 'kind\temail\n', '', 'header: has tabs between its columns'],
    ['no reference', 'organization.external_id\n', '&kind=membership', 'user: is missing'],
    [
      'too many columns',
      `email,${Array.from({ length: 10_000 }, (_, index) => `metadata.c${index}`).join()}\n`,
      '&kind=user',
      'a file may have 500',
    ],
    ['a quote that is not closed', 'email\n"a@csv.example\nx', '&kind=user', 'has a quote that is not closed'],
    ['a quote that is not closed, and much after it', `email\n"${'a\n'.repeat(1_000_000)}`, '&kind=user', 'is a quote not closed?'],
  ])('%s', async (_name, file, query, message) => {
    const { status, code, message: told } = await send(file, query);
    expect([status, code]).toEqual([400, 'INVALID_FILE']);
    expect(told).toContain(message);
  });
});
