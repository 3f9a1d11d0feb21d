import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { ScalekitClient } from '@scalekit-sdk/node';
import { ClientService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/clients/clients_pb.js';
import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { messagesOf, refusal, scalekitOf, there, untyped } from './testing.ts';

const server = useTestServer();
let scalekit: ScalekitClient;
let m2m: ScalekitClient['m2m'];
let acme = '';
beforeAll(async () => {
  scalekit = scalekitOf(server, server.client);
  m2m = scalekit.m2m;
  acme = await newOrganization();
});
const messages = () => messagesOf(ClientService, server, server.client.token);

async function newOrganization() {
  return there((await scalekit.organization.createOrganization('Acme')).organization).id;
}
async function make(options: Parameters<typeof m2m.createOrganizationClient>[1] = {}, organizationId = acme) {
  const { client, plainSecret } = await m2m.createOrganizationClient(organizationId, options);
  return { ...there(client), plainSecret };
}
const get = async (clientId: string) => there((await m2m.getOrganizationClient(acme, clientId)).client);

const badRequest = { exception: 'ScalekitBadRequestException' };
const clientNotFound = { exception: 'ScalekitNotFoundException', code: 'NotFound', errorCode: 'CLIENT_NOT_FOUND' };
const organizationNotFound = { exception: 'ScalekitNotFoundException', code: 'NotFound', errorCode: 'ORGANIZATION_NOT_FOUND' };

const sent = {
  name: 'Deployment',
  description: 'Deploys.',
  scopes: ['write', 'read'],
  audience: ['https://api.acme.example', 'deploy'],
};

describe('create', () => {
  test('a new client has what was sent and one secret, which is shown this once', async () => {
    const made = await make({ ...sent, customClaims: { tier: 'gold', env: 'prod' } });
    expect(made).toMatchObject({
      clientId: expect.stringMatching(/^m2morg_[0-9]+$/),
      organizationId: acme,
      ...sent,
      customClaims: [
        { key: 'tier', value: 'gold' },
        { key: 'env', value: 'prod' },
      ],
      expiry: 3600n,
      plainSecret: expect.stringMatching(/^.{30,}$/),
    });
    expect(timestampDate(there(made.createTime)).getTime()).toBeGreaterThan(Date.UTC(2024));
    expect(made.secrets).toMatchObject([{ id: expect.stringMatching(/./), secretSuffix: made.plainSecret.slice(-4) }]);
    const { plainSecret: _, ...client } = made;
    expect(await get(made.clientId)).toEqual(client);
  });

  test('nothing has to be said of it', async () => {
    const made = await make();
    expect(made).toMatchObject({ name: '', description: '', scopes: [], audience: [], customClaims: [], expiry: 3600n });
  });

  test('how long its tokens live can be given by clients that have that', async () => {
    const { client } = await messages().createOrganizationClient({ organizationId: acme, client: { name: 'Short', expiry: 900n } });
    expect(client?.expiry).toBe(900n);
  });

  test.each<[string, () => Promise<unknown>, object]>([
    ['an organization that is not there', () => make({}, 'org_1'), organizationNotFound],
    ['an organization by what is no ID', () => make({}, 'acme'), { ...badRequest, errorCode: 'INVALID_ID', fields: ['organization_id'] }],
    ['a name of 129 characters', () => make({ name: 'x'.repeat(129) }), { ...badRequest, fields: ['name'] }],
    ['a scope with a space', () => make({ scopes: ['a b'] }), { ...badRequest, fields: ['scopes.0'] }],
    [
      'a claim that was an object',
      () => make({ customClaims: { team: '[object Object]' } }),
      { ...badRequest, fields: ['custom_claims.team'] },
    ],
    ...['__proto__', 'constructor', 'prototype'].map((key): [string, () => Promise<unknown>, object] => [
      `a claim with the key ${key}`,
      () => messages().createOrganizationClient({ organizationId: acme, client: { customClaims: [{ key, value: 'x' }] } }),
      { code: 'InvalidArgument', fields: ['custom_claims.0.key'] },
    ]),
    ['a claim without a key', () => make({ customClaims: { '': 'x' } }), { ...badRequest, fields: ['custom_claims.0.key'] }],
    [
      'a lifetime that is no number here',
      () => messages().createOrganizationClient({ organizationId: acme, client: { expiry: 2n ** 62n } }),
      { code: 'InvalidArgument', fields: ['expiry'] },
    ],
    [
      'a lifetime below 0',
      () => messages().createOrganizationClient({ organizationId: acme, client: { expiry: -1n } }),
      { code: 'InvalidArgument', fields: ['expiry'] },
    ],
    ['no client', () => messages().createOrganizationClient({ organizationId: acme }), { code: 'InvalidArgument', fields: ['client'] }],
  ])('%s is refused', async (_name, call, refused) => {
    expect(await refusal(call())).toMatchObject(refused);
  });
});

describe('update', () => {
  test('what it has is replaced, claims as a whole; the rest stays, and what is empty changes nothing', async () => {
    const { client: made } = await messages().createOrganizationClient({
      organizationId: acme,
      client: { ...sent, customClaims: [{ key: 'tier', value: 'gold' }], expiry: 900n },
    });
    const { clientId } = there(made);
    const { client } = await m2m.updateOrganizationClient(acme, clientId, { description: 'Other.', customClaims: { env: 'prod' } });
    const after = { ...sent, description: 'Other.', customClaims: [{ key: 'env', value: 'prod' }], expiry: 900n };
    expect(client).toMatchObject(after);
    await m2m.updateOrganizationClient(acme, clientId, { name: '', description: '', scopes: [], audience: [], customClaims: {} });
    await m2m.updateOrganizationClient(acme, clientId, {});
    expect(await get(clientId)).toMatchObject(after);
    const renamed = await m2m.updateOrganizationClient(acme, clientId, { name: 'Renamed', scopes: ['read'], audience: ['other'] });
    expect(renamed.client).toMatchObject({ ...after, name: 'Renamed', scopes: ['read'], audience: ['other'] });
    expect(await get(clientId)).toEqual(renamed.client);
  });

  test('what is not allowed is refused and changes nothing', async () => {
    const { clientId } = await make(sent);
    const update = (options: object) => m2m.updateOrganizationClient(acme, clientId, options);
    expect(await refusal(update({ scopes: ['a b'] }))).toMatchObject({ ...badRequest, fields: ['scopes.0'] });
    expect(await refusal(update(untyped({ customClaims: { a: 'x'.repeat(1025) } })))).toMatchObject({ ...badRequest });
    expect(await get(clientId)).toMatchObject(sent);
  });
});

test('what is not there is not found, of another organization too', async () => {
  const elsewhere = await make({}, await newOrganization());
  for (const clientId of ['m2morg_1', elsewhere.clientId]) {
    for (const call of [
      () => m2m.getOrganizationClient(acme, clientId),
      () => m2m.updateOrganizationClient(acme, clientId, { name: 'X' }),
      () => m2m.deleteOrganizationClient(acme, clientId),
      () => m2m.addOrganizationClientSecret(acme, clientId),
      () => m2m.removeOrganizationClientSecret(acme, clientId, 'sks_1'),
    ])
      expect(await refusal(call())).toMatchObject(clientNotFound);
  }
  expect(await refusal(m2m.listOrganizationClients('org_1'))).toMatchObject(organizationNotFound);
  expect(await refusal(m2m.getOrganizationClient(acme, server.client.clientId))).toMatchObject({
    ...badRequest,
    errorCode: 'INVALID_ID',
    fields: ['client_id'],
  });
});

test('a client that was deleted is not found and gets no token', async () => {
  const { clientId, plainSecret } = await make();
  await m2m.deleteOrganizationClient(acme, clientId);
  expect(await refusal(m2m.getOrganizationClient(acme, clientId))).toMatchObject(clientNotFound);
  expect(await refusal(m2m.deleteOrganizationClient(acme, clientId))).toMatchObject(clientNotFound);
  expect(await refusal(scalekit.generateClientToken(clientId, plainSecret))).toMatchObject({ exception: 'ScalekitUnauthorizedException' });
});

describe('list', () => {
  test('an organization without clients has an empty list', async () => {
    expect(await m2m.listOrganizationClients(await newOrganization())).toMatchObject({ clients: [], totalSize: 0, nextPageToken: '' });
  });

  test('newest first, page by page, each once; a token of another organization is refused', async () => {
    const organizationId = await newOrganization();
    const made: string[] = [];
    for (let index = 0; index < 3; index += 1) made.unshift((await make({ name: `Client ${index}` }, organizationId)).clientId);
    const first = await m2m.listOrganizationClients(organizationId, { pageSize: 2 });
    expect([first.totalSize, first.clients.map(({ clientId }) => clientId)]).toEqual([3, made.slice(0, 2)]);
    const second = await m2m.listOrganizationClients(organizationId, { pageSize: 2, pageToken: first.nextPageToken });
    expect([second.nextPageToken, second.clients.map(({ clientId }) => clientId)]).toEqual(['', made.slice(2)]);
    expect((await m2m.listOrganizationClients(organizationId, { pageSize: 0 })).clients).toHaveLength(3);
    expect(await refusal(m2m.listOrganizationClients(acme, { pageToken: first.nextPageToken }))).toMatchObject({
      ...badRequest,
      errorCode: 'INVALID_PAGE_TOKEN',
    });
    expect(await refusal(m2m.listOrganizationClients(acme, { pageSize: 101 }))).toMatchObject({ ...badRequest, fields: ['page_size'] });
  });
});

describe('secrets', () => {
  test('a second one is shown once and listed after the first; both get tokens until the first is deleted', async () => {
    const { clientId, plainSecret: old } = await make();
    const { secret, plainSecret } = await m2m.addOrganizationClientSecret(acme, clientId);
    expect([there(secret).id, plainSecret]).toEqual([expect.stringMatching(/./), expect.stringMatching(/^.{30,}$/)]);
    const { secrets } = await get(clientId);
    expect([secrets.length, secrets[1]?.id]).toEqual([2, there(secret).id]);
    for (const each of [old, plainSecret]) expect(await scalekit.generateClientToken(clientId, each)).toMatch(/^ey/);
    await m2m.removeOrganizationClientSecret(acme, clientId, there(secrets[0]).id);
    expect((await get(clientId)).secrets).toMatchObject([{ id: there(secret).id }]);
    expect(await scalekit.generateClientToken(clientId, plainSecret)).toMatch(/^ey/);
    expect(await refusal(scalekit.generateClientToken(clientId, old))).toMatchObject({ exception: 'ScalekitUnauthorizedException' });
  });

  test('the last one cannot be deleted, in the words that clients compare; a third cannot be made', async () => {
    const { clientId, secrets } = await make();
    expect(await refusal(m2m.removeOrganizationClientSecret(acme, clientId, there(secrets[0]).id))).toMatchObject({
      ...badRequest,
      errorCode: 'LAST_CLIENT_SECRET',
      message: '[failed_precondition] last client cannot be deleted',
    });
    await m2m.addOrganizationClientSecret(acme, clientId);
    expect(await refusal(m2m.addOrganizationClientSecret(acme, clientId))).toMatchObject({
      ...badRequest,
      errorCode: 'TOO_MANY_CLIENT_SECRETS',
    });
    expect(await refusal(m2m.removeOrganizationClientSecret(acme, clientId, 'sks_1'))).toMatchObject({
      ...clientNotFound,
      errorCode: 'CLIENT_SECRET_NOT_FOUND',
    });
    expect(await refusal(m2m.removeOrganizationClientSecret(acme, clientId, 'secret'))).toMatchObject({ errorCode: 'INVALID_ID' });
  });
});

describe('tokens of a client', () => {
  async function grant(form: Record<string, string>) {
    const response = await fetch(`${server.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
    });
    const body: { access_token: string; token_type: string; expires_in: number; scope: string; error: string } = await response.json();
    return { status: response.status, ...body };
  }

  test('are RS256 under a key of /keys, and say the client, its audience, its scopes, its claims and the workspace', async () => {
    const { clientId, plainSecret } = await make({ ...sent, customClaims: { tier: 'gold' } });
    const { access_token: token, ...answer } = await grant({ client_id: clientId, client_secret: plainSecret, scope: 'write read' });
    expect(answer).toMatchObject({ status: 200, token_type: 'Bearer', expires_in: 3600 });
    const { keys }: { keys: { kid: string }[] } = await (await fetch(`${server.url}/keys`)).json();
    expect(keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(token).kid);
    expect(decodeProtectedHeader(token).alg).toBe('RS256');
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      client_id: clientId,
      sub: clientId,
      iss: 'http://crosswalk.test',
      oid: acme,
      custom_claims: { tier: 'gold', wksp_id: expect.stringMatching(/^env_/) },
    });
    expect(claims.aud).toEqual(expect.arrayContaining(sent.audience));
    expect(claims.scopes).toEqual(expect.arrayContaining(['write', 'read']));
    expect(there(claims.exp) - there(claims.iat)).toBe(3600);
  });

  test('narrow their scopes on demand, and no further than the client has them', async () => {
    const { clientId: client_id, plainSecret: client_secret } = await make(sent);
    const narrow = await grant({ client_id, client_secret, scope: 'read' });
    expect(decodeJwt(narrow.access_token).scopes).toEqual(['read']);
    expect(await grant({ client_id, client_secret, scope: 'read admin' })).toMatchObject({ status: 400, error: 'invalid_scope' });
  });

  test('come from generateClientToken, and are checked by validateAccessToken: signature, issuer, audience, scopes', async () => {
    const { clientId, plainSecret } = await make(sent);
    const token = await scalekit.generateClientToken(clientId, plainSecret);
    const check = (options?: Parameters<typeof scalekit.validateAccessToken>[1]) => scalekit.validateAccessToken(token, options);
    expect(await check()).toBe(true);
    expect(await check({ issuer: 'http://crosswalk.test', audience: ['deploy'], requiredScopes: ['read', 'write'] })).toBe(true);
    for (const options of [{ issuer: 'http://other.test' }, { audience: ['other'] }, { requiredScopes: ['admin'] }])
      expect(await check(options)).toBe(false);
    expect(await scalekit.validateAccessToken(`${token.slice(0, -8)}AAAAAAAA`)).toBe(false);
    expect(await scalekit.validateToken(token)).toMatchObject({ client_id: clientId });
    expect(await refusal(scalekit.validateToken('a.b.c'))).toMatchObject({ exception: 'ScalekitValidateTokenFailureException' });
  });

  test('do not open this API, whatever they say', async () => {
    const { clientId, plainSecret } = await make({ ...sent, audience: ['http://crosswalk.test'] });
    const token = await scalekit.generateClientToken(clientId, plainSecret);
    const call = messagesOf(OrganizationService, server, token).listOrganization({});
    expect(await refusal(call)).toMatchObject({ code: 'PermissionDenied', errorCode: 'PERMISSION_DENIED' });
  });

  test('are not given for a wrong secret or to nobody', async () => {
    const { clientId } = await make();
    for (const id of [clientId, 'm2morg_1', 'nobody'])
      expect(await refusal(scalekit.generateClientToken(id, 'wrong'))).toMatchObject({
        exception: 'ScalekitUnauthorizedException',
        errorCode: 'Unauthorized',
      });
  });

  test('of the environment come from getClientAccessToken', async () => {
    const token = await scalekit.getClientAccessToken();
    expect(await scalekit.validateAccessToken(token, { audience: ['http://crosswalk.test'], requiredScopes: ['read', 'write'] })).toBe(
      true,
    );
    expect(decodeJwt(token).client_id).toBe(server.client.clientId);
  });
});

test.each(['listClient', 'getClient', 'listResources', 'registerClient', 'listScopes'] as const)(
  '%s is not offered, and the error says why',
  async (method) => {
    expect(await refusal(messages()[method]({}))).toMatchObject({
      code: 'Unimplemented',
      errorCode: 'NOT_OFFERED',
      message: expect.stringMatching(/is not offered: .{20,}/),
    });
  },
);
