import { type ErrorCode, errorCatalogue, type Import } from '@crosswalk/contract';
import { beforeAll, expect, test } from 'vitest';
import { imported, upload } from '../../packages/server/src/imports/testing.ts';
import { useTestServer } from '../../packages/server/src/testing.ts';
import type { Input } from './catalogue/chapter.ts';
import { inputs, labelOf } from './catalogue/index.ts';
import { at, prepare } from './input.ts';

/** The catalogue of bad inputs once more, as rows of one file: each gets the answer it gets over REST, and costs no other row. */
const server = useTestServer();

/** An external ID by which the record of an input is found again. */
const markOf = (input: Input) => `${input.row}-${inputs.indexOf(input)}`;

/** The members that say which record a row is about; undefined when no row says what the request does. */
function recordOf(input: Input): { named: object; isMetadata?: boolean } | undefined {
  const { method = 'GET', path } = input;
  const marked = { external_ids: { catalogue: markOf(input) } };
  switch (`${method} ${path}`) {
    case 'POST /api/v1/organizations':
      return { named: { kind: 'organization', ...marked } };
    case 'POST /api/v1/users':
      return { named: { kind: 'user', ...marked } };
    case 'POST /api/v1/roles':
      return { named: { kind: 'role' } };
    case 'POST /api/v1/permissions':
      return { named: { kind: 'permission' } };
    default:
  }
  if (method !== 'PATCH' && method !== 'PUT') return undefined;
  const organization = { kind: 'organization', external_ids: { crm: 'ROWS' } };
  const membership = { kind: 'membership', organization: { external_id: 'ROWS' }, user: { external_id: 'ROWS' } };
  switch (path) {
    case '/api/v1/organizations:external/ROWS':
      return { named: organization };
    case '/api/v1/organizations:external/ROWS/metadata':
      return { named: organization, isMetadata: true };
    case '/api/v1/users:external/ROWS':
      return { named: { kind: 'user', external_id: 'ROWS' } };
    case '/api/v1/users:external:metadata?external_id=ROWS':
      return { named: { kind: 'user', external_id: 'ROWS' }, isMetadata: true };
    case '/api/v1/memberships/organizations/{organization}/users:external/ROWS/metadata':
      return { named: membership, isMetadata: true };
    default:
  }
  const [, name] = /^\/api\/v1\/organizations:external\/([^/?]+)$/.exec(path) ?? [];
  return name === undefined ? undefined : { named: { kind: 'organization', external_id: decodeURIComponent(name) } };
}

/** The line that an input is in a file; undefined when a file cannot say it. Text is put in as it is, so that its spelling is tried too. */
function lineOf(input: Input): string | undefined {
  const { body, headers } = input;
  const record = recordOf(input);
  if (record === undefined || headers !== undefined || body === undefined || body instanceof Uint8Array) return undefined;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  // A blank line is skipped.
  if (text.trim() === '') return undefined;
  const { named, isMetadata = false } = record;
  if (isMetadata) return `${JSON.stringify(named).slice(0, -1)},"metadata":${text}}`;
  if (!text.startsWith('{')) return text;
  const { external_ids: _mark, ...unmarked } = Object(named);
  const members = JSON.stringify(text.includes('"external_ids"') && input.path === '/api/v1/organizations' ? unmarked : named).slice(0, -1);
  return text === '{}' ? `${members}}` : `${members},${text.slice(1)}`;
}

/** The rows, with the line that each is on: the first is one that is fine, as a first line may tell of another format. */
const lines = inputs.flatMap((input): { input: Input; text: string }[] => {
  const text = lineOf(input);
  return text === undefined ? [] : [{ input, text }];
});
const firstLine = 2;

interface RowError {
  line: number;
  field: string;
  error_code: ErrorCode;
  message: string;
}
let errors: Map<number, RowError>;
let done: Import;
let made = 0;
beforeAll(async () => {
  await server.startWork();
  await prepare(server);
  const membership = { organization: { external_id: 'ROWS' }, user: { external_id: 'ROWS' } };
  await imported(server, server.client, [{ kind: 'membership', ...membership }]);
  const before = await recordCount();
  const first = '{"kind":"organization","external_id":"FIRST","display_name":"First"}\n';
  done = await imported(server, server.client, first + lines.map(({ text }) => `${text}\n`).join(''));
  made = (await recordCount()) - before;
  const { body } = await server.client.request('GET', `/api/v1/imports/${done.id}/errors?limit=1000`);
  const listed: RowError[] = Object(body).errors;
  errors = new Map(listed.map((error) => [error.line, error]));
}, 120_000);

async function recordCount(): Promise<number> {
  const { rows } = await server.database.pool.query(
    'select (select count(*) from organizations) + (select count(*) from users) + (select count(*) from roles) + (select count(*) from permissions) as count',
  );
  return Number(rows[0].count);
}

test('a file can say most of what is about records', () => {
  const count = (letter: string) => lines.filter(({ input }) => input.row.startsWith(letter)).length;
  const least = { E: 60, K: 60, V: 60, M: 50, N: 60, B: 20 };
  expect(Object.entries(least).filter(([letter, number]) => count(letter) < number)).toEqual([]);
});

test.for(lines.map(({ input }, index): [string, number, Input] => [labelOf(input), index + firstLine, input]))(
  '%s',
  async ([, line, input], { task }) => {
    const { row, expect: expected, otherwise, names, keeps, path } = input;
    const statuses = [otherwise?.import ?? expected].flat();
    const error = errors.get(line);
    task.meta.trial = { row, door: 'import', answer: error?.error_code ?? 'taken' };
    if (error === undefined) {
      expect(statuses.some((status) => status < 400)).toBe(true);
      if (keeps === undefined) return;
      const found = path.includes(':external') ? path : `${path}:external?external_id=${markOf(input)}&system=catalogue`;
      const { body } = await server.client.request('GET', found);
      expect(at(body, keeps.at)).toEqual(keeps.value);
      return;
    }
    expect(statuses, error.message).toContain(errorCatalogue[error.error_code].status);
    expect(error.message.length, 'an error does not give back what was sent').toBeLessThan(500);
    // What is wrong with the JSON of a line is wrong with the row.
    if (names !== undefined && error.field !== 'row') expect(`${error.field} ${error.message}`).toMatch(names);
  },
);

test('each row was looked at; the rejected ones made nothing, and the others what is counted', () => {
  const { state, rows_total: total, rows_rejected: rejected, counts } = done;
  expect([state, total, rejected]).toEqual(['DONE', lines.length + 1, errors.size]);
  expect(made).toBe(counts.organization.created + counts.user.created + counts.role.created + counts.permission.created);
});

const files = inputs.flatMap((input): [string, Input, Uint8Array<ArrayBuffer>][] =>
  input.body instanceof Uint8Array ? [[labelOf(input), input, Uint8Array.from(input.body)]] : [],
);
test.for(files)('%s, as a file', async ([, input, bytes], { task }) => {
  const { status, code } = await upload(server, server.client, bytes);
  task.meta.trial = { row: input.row, door: 'import', answer: code ?? String(status) };
  expect([input.expect].flat()).toContain(status);
});
