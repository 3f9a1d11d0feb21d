import { beforeEach, describe, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { type ChangeOptions, ConnectionError, Crosswalk, type Seen } from './index.ts';

const server = useTestServer();
const crosswalk = () => new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);

/** A client whose first answer to a change is lost on its way; what the server answered to each attempt. */
function losing() {
  const answers: { status: number; replayed: boolean }[] = [];
  const fetching: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (init?.method === 'GET' || String(input).endsWith('/oauth/token')) return answer;
    answers.push({ status: answer.status, replayed: answer.headers.get('idempotent-replayed') === 'true' });
    if (answers.length > 1) return answer;
    await answer.arrayBuffer();
    throw new TypeError('fetch failed', { cause: new Error('the answer was lost') });
  };
  const { clientId, clientSecret } = server.client;
  return { answers, client: new Crosswalk(server.url, clientId, clientSecret, { fetch: fetching }) };
}

let names = 0;
let [organizationId, userId, memberId, roleName, domainName] = ['', '', '', '', ''];
beforeEach(async () => {
  names += 1;
  const { organization, user, membership, permission, role } = crosswalk();
  organizationId = (await organization.create({ displayName: 'Lost', externalId: `LOST-${names}`, metadata: { plan: 'pro' } })).id;
  domainName = `lost${names}.example`;
  userId = (await user.createUser({ email: `free@${domainName}` })).id;
  memberId = (await user.createUser({ email: `member@${domainName}` })).id;
  await membership.create(organizationId, memberId, { sendInvitationEmail: false, roles: [{ name: 'member' }, { name: 'admin' }] });
  await permission.create({ name: `lost:${names}` });
  roleName = `lost_${names}`;
  await role.create({ name: roleName, displayName: 'Lost', extends: 'member', permissions: [`lost:${names}`] });
});

const operatorOf = async () =>
  (await crosswalk().operator.create({ name: 'Ada', email: `operator@${domainName}`, password: 'correct horse battery', role: 'viewer' }))
    .id;
const endpointOf = async () =>
  (await crosswalk().webhookEndpoint.create({ url: 'https://example.com/hook', eventTypes: ['user'] })).webhook_endpoint.id;
const machineOf = async () => (await crosswalk().organizationClient.create(organizationId, { name: 'Robot' })).client.client_id;
const importOf = async () =>
  (await crosswalk().imports.create(`{"kind":"organization","display_name":"Imported","external_id":"IMP-${names}"}\n`)).id;

/** A change: what it needs is made first, by a client that loses nothing. */
type Change = () => Promise<(client: Crosswalk) => Promise<unknown>>;

describe('a change for which the server keeps no idempotency key is sent once, and the error says that it is not known what became of it', () => {
  const unkept: Record<string, Change> = {
    'operator.create': async () => (client) =>
      client.operator.create({ name: 'Bob', email: `bob@${domainName}`, password: 'correct horse battery', role: 'viewer' }),
    'operator.update': async () => {
      const id = await operatorOf();
      return (client) => client.operator.update(id, { name: 'Ada L.' }, { ifMatch: 1 });
    },
    'client.create': async () => (client) => client.client.create({ name: 'Lost' }),
    'client.createSecret': async () => {
      const { client: made } = await crosswalk().client.create({ name: 'Lost' });
      return (client) => client.client.createSecret(made.id);
    },
    'organizationClient.create': async () => (client) => client.organizationClient.create(organizationId, {}),
    'organizationClient.createSecret': async () => {
      const id = await machineOf();
      return (client) => client.organizationClient.createSecret(organizationId, id);
    },
    'apiToken.create': async () => (client) => client.apiToken.create({ organizationId }),
    'webhookEndpoint.create': async () => (client) =>
      client.webhookEndpoint.create({ url: 'https://example.com/hook', eventTypes: ['user'] }),
    'webhookEndpoint.rotateSecret': async () => {
      const id = await endpointOf();
      return (client) => client.webhookEndpoint.rotateSecret(id);
    },
    'webhookEndpoint.replay': async () => {
      const id = await endpointOf();
      return (client) => client.webhookEndpoint.replay(id, { from: new Date(Date.now() - 60_000) });
    },
    'imports.cancel': async () => {
      const id = await importOf();
      return (client) => client.imports.cancel(id);
    },
    'client.deleteSecret of one version': async () => {
      const { client: made, secret_id: secretId } = await crosswalk().client.create({ name: 'Lost' });
      await crosswalk().client.createSecret(made.id);
      return (client) => client.client.deleteSecret(made.id, secretId, { ifMatch: 2 });
    },
    'role.deleteBase of one version': async () => (client) => client.role.deleteBase(roleName, { ifMatch: 1 }),
    'role.removePermission of one version': async () => (client) => client.role.removePermission(roleName, `lost:${names}`, { ifMatch: 1 }),
    'membership.removeRole of one version': async () => (client) =>
      client.membership.removeRole(organizationId, memberId, 'admin', { ifMatch: 1 }),
    'membership.removeRole from whoever has an ID of your own': async () => {
      await crosswalk().user.updateUser(memberId, { externalId: `M-${names}` });
      return (client) => client.membership.removeRole(organizationId, { externalId: `M-${names}` }, 'admin');
    },
  };

  test.each(Object.entries(unkept))('%s', async (_name, change) => {
    const { answers, client } = losing();
    const make = await change();
    await expect(make(client)).rejects.toThrow(ConnectionError);
    expect(answers).toEqual([{ status: expect.any(Number), replayed: false }]);
    expect(answers[0]?.status).toBeLessThan(300);
  });
});

describe('a deletion by a name is sent once, as a newer record may have the name by then; for the record that was read it is sent again', () => {
  /** What reads the record, and what deletes it by its name. */
  const deletions: Record<string, [() => Promise<Seen>, (client: Crosswalk, options: ChangeOptions) => Promise<void>]> = {
    'organization.deleteByExternalId': [
      () => crosswalk().organization.get(organizationId),
      (client, options) => client.organization.deleteByExternalId(`LOST-${names}`, options),
    ],
    'user.deleteByExternalId': [
      () => crosswalk().user.updateUser(userId, { externalId: `U-${names}` }),
      (client, options) => client.user.deleteByExternalId(`U-${names}`, options),
    ],
    'membership.delete': [
      () => crosswalk().membership.get(organizationId, memberId),
      (client, options) => client.membership.delete(organizationId, memberId, options),
    ],
    'role.delete': [() => crosswalk().role.get(roleName), (client, options) => client.role.delete(roleName, options)],
    'permission.delete': [
      () => crosswalk().permission.get(`lost:${names}`),
      (client, options) => client.permission.delete(`lost:${names}`, options),
    ],
    'system.delete': [
      async () => (await crosswalk().system.put(`lost-${names}`, {})).system,
      (client, options) => client.system.delete(`lost-${names}`, options),
    ],
  };

  test.each(Object.entries(deletions))('%s', async (_name, [read, remove]) => {
    const { version } = await read();
    for (const options of [{ ifMatch: version }, {}]) {
      const { answers, client } = losing();
      await expect(remove(client, options)).rejects.toThrow(ConnectionError);
      expect(answers).toHaveLength(1);
    }
  });

  test.each(Object.entries(deletions))('%s of the record that was read', async (_name, [read, remove]) => {
    const ifMatch = await read();
    const { answers, client } = losing();
    await expect(remove(client, { ifMatch })).resolves.toBeUndefined();
    expect(answers.map(({ status }) => status)).toEqual([204, 404]);
  });
});

describe('a change whose first answer was lost is sent again with its idempotency key, and answered as it was at first', () => {
  const kept: Record<string, Change> = {
    'organization.create': async () => (client) => client.organization.create({ displayName: 'Twice', slug: `twice-${names}` }),
    'organization.update': async () => (client) => client.organization.update(organizationId, { displayName: 'B' }, { ifMatch: 1 }),
    'organization.upsertByExternalId': async () => (client) =>
      client.organization.upsertByExternalId(`UP-${names}`, { displayName: 'B' }, { ifNoneMatch: '*' }),
    'organization.replaceMetadata': async () => (client) => client.organization.replaceMetadata(organizationId, { a: 1 }, { ifMatch: 1 }),
    'organization.updateSettings': async () => (client) =>
      client.organization.updateSettings(organizationId, { features: [{ name: 'sso', enabled: true }] }, { ifMatch: 1 }),
    'organization.upsertUserManagementSettings': async () => (client) =>
      client.organization.upsertUserManagementSettings(organizationId, { maxAllowedUsers: 7 }, { ifMatch: 1 }),
    'organization.updateSessionPolicy': async () => (client) =>
      client.organization.updateSessionPolicy(organizationId, { policySource: 'CUSTOM', absoluteSessionTimeout: 480 }, { ifMatch: 1 }),
    'organization.history.revertMetadata': async () => {
      await crosswalk().organization.update(organizationId, { metadata: { plan: 'basic' } });
      return (client) => client.organization.history.revertMetadata(organizationId, { key: 'plan', version: 1 }, { ifMatch: 2 });
    },
    'imports.undo': async () => {
      const id = await importOf();
      await crosswalk().imports.cancel(id);
      return (client) => client.imports.undo(id);
    },
    'user.createUser': async () => (client) => client.user.createUser({ email: `new@${domainName}` }),
    'user.createUserAndMembership': async () => (client) =>
      client.user.createUserAndMembership(organizationId, { email: `new@${domainName}` }),
    'user.updateUser': async () => (client) => client.user.updateUser(userId, { externalId: `U-${names}` }, { ifMatch: 1 }),
    'user.replaceMetadata': async () => (client) => client.user.replaceMetadata(userId, { a: 1 }, { ifMatch: 1 }),
    'membership.create': async () => (client) => client.membership.create(organizationId, userId),
    'membership.update': async () => (client) =>
      client.membership.update(organizationId, memberId, { metadata: { desk: 7 } }, { ifMatch: 1 }),
    'membership.upsert': async () => (client) => client.membership.upsert(organizationId, userId, {}, { ifNoneMatch: '*' }),
    'membership.replaceMetadata': async () => (client) =>
      client.membership.replaceMetadata(organizationId, memberId, { desk: 7 }, { ifMatch: 1 }),
    'membership.assignRoles': async () => (client) => client.membership.assignRoles(organizationId, memberId, [roleName], { ifMatch: 1 }),
    'invitation.resend': async () => {
      await crosswalk().membership.create(organizationId, userId);
      return (client) => client.invitation.resend(organizationId, userId);
    },
    'invitation.revoke': async () => {
      await crosswalk().membership.create(organizationId, userId);
      return (client) => client.invitation.revoke(organizationId, userId);
    },
    'invitation.accept': async () => {
      await crosswalk().membership.create(organizationId, userId);
      return (client) => client.invitation.accept(organizationId, userId);
    },
    'invitation.updateSettings': async () => (client) => client.invitation.updateSettings({ senderName: `Lost ${names}` }),
    'role.create': async () => (client) => client.role.create({ name: `new_${names}`, displayName: 'New' }),
    'role.update': async () => (client) => client.role.update(roleName, { displayName: 'B' }, { ifMatch: 1 }),
    'role.addPermissions': async () => {
      await crosswalk().permission.create({ name: `more:${names}` });
      return (client) => client.role.addPermissions(roleName, [`more:${names}`], { ifMatch: 1 });
    },
    'role.setDefaults': async () => (client) => client.role.setDefaults({ defaultMemberRole: 'member' }),
    'role.setOrganizationDefault': async () => (client) => client.role.setOrganizationDefault(organizationId, 'member'),
    'permission.create': async () => (client) => client.permission.create({ name: `new:${names}` }),
    'permission.update': async () => (client) => client.permission.update(`lost:${names}`, { description: 'B' }, { ifMatch: 1 }),
    'domain.create': async () => (client) => client.domain.create(organizationId, { domain: domainName }),
    'system.put': async () => (client) => client.system.put(`lost-${names}`, { label: 'Lost' }, { ifNoneMatch: '*' }),
    'metadataIndex.create': async () => (client) =>
      client.metadataIndex.create({ kind: 'organization', key: `metadata.lost${names}`, type: 'number' }),
    'signingKey.rotate': async () => (client) => client.signingKey.rotate(),
    'organizationClient.update': async () => {
      const id = await machineOf();
      return (client) => client.organizationClient.update(organizationId, id, { name: 'B' }, { ifMatch: 1 });
    },
    'apiToken.update': async () => {
      const { token } = await crosswalk().apiToken.create({ organizationId });
      return (client) => client.apiToken.update(token, { description: 'B' });
    },
    'apiToken.invalidate': async () => {
      const { token } = await crosswalk().apiToken.create({ organizationId });
      return (client) => client.apiToken.invalidate(token);
    },
    'webhookEndpoint.update': async () => {
      const id = await endpointOf();
      return (client) => client.webhookEndpoint.update(id, { description: 'B' }, { ifMatch: 1 });
    },
    'webhookEndpoint.disable': async () => {
      const id = await endpointOf();
      return (client) => client.webhookEndpoint.disable(id, { ifMatch: 1 });
    },
    'environment.update': async () => {
      const [environment] = await crosswalk().environment.list();
      return (client) =>
        client.environment.update(environment?.id ?? '', { name: `Lost ${names}` }, { ifMatch: environment?.version ?? 0 });
    },
    rekey: async () => (client) => client.rekey({ kind: 'organization', pairs: [{ from: `LOST-${names}`, to: `FOUND-${names}` }] }),
    'imports.create': async () => (client) => client.imports.create('{"kind":"organization","display_name":"Imported"}\n'),
  };

  test.each(Object.entries(kept))('%s', async (_name, change) => {
    const { answers, client } = losing();
    const make = await change();
    await make(client);
    expect(answers).toEqual([
      { status: expect.any(Number), replayed: false },
      { status: answers[0]?.status, replayed: true },
    ]);
  });
});
