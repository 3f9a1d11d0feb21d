import { ScalekitClient } from '@scalekit-sdk/node';
import { describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const connect = () => new ScalekitClient(server.url, server.client.clientId, server.client.clientSecret);

describe('organizations', () => {
  test('create, get, update, list, search and delete, by ID and by external ID', async () => {
    const { organization } = connect();
    const { organization: made } = await organization.createOrganization('Megasoft', { externalId: 'MS-1', slug: 'auth.megasoft.com' });
    expect(made).toMatchObject({ displayName: 'Megasoft', externalId: 'MS-1', slug: 'auth.megasoft.com' });
    const id = made?.id ?? '';
    expect((await organization.getOrganization(id)).organization?.externalId).toBe('MS-1');
    expect((await organization.getOrganizationByExternalId('MS-1')).organization?.id).toBe(id);
  });
});
