import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { environmentIdOf, makeFirstOperator } from '../operators/testing.ts';
import { type TestClient, useTestServer } from '../testing.ts';
import { publishedMethods } from './catalogue.ts';
import { messagesOf, type Refusal, refusal, scalekitOf, there, untyped } from './testing.ts';

const server = useTestServer();
let reader: TestClient;
beforeAll(async () => {
  const { body } = await server.client.request('POST', '/api/v1/clients', { name: 'Reads', scopes: ['read'] });
  const { client, plain_secret: clientSecret } = Object(body);
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.id, client_secret: clientSecret });
  const answer = await fetch(`${server.url}/oauth/token`, { method: 'POST', body: form });
  const { access_token: token }: { access_token: string } = await answer.json();
  reader = { ...server.client, clientId: client.id, clientSecret, token };
});

/** How each published method is refused an empty message, by path; undefined for one that takes it. */
async function answers(offered: boolean, token: string | undefined): Promise<Map<string, Refusal | undefined>> {
  const wanted = [...publishedMethods.values()].filter(({ path }) => server.scalekit.methods.has(path) === offered);
  const all = wanted.map(async ({ service, method, path }): Promise<[string, Refusal | undefined]> => {
    const call: Promise<unknown> = untyped(messagesOf(service, server, token))[method.localName]({});
    const isTaken = await call.then(
      () => true,
      () => false,
    );
    return [path, isTaken ? undefined : await refusal(call)];
  });
  return new Map(await Promise.all(all));
}

describe('every offered method', () => {
  test('wants a token that is valid, before it looks at the message', async () => {
    for (const [token, message] of [
      [undefined, '[unauthenticated] Token empty: send Authorization: Bearer <token>'],
      ['x.y.z', '[unauthenticated] the access token is not valid or has expired'],
    ] as const) {
      const refused = await answers(true, token);
      expect(refused.size).toBe(server.scalekit.methods.size);
      for (const [path, answer] of refused)
        expect([path, answer]).toMatchObject([path, { code: 'Unauthenticated', errorCode: 'UNAUTHENTICATED', message }]);
    }
  });

  test('that writes wants the scope for it; one that reads does not; no empty message is a failure of the server', async () => {
    for (const [path, answer] of await answers(true, reader.token)) {
      const writes = server.scalekit.methods.get(path)?.scope === 'write';
      expect([path, answer?.errorCode === 'PERMISSION_DENIED']).toEqual([path, writes]);
      if (!writes) expect(['InvalidArgument', 'NotFound', undefined], path).toContain(answer?.code);
    }
  });

  test('takes an empty message, or says what it lacks', async () => {
    for (const [path, answer] of await answers(true, server.client.token)) {
      expect(['InvalidArgument', 'NotFound', undefined], path).toContain(answer?.code);
    }
  });
});

test('every method that is published and not offered says so, with a reason, to anyone', async () => {
  const refused = await answers(false, undefined);
  expect(refused.size).toBe(publishedMethods.size - server.scalekit.methods.size);
  for (const [path, answer] of refused) {
    const message = expect.stringMatching(/^\[unimplemented\] scalekit\.v1\.\S+ is not offered: .{10,}/);
    expect([path, answer]).toMatchObject([path, { code: 'Unimplemented', errorCode: 'NOT_OFFERED', message }]);
  }
});

describe("Scalekit's client", () => {
  test('gets its token by itself, and another one when the server takes it no more', async () => {
    const scalekit = scalekitOf(server, server.client);
    expect((await scalekit.organization.listOrganization()).organizations).toEqual([]);
    untyped(scalekit).coreClient.accessToken = 'stale.stale.stale';
    expect((await scalekit.organization.listOrganization()).organizations).toEqual([]);
  });

  test('takes the address of the server with a slash at its end', async () => {
    const scalekit = scalekitOf({ url: `${server.url}/` }, server.client);
    expect((await scalekit.organization.listOrganization()).organizations).toEqual([]);
  });

  test('is told that it lacks a scope', async () => {
    expect(await refusal(scalekitOf(server, reader).organization.createOrganization('X'))).toMatchObject({
      exception: 'ScalekitForbiddenException',
      errorCode: 'PERMISSION_DENIED',
      message: expect.stringContaining('"write"'),
    });
  });

  test('with a wrong secret fails at the token, with the answer of the token endpoint', async () => {
    const scalekit = scalekitOf(server, { ...server.client, clientSecret: 'wrong' });
    await expect(scalekit.organization.listOrganization()).rejects.toMatchObject({
      response: { status: 401, data: { error: 'invalid_client' } },
    });
    expect(await refusal(scalekit.getClientAccessToken())).toMatchObject({ exception: 'ScalekitUnauthorizedException' });
  });

  test("with the credentials of an organization's client is told at once that such clients may not call this API", async () => {
    const scalekit = scalekitOf(server, server.client);
    const { organization } = await scalekit.organization.createOrganization('Acme');
    const { client, plainSecret } = await scalekit.m2m.createOrganizationClient(there(organization).id);
    const credentials = { ...server.client, clientId: there(client).clientId, clientSecret: plainSecret };
    expect(await refusal(scalekitOf(server, credentials).organization.getOrganization(there(organization).id))).toMatchObject({
      exception: 'ScalekitForbiddenException',
      code: 'PermissionDenied',
      errorCode: 'PERMISSION_DENIED',
      message: expect.stringContaining('may not call this API'),
    });
    await scalekit.organization.deleteOrganization(there(organization).id);
  });

  test('whose credentials were revoked is let in no more', async () => {
    const { body } = await server.client.request('POST', '/api/v1/clients', { name: 'Revoked' });
    const { client, plain_secret: clientSecret } = Object(body);
    const scalekit = scalekitOf(server, { ...server.client, clientId: client.id, clientSecret });
    await scalekit.organization.listOrganization();
    await server.client.request('DELETE', `/api/v1/clients/${client.id}`);
    expect(await refusal(scalekit.generateClientToken(client.id, clientSecret))).toMatchObject({
      exception: 'ScalekitUnauthorizedException',
    });
  });
});

test('a scheme that is not Bearer is no token', async () => {
  const call = messagesOf(OrganizationService, server, undefined).listOrganization({}, { headers: { authorization: 'Basic eDp5' } });
  expect(await refusal(call)).toMatchObject({ code: 'Unauthenticated' });
});

test('a session of the dashboard opens nothing here', async () => {
  const { cookie } = await makeFirstOperator(server);
  const headers = { cookie: there(cookie), 'x-crosswalk-environment': environmentIdOf(server.client) };
  expect((await fetch(`${server.url}/api/v1/organizations`, { headers })).status).toBe(200);
  expect(await refusal(messagesOf(OrganizationService, server, undefined).listOrganization({}, { headers }))).toMatchObject({
    code: 'Unauthenticated',
    message: '[unauthenticated] Token empty: send Authorization: Bearer <token>',
  });
});
