import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, buildApp } from './app.ts';
import { openPool } from './database/connection.ts';
import { ended, imported } from './imports/testing.ts';
import { testSettings, useTestServer } from './testing.ts';

const metricsToken = 'a token for the metrics of this test';
/** Keeps nothing: every answer of its is read from the database. */
const server = useTestServer({ cacheSize: 0 });
const request: typeof server.client.request = async (...call) => {
  const answer = await server.client.request(...call);
  if (answer.status >= 400) throw new Error(`${call[0]} ${call[1]} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
};

/** Another server on the same database, which keeps what it looks up and makes no change. */
let other: App;
let otherUrl = '';
let pool: ReturnType<typeof openPool>;
beforeAll(async () => {
  server.startWork();
  pool = openPool(server.database.connection);
  other = await buildApp({ ...testSettings, pool, metricsToken });
  otherUrl = await other.server.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await other.server.close();
  await pool.end();
});

const ask = async (url: string, path: string) => {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${server.client.token}` } });
  const { headers, status } = response;
  const text = await response.text();
  // An error names its request.
  return { status, etag: headers.get('etag'), type: headers.get('content-type'), body: status === 200 ? text : JSON.parse(text).message };
};
/** How many look-ups the other server has answered from memory. */
const kept = async () => {
  const text = await (await fetch(`${otherUrl}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } })).text();
  return Number(/^crosswalk_look_ups_total\{from="memory"\} (\d+)$/m.exec(text)?.[1]);
};
/** Looks all up on the other server until it has answered all of them from memory; what has no place in the feed yet, it does not keep. */
const settle = async (paths: readonly string[]) => {
  await request('GET', '/api/v1/events?limit=1');
  await expect
    .poll(async () => {
      const before = await kept();
      for (const path of paths) await ask(otherUrl, path);
      return (await kept()) - before;
    })
    .toBe(paths.length);
};
const made = async (path: string, body: object) => Object.values(Object((await request('POST', path, body)).body))[0] as { id: string };

const organizations = '/api/v1/organizations';
const users = '/api/v1/users';

interface World {
  organization: string;
  user: string;
  /** an organization that has other IDs */
  rival: string;
  /** every way to look up the two records, by IDs that they have */
  paths: string[];
}
let serial = 0;

/** An organization with a user in it, both with IDs of their own in two systems, and another organization. */
async function makeWorld(): Promise<World & { n: number }> {
  serial += 1;
  const n = serial;
  const ids = (prefix: string) => ({ external_id: `${prefix}-${n}`, external_ids: { crm: `${prefix}-crm-${n}` } });
  const organization = (await made(organizations, { display_name: 'Acme', metadata: { plan: 'free' }, ...ids('org') })).id;
  const rival = (await made(organizations, { display_name: 'Rival', ...ids('rival') })).id;
  const user = (await made(users, { email: `kept${n}@example.com`, metadata: { desk: 1 }, ...ids('user') })).id;
  await request('POST', `/api/v1/memberships/organizations/${organization}/users/${user}`, { send_invitation_email: false });
  const of = (collection: string, id: string, prefix: string) => [
    `${collection}/${id}`,
    `${collection}:external/${prefix}-${n}`,
    `${collection}:external/${prefix}-crm-${n}?system=crm`,
  ];
  return { organization, rival, user, n, paths: [...of(organizations, organization, 'org'), ...of(users, user, 'user')] };
}

const importFile = async (rows: object[]) => (await imported(server, server.client, rows)).id;
const role = async (name: string) => made('/api/v1/roles', { name, display_name: name });

/** Every kind of change that a look-up shows, each made by the server that keeps nothing. */
const changes: Record<string, (world: World & { n: number }) => Promise<unknown>> = {
  'fields of an organization': ({ organization }) =>
    request('PATCH', `${organizations}/${organization}`, { display_name: 'Changed', slug: `slug-${serial}` }),
  'metadata of an organization': ({ organization }) => request('PATCH', `${organizations}/${organization}`, { metadata: { plan: 'pro' } }),
  'settings of an organization': ({ organization }) =>
    request('PATCH', `${organizations}/${organization}/settings`, { features: [{ name: 'sso', enabled: true }] }),
  'the session policy of an organization': ({ organization }) =>
    request('PATCH', `${organizations}/${organization}/session-policy`, { policy_source: 'CUSTOM', absolute_session_timeout: 60 }),
  'the default role of an organization': ({ organization }) =>
    request('PATCH', `${organizations}/${organization}/roles:set_defaults`, { default_member_role: 'admin' }),
  'an ID that becomes an alias': ({ organization, n }) => request('PATCH', `${organizations}/${organization}`, { external_id: `new-${n}` }),
  'an ID that is cleared': ({ organization }) => request('PATCH', `${organizations}/${organization}`, { external_ids: { crm: null } }),
  'an ID that goes to another record': async ({ organization, rival, n }) => {
    await request('PATCH', `${organizations}/${organization}`, { external_id: null });
    await request('PATCH', `${organizations}/${rival}`, { external_id: `org-${n}` });
  },
  'an alias that another record claims': async ({ organization, rival, n }) => {
    await request('PATCH', `${organizations}/${organization}`, { external_id: `new-${n}` });
    await ask(otherUrl, `${organizations}:external/org-${n}`);
    await ask(otherUrl, `${organizations}:external/org-${n}`);
    await request('PATCH', `${organizations}/${rival}`, { external_id: `org-${n}` });
  },
  'a swap of IDs by a re-key': ({ n }) =>
    request('POST', '/api/v1/rekey', {
      kind: 'organization',
      pairs: [
        { from: `org-${n}`, to: `rival-${n}` },
        { from: `rival-${n}`, to: `org-${n}` },
      ],
    }),
  'fields and metadata of a user': ({ user }) =>
    request('PATCH', `${users}/${user}`, { user_profile: { first_name: 'Ada' }, metadata: { desk: 2 } }),
  'another membership of a user': ({ rival, user }) =>
    request('POST', `/api/v1/memberships/organizations/${rival}/users/${user}`, { send_invitation_email: false }),
  'the roles of a membership': ({ organization, user }) =>
    request('PATCH', `/api/v1/memberships/organizations/${organization}/users/${user}`, { roles: [{ name: 'admin' }] }),
  'the metadata of a membership': ({ organization, user }) =>
    request('PATCH', `/api/v1/memberships/organizations/${organization}/users/${user}`, { metadata: { seat: 'a' } }),
  'a role that is renamed': async ({ organization, user, n }) => {
    await role(`role${n}`);
    await request('PATCH', `/api/v1/memberships/organizations/${organization}/users/${user}`, { roles: [{ name: `role${n}` }] });
    await settle([`${users}/${user}`]);
    await request('PUT', `/api/v1/roles/role${n}`, { display_name: 'Another name' });
  },
  'a membership that ends': ({ organization, user }) =>
    request('DELETE', `/api/v1/memberships/organizations/${organization}/users/${user}`),
  'the organization of a user that goes': ({ organization }) => request('DELETE', `${organizations}/${organization}`),
  'a user who goes': ({ user }) => request('DELETE', `${users}/${user}`),
  'an import': ({ n }) =>
    importFile([{ kind: 'organization', external_id: `org-${n}`, display_name: 'Imported', metadata: { plan: 'imported' } }]),
  'an import that is undone': async ({ n, paths }) => {
    const id = await importFile([{ kind: 'organization', external_id: `org-${n}`, display_name: 'Imported' }]);
    await settle(paths);
    await request('POST', `/api/v1/imports/${id}:undo`);
    await ended(server.client, id);
  },
};

describe('what a server keeps in memory is not answered once another server has changed it', () => {
  test.each(Object.entries(changes))('%s', async (_name, change) => {
    const world = await makeWorld();
    await settle(world.paths);
    const before = await Promise.all(world.paths.map((path) => ask(server.url, path)));
    await change(world);
    const after = await Promise.all(world.paths.map((path) => ask(server.url, path)));
    expect(after).not.toEqual(before);
    expect(await Promise.all(world.paths.map((path) => ask(otherUrl, path)))).toEqual(after);
  });
});

test('a look-up that begins when a change has been answered shows it, while others look up the same records all the time', async () => {
  const worlds = await Promise.all(Array.from({ length: 2 }, makeWorld));
  let over = false;
  const readers = worlds.flatMap(({ paths }) =>
    paths.slice(0, 4).map(async (path) => {
      while (!over) await ask(otherUrl, path);
    }),
  );
  const before = await kept();
  const behind: string[] = [];
  await Promise.all(
    worlds.map(async ({ organization, paths }) => {
      for (let count = 0; count < 25; count += 1) {
        await request('PATCH', `${organizations}/${organization}`, { metadata: { count } });
        for (const path of paths.slice(0, 3)) {
          const { body } = await ask(otherUrl, path);
          if (JSON.parse(body).organization.metadata.count !== count) behind.push(`${path} after ${count}: ${body}`);
        }
        // Whoever reads the feed gives what has changed its place: from then on it is kept again, by who looks it up all the time.
        await request('GET', '/api/v1/events?limit=1');
      }
    }),
  );
  over = true;
  await Promise.all(readers);
  expect(behind).toEqual([]);
  expect(await kept()).toBeGreaterThan(before);
});
