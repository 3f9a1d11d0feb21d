import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { imported } from '../../packages/server/src/imports/testing.ts';
import { type TestClient, useTestServer } from '../../packages/server/src/testing.ts';
import { type Operation, operations } from './openapi.ts';
import { tries } from './tries.ts';

/** Whatever a client asks of what another environment has, the answer is the one for what nobody has. */
const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });

/**
 * What an environment has, by the word that comes before its name in a path; where the same word stands for several, the one before that
 * too. `external` is by what the owner calls it.
 */
type Names = Record<string, string>;

/** Nobody has these. */
const nobody: Names = {
  organizations: 'org_70000000000000001',
  'organizations:external': 'NOBODY-ORG',
  users: 'usr_70000000000000002',
  'users:external': 'NOBODY-USER',
  domains: 'dom_70000000000000003',
  clients: 'skc_70000000000000004',
  'clients/secrets': 'sks_70000000000000005',
  'organizations/clients': 'm2morg_70000000000000006',
  'organizations/clients/secrets': 'sks_70000000000000007',
  roles: 'nobody_role',
  permissions: 'nobody:permission',
  systems: 'nobody_system',
  webhook_endpoints: 'whe_70000000000000008',
  deliveries: 'evt_70000000000000009',
  operators: 'opr_70000000000000010',
  imports: 'imp_70000000000000011',
  environments: 'env_70000000000000012',
  signing_keys: 'key_70000000000000013',
  metadata_indexes: 'midx_70000000000000014',
};

/** Gives an environment one of everything. */
async function settle(client: TestClient, name: string): Promise<Names> {
  const make = async (method: string, path: string, body: unknown) => {
    const { status, body: answer, text } = await client.request(method, `/api/v1/${path}`, body);
    if (status >= 300) throw new Error(`${path} was answered with ${status}: ${text}`);
    return Object(answer);
  };
  const external = `${name.toUpperCase()}-ORG`;
  const { organization } = await make('POST', 'organizations', { display_name: name, external_id: external, slug: name });
  const at = `organizations/${organization.id}`;
  const email = `${name}@example.com`;
  const { user } = await make('POST', `${at}/users`, { email, external_id: `${name.toUpperCase()}-USER` });
  const { domain } = await make('POST', `${at}/domains`, { domain: `${name}.example` });
  const { client: another, secret_id: secret } = await make('POST', 'clients', { name });
  const { client: ofOrganization } = await make('POST', `${at}/clients`, {});
  await make('POST', 'permissions', { name: `${name}:permission` });
  await make('POST', 'roles', { name: `${name}_role`, display_name: name, permissions: [`${name}:permission`] });
  await make('POST', `${at}/users/${user.id}/roles`, [{ role_name: `${name}_role` }]);
  await make('PUT', `systems/${name}_system`, { label: name });
  const { webhook_endpoint: endpoint } = await make('POST', 'webhook_endpoints', { url: 'http://127.0.0.1:9/' });
  const { operator } = await make('POST', 'operators', { email, password: 'correct horse battery staple', role: 'admin' });
  const file = await imported(server, client, [{ kind: 'user', email: `imported-${email}` }]);
  const { signing_keys: keys } = await make('GET', 'signing_keys', undefined);
  const { metadata_index: index } = await make('POST', 'metadata_indexes', { kind: 'user', key: `metadata.${name}`, type: 'text' });
  const { events } = await make('GET', 'events?types=organization.created', undefined);
  return {
    organizations: organization.id,
    'organizations:external': external,
    users: user.id,
    'users:external': `${name.toUpperCase()}-USER`,
    domains: domain.id,
    clients: another.id,
    'clients/secrets': secret,
    'organizations/clients': ofOrganization.client_id,
    'organizations/clients/secrets': ofOrganization.secrets[0].id,
    roles: `${name}_role`,
    permissions: `${name}:permission`,
    systems: `${name}_system`,
    webhook_endpoints: endpoint.id,
    deliveries: events[0].id,
    operators: operator.id,
    imports: file.id,
    environments: `env_${client.environmentId}`,
    signing_keys: keys[0].id,
    metadata_indexes: index.id,
  };
}

let stranger: TestClient;
let all: Operation[];
let theirs: Names;
let own: Names;
beforeAll(async () => {
  await server.startWork();
  stranger = await server.addEnvironment('stranger');
  theirs = await settle(server.client, 'theirs');
  own = await settle(stranger, 'own');
  all = (await operations(server)).filter((operation) => operation.path.startsWith('/api/') && namesIn(operation).length > 0);
}, 60_000);

/** A place in a request where a name goes. */
interface Place {
  in: 'path' | 'query' | 'body';
  parameter: string;
  /** whose name: a key of `Names` */
  kind: string;
}

/** Names that stand in a query or a body, by the name of their field. */
const fields: Names = {
  organization_id: 'organizations',
  user_id: 'users',
  role_name: 'roles',
  reassign_role_name: 'roles',
  default_member_role: 'roles',
  default_creator_role: 'roles',
  extends: 'roles',
  permission_names: 'permissions',
  permissions: 'permissions',
  actor_id: 'clients',
};

/** The names that a request needs, and those that it may have. Of a kind that is not known here this throws: what is new has to be tried too. */
function namesIn({ path, parameters, body }: Operation): Place[] {
  const places = [...path.matchAll(/\{(\w+)\}/g)].map(([whole, parameter = '']): Place => {
    const words = path
      .slice('/api/v1/'.length, path.indexOf(whole) - 1)
      .split('/')
      .filter((word) => !word.startsWith('{'))
      // Of a word with verbs the last one counts, but for `external`, which says how the record is named.
      .map((word) => (word.endsWith(':external') ? word : word.slice(word.lastIndexOf(':') + 1)));
    return { in: 'path', parameter, kind: kindOf(words, path) };
  });
  const outside = parameters
    .filter((parameter) => parameter.in === 'query')
    .flatMap(({ name, required }): Place[] => {
      // What is searched for by external ID in a list is no name of a record.
      if (name === 'external_id' && required === true)
        return [{ in: 'query', parameter: name, kind: `${/.*(organizations|users):external/.exec(path)?.[1]}:external` }];
      const kind = fields[name];
      return kind === undefined ? [] : [{ in: 'query', parameter: name, kind }];
    });
  const inside = Object.keys(Object(body?.schema).properties ?? {}).flatMap((name): Place[] => {
    const kind = fields[name];
    return kind === undefined ? [] : [{ in: 'body', parameter: name, kind }];
  });
  return [...places, ...outside, ...inside];
}

function kindOf(words: string[], path: string): string {
  for (let start = 0; start < words.length; start += 1) {
    const kind = words.slice(start).join('/');
    if (Object.hasOwn(nobody, kind)) return kind;
  }
  throw new Error(`${path}: this test has no records of ${words.at(-1)}`);
}

/** A request with names put in, in the order of its places. */
function filled({ method, path, parameters, body }: Operation, places: Place[], names: string[]): [string, string, unknown] {
  const nameOf = new Map(places.map((place, index) => [`${place.in} ${place.parameter}`, names[index] ?? '']));
  const query = parameters
    .filter((parameter) => parameter.in === 'query')
    .flatMap(({ name, required, schema }) => {
      const value = nameOf.get(`query ${name}`) ?? (required === true ? Object(schema).examples?.[0] : undefined);
      return value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`];
    });
  // One of the two is required where a moment is asked for.
  if (path.endsWith('as-of')) query.push('version=1');
  if (path.endsWith(':search') && !query.some((part) => part.startsWith('query='))) query.push('query=theirs');
  const at = path.replace(/\{(\w+)\}/g, (_, parameter) => encodeURIComponent(nameOf.get(`path ${parameter}`) ?? ''));
  const sent = Object(body?.example);
  for (const place of places.filter((one) => one.in === 'body')) {
    const name = nameOf.get(`body ${place.parameter}`);
    sent[place.parameter] = Array.isArray(sent[place.parameter]) ? [name] : name;
  }
  return [method, query.length === 0 ? at : `${at}?${query.join('&')}`, body === undefined ? undefined : sent];
}

/** An answer without what names the record that was asked for, the request, the time, and IDs of what was just made. */
function told({ status, text }: { status: number; text: string }): string {
  let rest = text;
  for (const [kind, name] of [...Object.entries(theirs), ...Object.entries(nobody)]) rest = rest.replaceAll(name, `<${kind}>`);
  return `${status} ${rest}`
    .replace(/"request_id":"[^"]+"/g, '')
    .replace(/\b([a-z0-9]+)_[0-9]{6,}/g, '$1')
    .replace(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/g, '<time>');
}

/** Puts a name of its own into each place, or one of the other environment; asks again with one of nobody in its stead. */
async function ask(operation: Operation, isOther: readonly boolean[]): Promise<{ foreign: string; unknown: string; status: number }> {
  const places = namesIn(operation);
  const pick = (others: Names) => places.map(({ kind }, index) => (isOther[index % isOther.length] ? others : own)[kind] ?? '');
  const foreign = await stranger.request(...filled(operation, places, pick(theirs)));
  const unknown = await stranger.request(...filled(operation, places, pick(nobody)));
  return { foreign: told(foreign), unknown: told(unknown), status: foreign.status };
}

/** An upsert by a name makes a record of that name where there is none. */
const isUpsert = ({ method, path }: Operation) =>
  method === 'PUT' && /^\/api\/v1\/((organizations|users):external(\/\{\w+\})?|systems\/\{\w+\})$/.test(path);
const labelOf = ({ method, path }: Operation) => `${method} ${path}`;

describe('answers a stranger exactly as if nothing were there (I2)', () => {
  test('each operation, when every name is of another environment', { timeout: 180_000 }, async ({ task }) => {
    expect(all.length).toBeGreaterThan(150);
    // Those last that make records of one's own by the names of others.
    for (const operation of [...all.filter((one) => !isUpsert(one)), ...all.filter(isUpsert)]) {
      const { foreign, unknown, status } = await ask(operation, [true]);
      expect([labelOf(operation), foreign]).toEqual([labelOf(operation), unknown]);
      expect([labelOf(operation), status < 500]).toEqual([labelOf(operation), true]);
      if (operation.path.includes('{') && !isUpsert(operation)) expect([labelOf(operation), status]).toEqual([labelOf(operation), 404]);
    }
    task.meta.trial = { row: 'I2', door: 'REST', answer: `${all.length} operations` };
  });

  test('each operation, when some names are of another environment and the others its own', { timeout: 600_000 }, async ({ task }) => {
    const several = all.filter((operation) => namesIn(operation).length > 1);
    expect(several.length).toBeGreaterThan(80);
    for (const operation of several) {
      // Its own records alone are not asked for: they would be changed.
      const some = fc.array(fc.boolean(), { minLength: namesIn(operation).length, maxLength: namesIn(operation).length });
      await fc.assert(
        fc.asyncProperty(
          some.filter((isOther) => isOther.includes(true)),
          async (isOther) => {
            const { foreign, unknown } = await ask(operation, isOther);
            expect([labelOf(operation), foreign]).toEqual([labelOf(operation), unknown]);
          },
        ),
        tries(3, 30),
      );
    }
    task.meta.trial = { row: 'I2', door: 'REST', answer: `${several.length} operations` };
  });
});
