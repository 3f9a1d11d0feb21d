import { type ErrorCode, errorCatalogue } from '@crosswalk/contract';
import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { RolesService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import { UserService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import { beforeAll, expect, test } from 'vitest';
import { messagesOf, refusal, untyped } from '../../packages/server/src/scalekit/testing.ts';
import { useTestServer } from '../../packages/server/src/testing.ts';
import type { Input } from './catalogue/chapter.ts';
import { inputs, labelOf } from './catalogue/index.ts';
import { prepare } from './input.ts';

/** The catalogue of bad inputs once more, by message: each row that messages can express gets the answer it gets over REST. */
const server = useTestServer();
type Call = () => Promise<unknown>;

const on = {
  organizations: () => messagesOf(OrganizationService, server, server.client.token),
  users: () => messagesOf(UserService, server, server.client.token),
  roles: () => messagesOf(RolesService, server, server.client.token),
};
let organizationId = '';
beforeAll(async () => {
  await prepare(server);
  const { organization } = await on.organizations().createOrganization({ organization: { displayName: 'Of all users' } });
  organizationId = organization?.id ?? '';
});

/** Rows about the spelling of JSON: a map of a message has each key once. */
const spelling = new Set(['K8']);

/** The call that an input is by message; undefined when messages cannot say it. */
function callOf({ row, method = 'GET', path, body, headers }: Input): Call | undefined {
  if (headers !== undefined || spelling.has(row)) return undefined;
  // Not by URL, which would take dots out of the path.
  const [pathname = '', query = ''] = path.split('?');
  if (method === 'GET') return readOf(pathname, new URLSearchParams(query));
  const fields = method === 'POST' ? fieldsOf(body) : undefined;
  if (fields === undefined) return undefined;
  const { display_name: displayName, external_id: externalId, metadata, slug, logo_url: logoUrl, email, name, ...others } = fields;
  if (Object.keys(others).length > 0) return undefined;
  switch (pathname) {
    case '/api/v1/organizations': {
      const texts = { displayName, slug, logoUrl, externalId: externalId ?? undefined };
      const map = metadata === undefined ? {} : textsOf(metadata);
      if (!areTexts(texts) || map === undefined) return undefined;
      return () => on.organizations().createOrganization({ organization: untyped({ ...texts, metadata: map }) });
    }
    case '/api/v1/users':
      if (!areTexts({ email, externalId })) return undefined;
      return () => on.users().createUserAndMembership({ organizationId, user: untyped({ email, externalId }) });
    case '/api/v1/roles':
      if (!areTexts({ name, displayName })) return undefined;
      return () => on.roles().createRole({ role: { name: String(name), displayName: String(displayName) } });
    case '/api/v1/permissions':
      if (!areTexts({ name })) return undefined;
      return () => on.roles().createPermission({ permission: { name: String(name) } });
    default:
      return undefined;
  }
}

/** The same for a request without a body. */
function readOf(pathname: string, query: URLSearchParams): Call | undefined {
  const [, collection, record] =
    /^\/api\/v1\/(organizations:external|organizations:search|organizations|roles|permissions)(?:\/([^/]*))?$/.exec(pathname) ?? [
      '',
      '',
      undefined,
    ];
  const names = [...query.keys()].join();
  const name = record === undefined ? undefined : decoded(record);
  switch (`${collection}${name === undefined ? '' : '/'}?${names}`) {
    case 'organizations?page_token':
      return () => on.organizations().listOrganization({ pageToken: query.get('page_token') ?? '' });
    case 'organizations:search?query':
      return () => on.organizations().searchOrganization({ query: query.get('query') ?? '' });
    case 'organizations:external?external_id':
      return () => on.organizations().getOrganization({ identities: { case: 'externalId', value: query.get('external_id') ?? '' } });
    case 'organizations:external/?':
      return () => on.organizations().getOrganization({ identities: { case: 'externalId', value: String(name) } });
    case 'organizations/?':
      return () => on.organizations().getOrganization({ identities: { case: 'id', value: String(name) } });
    case 'roles/?':
      return () => on.roles().getRole({ roleName: String(name) });
    case 'permissions/?':
      return () => on.roles().getPermission({ permissionName: String(name) });
    default:
      return undefined;
  }
}

/** The fields of a body that is one JSON object; undefined for any other. */
function fieldsOf(body: Input['body']): Record<string, unknown> | undefined {
  if (body === undefined || body instanceof Uint8Array) return undefined;
  try {
    const value: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Metadata as a map of texts, if it is one or has nothing in it that is more than the text it makes. */
function textsOf(metadata: unknown): Record<string, string> | undefined {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return undefined;
  const entries = Object.entries(metadata);
  if (entries.some(([key, value]) => !isText(key) || !(isText(value) || isSmallInteger(value)))) return undefined;
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

/** Values that say nothing themselves where the key is what is tried. */
const isSmallInteger = (value: unknown) => Number.isInteger(value) && Math.abs(Number(value)) < 1_000 && !Object.is(value, -0);

/** Text that UTF-8 has: half of a surrogate pair is none. */
const isText = (value: unknown) => typeof value === 'string' && value.isWellFormed();

function areTexts(fields: Record<string, unknown>): boolean {
  return Object.values(fields).every((value) => value === undefined || isText(value));
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

async function recordCount(): Promise<number> {
  const { rows } = await server.database.pool.query(
    'select (select count(*) from organizations) + (select count(*) from users) + (select count(*) from external_ids) + (select count(*) from events) as count',
  );
  return Number(rows[0].count);
}

const isErrorCode = (code: string | null | undefined): code is ErrorCode => Object.hasOwn(errorCatalogue, code ?? '');
const calls = inputs.flatMap((input): [string, Input, Call][] => {
  const call = callOf(input);
  return call === undefined ? [] : [[labelOf(input), input, call]];
});

test('the rows about external IDs, metadata, addresses, names and page tokens are among those that messages can say', () => {
  const count = (letter: string) => calls.filter(([, { row }]) => row.startsWith(letter)).length;
  const least = { E: 60, K: 15, V: 8, M: 35, N: 35, P: 3 };
  expect(Object.entries(least).filter(([letter, number]) => count(letter) < number)).toEqual([]);
});

test.for(calls)('%s', async ([, { row, expect: expected, otherwise, names, keeps }, call], { task }) => {
  const statuses = [otherwise?.grpc ?? expected].flat();
  const before = await recordCount();
  const pending = call();
  const answer: unknown = await pending.catch(() => undefined);
  if (answer !== undefined) {
    task.meta.trial = { row, door: 'gRPC', answer: 'OK' };
    expect(statuses.some((status) => status < 400)).toBe(true);
    if (keeps?.at === 'organization.external_id') expect(Object(answer).organization.externalId).toBe(keeps.value ?? undefined);
    if (keeps?.at === 'organization.display_name') expect(Object(answer).organization.displayName).toBe(keeps.value);
    if (keeps?.at === 'organization.metadata') expect(Object(answer).organization.metadata).toEqual(textsOf(keeps.value));
    return;
  }
  const { errorCode, status: code, message, fields } = await refusal(pending);
  task.meta.trial = { row, door: 'gRPC', answer: errorCode ?? String(code) };
  if (!isErrorCode(errorCode)) throw new Error(`${errorCode} is no code of the catalogue`);
  const { status, grpc } = errorCatalogue[errorCode];
  expect(statuses, message.slice(0, 300)).toContain(status);
  expect(code).toBe(grpc);
  expect(await recordCount(), 'a refused call writes nothing').toBe(before);
  expect(message.length, 'an error does not give back what was sent').toBeLessThan(500);
  if (names !== undefined && status === 400) expect([message, ...fields].join(' ')).toMatch(names);
});

test('after all of it the next call is answered', async () => {
  expect((await on.organizations().listOrganization({ pageSize: 1 })).organizations).toHaveLength(1);
});
