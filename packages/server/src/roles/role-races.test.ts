import { describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

/** Roles, and the memberships that have them, changed from many places at once. */
const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const path = '/api/v1/roles';
const rolesOf = (organizationId: string) => `/api/v1/organizations/${organizationId}/roles`;
const times = <Result>(count: number, work: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const tally = (answers: { status: number }[]) =>
  Object.fromEntries(
    [...new Set(answers.map(({ status }) => status))]
      .sort()
      .map((status) => [status, answers.filter((one) => one.status === status).length]),
  );

async function newOrganization(): Promise<string> {
  return Object((await request('POST', '/api/v1/organizations', { display_name: 'Race' })).body).organization.id;
}

async function newUsers(prefix: string, count: number): Promise<string[]> {
  return times(
    count,
    async (index) => Object((await request('POST', '/api/v1/users', { email: `${prefix}${index}@example.com` })).body).user.id,
  );
}

const makeRole = (name: string, collection = path) => request('POST', collection, { name, display_name: name });

/** Names of roles that memberships have and that are not there. */
async function dangling(): Promise<string[]> {
  const { rows } = await server.database.pool.query(
    `select distinct n.name from memberships m cross join unnest(m.roles) n (name)
     where not exists (select from roles r where r.environment_id = m.environment_id and r.name = n.name
       and (r.organization_id is null or r.organization_id = m.organization_id))`,
  );
  return rows.map(({ name }) => name);
}

describe('a role is deleted while people get it', { timeout: 120_000 }, () => {
  test.each(['the environment', 'the organization'])('of %s: no membership is left with a role that is not there', async (whose) => {
    const organizationId = await newOrganization();
    const collection = whose === 'the environment' ? path : rolesOf(organizationId);
    const users = await newUsers(`given.${whose.length}.`, 40);
    const memberOf = (user: string) => `/api/v1/memberships/organizations/${organizationId}/users/${user}`;
    for (let round = 0; round < 6; round += 1) {
      const name = `fleeting_${round}_${whose.length}`;
      await makeRole(name, collection);
      const batch = users.slice(round * 6, round * 6 + 6);
      const [deletions, writes] = await Promise.all([
        times(3, () => request('DELETE', `${collection}/${name}`)),
        Promise.all([
          ...batch.slice(0, 3).map((user) => request('POST', memberOf(user), { roles: [{ name }] })),
          ...batch.slice(3).map((user) => request('PUT', memberOf(user), { roles: [{ name }, { name: 'member' }] })),
        ]),
      ]);
      expect(await dangling()).toEqual([]);
      for (const { status, text } of deletions) expect([204, 400, 404], text).toContain(status);
      for (const { status, text } of writes) expect([201, 400], text).toContain(status);
      const given = writes.filter(({ status }) => status === 201).length;
      const deleted = deletions.some(({ status }) => status === 204);
      expect(given > 0 && deleted, 'a role that someone got is still there').toBe(false);
    }
  });

  test('with another role in its place: whoever gets it before has the other one after', async () => {
    const organizationId = await newOrganization();
    const users = await newUsers('moved.', 30);
    for (const [index, user] of users.entries()) {
      await request('POST', `/api/v1/memberships/organizations/${organizationId}/users/${user}`, index % 2 === 0 ? {} : { roles: [] });
    }
    await makeRole('leaving');
    await makeRole('staying');
    const [[deletion], assignments] = await Promise.all([
      Promise.all([request('DELETE', `${path}/leaving?reassign_role_name=staying`)]),
      Promise.all(
        users.map((user) => request('POST', `/api/v1/organizations/${organizationId}/users/${user}/roles`, [{ role_name: 'leaving' }])),
      ),
    ]);
    expect(deletion.status).toBe(204);
    expect(await dangling()).toEqual([]);
    const given = assignments.filter(({ status }) => status === 200).length;
    expect(tally(assignments)).toEqual({
      ...(given > 0 ? { 200: given } : {}),
      ...(given < users.length ? { 400: users.length - given } : {}),
    });
    expect(Object((await request('GET', `${path}/staying/users:count`)).body).count).toBe(given);
  });

  test('the default is replaced and deleted while people join: each gets a default that is there', async () => {
    const organizationId = await newOrganization();
    const users = await newUsers('joining.', 40);
    await makeRole('first_default');
    await makeRole('second_default');
    await request('PATCH', `${rolesOf(organizationId)}:set_defaults`, { default_member_role: 'first_default' });
    const [joins] = await Promise.all([
      Promise.all(users.map((user) => request('POST', `/api/v1/memberships/organizations/${organizationId}/users/${user}`, {}))),
      (async () => {
        await request('PATCH', `${rolesOf(organizationId)}:set_defaults`, { default_member_role: 'second_default' });
        expect((await request('DELETE', `${path}/first_default?reassign_role_name=second_default`)).status).toBe(204);
      })(),
    ]);
    expect(tally(joins)).toEqual({ 201: users.length });
    expect(await dangling()).toEqual([]);
    expect(Object((await request('GET', `${path}/second_default/users:count`)).body).count).toBe(users.length);
  });

  test('an organization is deleted while its roles are made, given and deleted: nothing of it is left', async () => {
    const organizationId = await newOrganization();
    const users = await newUsers('orphan.', 20);
    await makeRole('doomed', rolesOf(organizationId));
    const answers = await Promise.all([
      ...users.map((user) =>
        request('PUT', `/api/v1/memberships/organizations/${organizationId}/users/${user}`, { roles: [{ name: 'doomed' }] }),
      ),
      ...Array.from({ length: 5 }, (_, index) => makeRole(`doomed_${index}`, rolesOf(organizationId))),
      request('DELETE', `${rolesOf(organizationId)}/doomed?reassign_role_name=member`),
      request('DELETE', `/api/v1/organizations/${organizationId}`),
    ]);
    for (const { status, text } of answers) expect([200, 201, 204, 400, 404], text).toContain(status);
    expect(answers.at(-1)?.status).toBe(204);
    for (const table of ['roles', 'memberships']) {
      const { rowCount } = await server.database.pool.query(`select from ${table} where organization_id = $1`, [organizationId.slice(4)]);
      expect([table, rowCount]).toEqual([table, 0]);
    }
  });
});

describe('roles are changed at once', { timeout: 120_000 }, () => {
  test('two that extend each other, and a ring of three: one is refused and no circle is made', async () => {
    for (let round = 0; round < 5; round += 1) {
      const ring = ['a', 'b', 'c'].map((letter) => `ring_${round}_${letter}`);
      for (const name of ring) await makeRole(name);
      const answers = await Promise.all(
        ring.flatMap((name, index) => [
          request('PUT', `${path}/${name}`, { extends: ring[(index + 1) % 3] }),
          request('PUT', `${path}/${name}`, { extends: ring[(index + 2) % 3] }),
        ]),
      );
      for (const { status } of answers) expect([200, 400]).toContain(status);
      const { rows } = await server.database.pool.query(
        `with recursive up (start, id, steps) as (
           select id, base_role_id, 1 from roles where base_role_id is not null
           union all select up.start, r.base_role_id, steps + 1 from up join roles r on r.id = up.id where r.base_role_id is not null and steps < 20)
         select from up where start = id`,
      );
      expect(rows).toHaveLength(0);
    }
  });

  test('a name is taken once, by the environment or by organizations', async () => {
    const organizations = await times(3, newOrganization);
    const collections = [path, ...organizations.map(rolesOf)];
    for (let round = 0; round < 5; round += 1) {
      const name = `contested_${round}`;
      const answers = await times(20, (index) => makeRole(name, collections[index % 4]));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 400]));
      const { rows } = await server.database.pool.query('select organization_id from roles where name = $1', [name]);
      const whole = rows.filter(({ organization_id }) => organization_id === null).length;
      expect([whole, rows.length]).toEqual(whole === 1 ? [1, 1] : [0, 3]);
    }
  });

  test('permissions added one by one from many places all stay; one that is deleted meanwhile is on no role', async () => {
    await makeRole('gathering');
    const names = Array.from({ length: 30 }, (_, index) => `gather:${index}`);
    for (const name of [...names, 'gather:gone']) await request('POST', '/api/v1/permissions', { name });
    const answers = await Promise.all([
      ...names.map((name) => request('POST', `${path}/gathering/permissions`, { permission_names: [name] })),
      request('POST', `${path}/gathering/permissions`, { permission_names: ['gather:gone'] }),
      request('DELETE', '/api/v1/permissions/gather:gone'),
    ]);
    expect(tally(answers.slice(0, -2))).toEqual({ 200: names.length });
    expect(answers.at(-1)?.status).toBe(204);
    const { permissions } = Object((await request('GET', `${path}/gathering/permissions`)).body);
    expect(permissions.map(({ name }: { name: string }) => name).sort()).toEqual([...names].sort());
  });
});
