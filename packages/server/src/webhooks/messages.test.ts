import { ScalekitClient } from '@scalekit-sdk/node';
import { Webhook } from 'standardwebhooks';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { createEndpoint, makeDue, startReceiver } from './testing.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'], timeout: 1_000, lease: 3_000 } });
const request: typeof server.client.request = (...call) => server.client.request(...call);
beforeAll(() => server.startWork());

const create = async (name: string, more: object = {}) =>
  Object((await request('POST', '/api/v1/organizations', { display_name: name, ...more })).body).organization;
const retryNow = () => makeDue(server.database.pool);
const rename = (id: string, name: string) => request('PATCH', `/api/v1/organizations/${id}`, { display_name: name });

describe('a message', () => {
  test('has Scalekit’s envelope, what changed, and the values before', async () => {
    const receiver = await startReceiver();
    await createEndpoint(server.client, receiver.url, { event_types: ['organization'] });
    const { id } = await create('Before', { external_id: 'HOOK-1', metadata: { plan: 'a' } });
    await request('PATCH', `/api/v1/organizations/${id}`, { metadata: { plan: 'b' } }, { 'x-request-id': 'hook-request' });
    await request('DELETE', `/api/v1/organizations/${id}`);
    const [created, updated, deleted] = await receiver.waitFor(3);
    expect(receiver.received.map(({ message }) => message.type)).toEqual([
      'organization.created',
      'organization.updated',
      'organization.deleted',
    ]);
    expect(updated?.message).toEqual({
      spec_version: '1',
      id: updated?.id,
      type: 'organization.updated',
      object: 'Organization',
      display_name: 'Organization Updated',
      occurred_at: expect.stringMatching(/^20.*Z$/),
      environment_id: `env_${server.client.environmentId}`,
      organization_id: id,
      data: expect.objectContaining({ id, display_name: 'Before', external_id: 'HOOK-1', metadata: { plan: 'b' }, region_code: null }),
      previous: { 'metadata.plan': 'a' },
      changed: { 'metadata.plan': ['a', 'b'] },
      sequence: expect.any(Number),
      record_id: id,
      record_version: 2,
      external_id: 'HOOK-1',
      external_ids: {},
      actor: { type: 'client', id: server.client.clientId },
      request_id: 'hook-request',
    });
    expect(created?.message).not.toHaveProperty('previous');
    expect(deleted?.message.data).toMatchObject({ id, deleted_at: deleted?.message.occurred_at });
    expect(created?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'Crosswalk-Webhooks/1' });
  });
  test('is accepted by the library of Standard Webhooks and by Scalekit’s client, while a secret is replaced too', async () => {
    const receiver = await startReceiver();
    const { id, secret } = await createEndpoint(server.client, receiver.url, { event_types: ['organization.created'] });
    await create('Signed');
    await receiver.waitFor(1);
    const rotated = Object((await request('POST', `/api/v1/webhook_endpoints/${id}:rotate_secret`, {})).body);
    await create('Signed twice');
    const scalekit = new ScalekitClient(server.url, server.client.clientId, server.client.clientSecret);
    const [first, second] = await receiver.waitFor(2);
    if (first === undefined || second === undefined) throw new Error('two messages came in');
    for (const [{ headers, text, message }, key] of [
      [first, secret],
      [second, secret],
      [second, rotated.secret],
    ] as const) {
      expect(new Webhook(key).verify(text, headers)).toEqual(message);
      expect(scalekit.verifyWebhookPayload(key, headers, text)).toBe(true);
    }
    expect(() => new Webhook(rotated.secret).verify(first.text, first.headers)).toThrow();
    expect(second.headers['webhook-signature']?.split(' ')).toHaveLength(2);
  });

  test('about a membership has the organization, the person and the membership with its roles, as they were then', async () => {
    const receiver = await startReceiver((_received, response) => response.writeHead(500).end());
    await createEndpoint(server.client, receiver.url, {
      event_types: ['user.organization_membership_created', 'user.organization_membership_updated'],
    });
    const { id: organizationId } = await create('Then', { metadata: { seats: 5 } });
    const joined = Object(
      (
        await request('POST', `/api/v1/organizations/${organizationId}/users`, {
          email: 'then@example.com',
          external_id: 'THEN-1',
          send_invitation_email: false,
        })
      ).body,
    );
    await receiver.waitFor(1);
    await rename(organizationId, 'Later');
    await request('DELETE', `/api/v1/users/${joined.user.id}`);
    receiver.answer((_received, response) => response.writeHead(204).end());
    while (receiver.received.length < 2) {
      await retryNow();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const [, again] = receiver.received;
    expect(again?.message).toMatchObject({
      type: 'user.organization_membership_created',
      object: 'OrgMembership',
      organization_id: organizationId,
      data: {
        organization: { id: organizationId, display_name: 'Then', metadata: { seats: 5 } },
        user: { id: joined.user.id, email: 'then@example.com', external_id: 'THEN-1' },
        membership: { id: joined.membership.id, membership_status: 'ACTIVE', roles: [{ name: 'member' }] },
      },
    });
  });

  test('about a membership has the records as they are now where their own events are not kept any more', async () => {
    const receiver = await startReceiver();
    const { id: organizationId } = await create('Long ago');
    await request('GET', '/api/v1/events?limit=1');
    await server.database.pool.query('delete from events where record_id = $1', [organizationId.slice(4)]);
    await createEndpoint(server.client, receiver.url, { event_types: ['user.organization_membership_created'] });
    await request('POST', `/api/v1/organizations/${organizationId}/users`, { email: 'longago@example.com', send_invitation_email: false });
    const [received] = await receiver.waitFor(1);
    expect(received?.message.data).toMatchObject({ organization: { display_name: 'Long ago' }, user: { email: 'longago@example.com' } });
  });
});
