import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);
const organizations = '/api/v1/organizations';

/** Makes an organization; returns its ID. */
async function make(fields: object): Promise<string> {
  return Object((await request('POST', organizations, { display_name: 'Aliased', ...fields })).body).organization.id;
}

async function aliasesOf(path: string): Promise<{ system: string | null; value: string; expires_at: string }[]> {
  return Object((await request('GET', path)).body).aliases;
}

test('the former IDs of a record are told with their system and end, those that end last first, by any way to name it', async () => {
  const id = await make({ external_id: 'A-1', external_ids: { stripe: 'cus_1', hubspot: 'h-1' } });
  const path = `${organizations}/${id}`;
  expect(await aliasesOf(`${path}/aliases`)).toEqual([]);
  const begin = Date.now();
  await request('PATCH', path, { external_id: 'A-2' });
  await request('PATCH', path, { external_ids: { stripe: 'cus_2', hubspot: null } });
  const aliases = await aliasesOf(`${path}/aliases`);
  // What was cleared is free at once: it leads nowhere.
  expect(aliases.map(({ system, value }) => [system, value])).toEqual([
    ['stripe', 'cus_1'],
    [null, 'A-1'],
  ]);
  for (const { expires_at: end } of aliases) expect(Date.parse(end) - begin).toBeGreaterThanOrEqual(30 * 86_400_000 - 1000);
  expect(await aliasesOf(`${organizations}:external/A-2/aliases`)).toEqual(aliases);
  expect(await aliasesOf(`${organizations}:external:aliases?external_id=cus_1&system=stripe`)).toEqual(aliases);
});

test('an alias that ended, or that another record claimed, is not among them', async () => {
  const id = await make({ external_id: 'B-1' });
  for (const next of ['B-2', 'B-3', 'B-4']) await request('PATCH', `${organizations}/${id}`, { external_id: next });
  await make({ external_id: 'B-1' });
  await server.database.pool.query("update external_ids set alias_expire_time = now() where value = 'B-2'");
  expect((await aliasesOf(`${organizations}/${id}/aliases`)).map(({ value }) => value)).toEqual(['B-3']);
});

test('users have them too; a record that is not there, or of another environment, has no list', async () => {
  const { user } = Object((await request('POST', '/api/v1/users', { email: 'aliased@example.com', external_id: 'U-1' })).body);
  await request('PATCH', `/api/v1/users/${user.id}`, { external_id: 'U-2' });
  expect(await aliasesOf(`/api/v1/users/${user.id}/aliases`)).toMatchObject([{ system: null, value: 'U-1' }]);
  const other = await server.addEnvironment('elsewhere');
  const codeOf = async (path: string, client = server.client) => {
    const { status, body } = await client.request('GET', path);
    return [status, Object(body).details[0].error_code];
  };
  expect(await codeOf(`/api/v1/users/${user.id}/aliases`, other)).toEqual([404, 'USER_NOT_FOUND']);
  expect(await codeOf(`${organizations}/org_7/aliases`)).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
  expect(await codeOf(`${organizations}:external/NOBODY/aliases`)).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
  expect(await codeOf(`${organizations}/usr_7/aliases`)).toEqual([400, 'INVALID_ID']);
});
