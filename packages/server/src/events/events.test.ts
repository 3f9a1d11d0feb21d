import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { changedPaths } from './event.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);

async function eventsOf(publicId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await server.database.pool.query('select * from events where record_id = $1 order by sequence', [
    publicId.replace(/^\w+_/, ''),
  ]);
  return rows;
}

test('each change writes one event with what changed, who did it, in which request, and the external IDs', async () => {
  const { body } = await request(
    'POST',
    '/api/v1/organizations',
    { display_name: 'E', external_id: 'EV-1', metadata: { a: 1, b: { c: 2 } } },
    { 'x-request-id': 'my-request-1' },
  );
  const { id } = Object(body).organization;
  await request('PATCH', `/api/v1/organizations/${id}`, { external_id: 'EV-2', metadata: { a: null, b: { c: 3 }, d: 4 } });
  await request('PATCH', `/api/v1/organizations/${id}`, { metadata: { d: 4 } });
  await request('DELETE', `/api/v1/organizations/${id}`);
  const events = await eventsOf(id);
  expect(events.map(({ type, record_version, changed, external_id }) => ({ type, record_version, changed, external_id }))).toEqual([
    {
      type: 'organization.created',
      record_version: '1',
      external_id: 'EV-1',
      changed: { display_name: [null, 'E'], external_id: [null, 'EV-1'], 'metadata.a': [null, 1], 'metadata.b': [null, { c: 2 }] },
    },
    {
      type: 'organization.updated',
      record_version: '2',
      external_id: 'EV-2',
      changed: { external_id: ['EV-1', 'EV-2'], 'metadata.a': [1, null], 'metadata.b': [{ c: 2 }, { c: 3 }], 'metadata.d': [null, 4] },
    },
    {
      type: 'organization.deleted',
      record_version: '3',
      external_id: 'EV-2',
      changed: { display_name: ['E', null], external_id: ['EV-2', null], 'metadata.b': [{ c: 3 }, null], 'metadata.d': [4, null] },
    },
  ]);
  expect(events[0]).toMatchObject({
    request_id: 'my-request-1',
    actor_type: 'client',
    actor_id: server.client.clientId.slice(4),
    organization_id: id.slice(4),
    data: { id },
  });
});

test('a user who joins writes three events in one transaction', async () => {
  const { body } = await request('POST', '/api/v1/organizations', { display_name: 'J' });
  const joined = Object(
    (await request('POST', `/api/v1/organizations/${Object(body).organization.id}/users`, { email: 'ev@example.com' })).body,
  );
  const events = [...(await eventsOf(joined.user.id)), ...(await eventsOf(joined.membership.id))];
  expect(events.map(({ type }) => type)).toEqual(['user.created', 'user.organization_membership_created', 'user.organization_invitation']);
  expect(new Set(events.map(({ transaction_id }) => transaction_id)).size).toBe(1);
});

test('a change that is refused writes none', async () => {
  const count = async () => (await server.database.pool.query('select count(*)::int as count from events')).rows[0].count;
  await request('POST', '/api/v1/organizations', { display_name: 'T', external_id: 'EV-TAKEN' });
  const before = await count();
  await request('POST', '/api/v1/organizations', { display_name: 'U', external_id: 'EV-TAKEN' });
  expect(await count()).toBe(before);
});

test('changed paths: nested for metadata, external IDs and profile, silent about versions and times', () => {
  expect(
    changedPaths(
      { version: 1, update_time: 'x', display_name: 'a', external_ids: { crm: '1' }, user_profile: { name: 'n' } },
      { version: 2, update_time: 'y', display_name: 'a', external_ids: { crm: '2', erp: '3' }, user_profile: {} },
    ),
  ).toEqual({ 'external_ids.crm': ['1', '2'], 'external_ids.erp': [null, '3'], 'user_profile.name': ['n', null] });
});
