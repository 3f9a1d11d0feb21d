import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ScalekitClient } from '@scalekit-sdk/node';
import { ApiTokenService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/tokens/tokens_pb.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { messagesOf, refusal, scalekitOf, there } from './testing.ts';

const server = useTestServer();
let scalekit: ScalekitClient;
let tokens: ScalekitClient['token'];
let acme = '';
let ada = '';
beforeAll(async () => {
  scalekit = scalekitOf(server, server.client);
  tokens = scalekit.token;
  acme = await newOrganization('ACME');
  const person = { email: 'ada@example.com', externalId: 'E-ADA', sendInvitationEmail: false };
  ada = there((await scalekit.user.createUserAndMembership(acme, person)).user).id;
});
const messages = () => messagesOf(ApiTokenService, server, server.client.token);

async function newOrganization(externalId?: string) {
  return there((await scalekit.organization.createOrganization('Acme', externalId === undefined ? {} : { externalId })).organization).id;
}
async function make(options: Parameters<typeof tokens.createToken>[1] = {}, organizationId = acme) {
  const { token, tokenId, tokenInfo } = await tokens.createToken(organizationId, options);
  return { token, tokenId, info: there(tokenInfo) };
}
const validate = async (token: string) => there((await tokens.validateToken(token)).tokenInfo);
/** How a token that is not valid is refused: the client makes an exception of its own of it. */
const notValid = { exception: 'ScalekitValidateTokenFailureException' };
const badRequest = { exception: 'ScalekitBadRequestException', code: 'InvalidArgument' };
const tokenNotFound = { code: 'NotFound', errorCode: 'API_TOKEN_NOT_FOUND' };

describe('create', () => {
  test('a token of the organization has an ID, the token itself this once, and what was sent', async () => {
    const expiry = timestampFromDate(new Date('2100-01-01T00:00:00Z'));
    const { token, tokenId, info } = await make({ customClaims: { team: 'a', env: 'prod' }, description: 'Nightly.', expiry });
    expect([tokenId, token]).toEqual([expect.stringMatching(/^apit_[0-9]+$/), expect.stringMatching(/^.{20,}$/)]);
    expect(info).toMatchObject({
      tokenId,
      organizationId: acme,
      organizationExternalId: 'ACME',
      customClaims: { team: 'a', env: 'prod' },
      description: 'Nightly.',
      tokenSuffix: token.slice(-4),
      roles: [],
      expiry,
    });
    expect([info.userId, info.userExternalId, info.email]).toEqual([undefined, undefined, undefined]);
    expect(timestampDate(there(info.createdAt)).getTime()).toBeGreaterThan(Date.UTC(2024));
    expect(await validate(token)).toEqual(info);
  });

  test('a token of an active member says who it is and which roles they have', async () => {
    const { info } = await make({ userId: ada });
    expect(info).toMatchObject({ userId: ada, userExternalId: 'E-ADA', email: 'ada@example.com', roles: ['member'], customClaims: {} });
    expect([info.description, info.expiry]).toEqual([undefined, undefined]);
  });

  test.each<[string, () => Promise<unknown>, object]>([
    [
      'an organization that is not there',
      () => make({}, 'org_1'),
      { exception: 'ScalekitNotFoundException', errorCode: 'ORGANIZATION_NOT_FOUND' },
    ],
    ['an organization by what is no ID', () => make({}, 'acme'), { ...badRequest, fields: ['organization_id'] }],
    [
      'a user who is no member',
      () => make({ userId: 'usr_1' }),
      { exception: 'ScalekitNotFoundException', errorCode: 'MEMBERSHIP_NOT_FOUND' },
    ],
    [
      'a claim that was an object',
      () => make({ customClaims: { team: '[object Object]' } }),
      { ...badRequest, fields: ['custom_claims.team'] },
    ],
    ...['__proto__', 'constructor', 'prototype'].map((key): [string, () => Promise<unknown>, object] => [
      `a claim with the key ${key}`,
      () => make({ customClaims: Object.fromEntries([[key, 'x']]) }),
      { ...badRequest, fields: [`custom_claims.${key}`] },
    ]),
    ['a claim without a value', () => make({ customClaims: { team: '' } }), { ...badRequest, fields: ['custom_claims.team'] }],
    [
      'a claim with a key of 31 characters',
      () => make({ customClaims: { ['k'.repeat(31)]: 'x' } }),
      { ...badRequest, fields: ['custom_claims'] },
    ],
    ['a description of 256 characters', () => make({ description: 'x'.repeat(256) }), { ...badRequest, fields: ['description'] }],
    [
      'an end that is past',
      () => make({ expiry: timestampFromDate(new Date('2020-01-01T00:00:00Z')) }),
      { ...badRequest, fields: ['expiry'] },
    ],
    [
      'an end that is no time',
      () => messages().createToken({ token: { organizationId: acme, expiry: { seconds: 2n ** 62n } } }),
      { code: 'InvalidArgument', fields: ['expiry'] },
    ],
    ...[
      { seconds: 4_000_000_000n, nanos: -1 },
      { seconds: 4_000_000_000n, nanos: 1_000_000_000 },
      { seconds: 253_402_300_800n },
      { seconds: -62_135_596_801n },
    ].map((expiry): [string, () => Promise<unknown>, object] => [
      `an end that no timestamp may be: ${expiry.seconds} s and ${expiry.nanos ?? 0} ns`,
      () => messages().createToken({ token: { organizationId: acme, expiry } }),
      { code: 'InvalidArgument', fields: ['expiry'], message: expect.stringMatching(/must (?:be of the years|have 0 to)/) },
    ]),
    ['no token', () => messages().createToken({}), { code: 'InvalidArgument', fields: ['token'] }],
  ])('%s is refused', async (_name, call, refused) => {
    expect(await refusal(call())).toMatchObject(refused);
  });

  test('a member who has not accepted yet gets none', async () => {
    const { user } = await scalekit.user.createUserAndMembership(acme, { email: 'invited@example.com', sendInvitationEmail: true });
    expect(await refusal(make({ userId: there(user).id }))).toMatchObject({
      exception: 'ScalekitBadRequestException',
      errorCode: 'MEMBERSHIP_NOT_ACTIVE',
      fields: ['user_id'],
    });
  });
});

describe('validate', () => {
  test('a token is known by itself and by its ID', async () => {
    const { token, tokenId } = await make();
    expect(await validate(token)).toMatchObject({ tokenId, organizationId: acme });
    expect(await validate(tokenId)).toMatchObject({ tokenId, organizationId: acme });
  });

  test.each([
    ['a text that is no token', 'nothing'],
    ['a token that nobody has', `cwt_${'A'.repeat(43)}`],
    ['an ID that nobody has', 'apit_1'],
    ['NUL', 'a\0'],
  ])('%s is not found: never unauthenticated, which would make clients ask for tokens again and again', async (_name, token) => {
    expect(await refusal(tokens.validateToken(token))).toMatchObject(notValid);
    expect(await refusal(messages().validateToken({ token }))).toMatchObject(tokenNotFound);
  });

  test('a token of another environment is as absent as none', async () => {
    const { token, tokenId } = await make();
    const other = scalekitOf(server, await server.addEnvironment('other tokens')).token;
    for (const each of [token, tokenId]) expect(await refusal(other.validateToken(each))).toMatchObject(notValid);
  });

  test('an empty text does not leave the client, and is refused by the server', async () => {
    await expect(tokens.validateToken('')).rejects.toThrow('token is required');
    expect(await refusal(messages().validateToken({}))).toMatchObject({ code: 'InvalidArgument', fields: ['token'] });
  });
});

describe('invalidate', () => {
  test('a token that was invalidated is not valid any more; a second time, or of no token at all, is no error', async () => {
    for (const by of ['token', 'tokenId'] as const) {
      const made = await make();
      await tokens.invalidateToken(made[by]);
      await tokens.invalidateToken(made[by]);
      for (const each of [made.token, made.tokenId]) {
        expect(await refusal(tokens.validateToken(each))).toMatchObject(notValid);
        expect(await refusal(messages().validateToken({ token: each }))).toMatchObject(tokenNotFound);
      }
    }
    await tokens.invalidateToken('nothing');
  });

  test('a token of a member ends with the membership', async () => {
    const { user } = await scalekit.user.createUserAndMembership(acme, { email: 'leaving@example.com', sendInvitationEmail: false });
    const { token } = await make({ userId: there(user).id });
    await scalekit.user.deleteMembership(acme, there(user).id);
    expect(await refusal(tokens.validateToken(token))).toMatchObject(notValid);
  });
});

describe('update', () => {
  test('by ID the description changes, claims that are sent replace all that are there, and empty ones change nothing', async () => {
    const { token, tokenId } = await make({ customClaims: { team: 'a', env: 'prod' }, description: 'Before.' });
    const update = async (options: Parameters<typeof tokens.updateToken>[1]) =>
      there((await tokens.updateToken(tokenId, options)).tokenInfo);
    expect(await update({ description: 'After.' })).toMatchObject({ description: 'After.', customClaims: { team: 'a', env: 'prod' } });
    const replaced = await update({ customClaims: { team: 'b' } });
    expect([replaced.description, replaced.customClaims]).toEqual(['After.', { team: 'b' }]);
    expect((await update({ customClaims: {} })).customClaims).toEqual({ team: 'b' });
    expect((await update({})).customClaims).toEqual({ team: 'b' });
    expect((await update({ description: '' })).description).toBeUndefined();
    expect((await validate(token)).customClaims).toEqual({ team: 'b' });
    expect((await tokens.updateToken(token, { description: 'By itself.' })).tokenInfo?.description).toBe('By itself.');
  });

  test('what is not allowed is refused and changes nothing; what is not there is not found', async () => {
    const { tokenId } = await make({ customClaims: { team: 'a' } });
    expect(await refusal(tokens.updateToken(tokenId, { customClaims: { team: '' } }))).toMatchObject(badRequest);
    expect(await refusal(tokens.updateToken(tokenId, { description: 'x'.repeat(256) }))).toMatchObject(badRequest);
    expect((await validate(tokenId)).customClaims).toEqual({ team: 'a' });
    for (const token of ['apit_1', 'nothing'])
      expect(await refusal(tokens.updateToken(token, {}))).toMatchObject({ exception: 'ScalekitNotFoundException', ...tokenNotFound });
  });
});

describe('list', () => {
  test('newest first, page by page, each once, and counted; of a user only theirs', async () => {
    const organizationId = await newOrganization();
    const { user } = await scalekit.user.createUserAndMembership(organizationId, {
      email: 'lists@example.com',
      sendInvitationEmail: false,
    });
    const userId = there(user).id;
    const made: string[] = [];
    for (let index = 0; index < 12; index += 1) made.unshift((await make(index % 3 === 0 ? { userId } : {}, organizationId)).tokenId);
    const page = await tokens.listTokens(organizationId, { pageSize: 10 });
    expect([page.totalCount, page.tokens.map(({ tokenId }) => tokenId)]).toEqual([12, made.slice(0, 10)]);
    expect((await tokens.listTokens(organizationId)).tokens).toHaveLength(10);
    const walked: string[] = [];
    for (let token: string | undefined; token !== ''; ) {
      const next = await tokens.listTokens(organizationId, { pageSize: 5, ...(token === undefined ? {} : { pageToken: token }) });
      walked.push(...next.tokens.map(({ tokenId }) => tokenId));
      token = next.nextPageToken;
    }
    expect(walked).toEqual(made);
    const theirs = await tokens.listTokens(organizationId, { userId, pageSize: 1 });
    expect([theirs.totalCount, theirs.tokens.length, theirs.tokens[0]?.userId]).toEqual([4, 1, userId]);
    expect(await refusal(tokens.listTokens(organizationId, { pageToken: theirs.nextPageToken }))).toMatchObject({
      ...badRequest,
      errorCode: 'INVALID_PAGE_TOKEN',
    });
    expect(await refusal(tokens.listTokens(acme, { pageToken: page.nextPageToken }))).toMatchObject({ errorCode: 'INVALID_PAGE_TOKEN' });
  });

  test('an organization without tokens has an empty list', async () => {
    expect(await tokens.listTokens(await newOrganization())).toMatchObject({ tokens: [], totalCount: 0, nextPageToken: '' });
  });

  test.each<[string, () => Promise<unknown>, object]>([
    [
      'an organization that is not there',
      () => tokens.listTokens('org_1'),
      { exception: 'ScalekitNotFoundException', errorCode: 'ORGANIZATION_NOT_FOUND' },
    ],
    ['an organization by what is no ID', () => tokens.listTokens('acme'), { ...badRequest, fields: ['organization_id'] }],
    ['a user by what is no ID', () => tokens.listTokens(acme, { userId: 'ada' }), { ...badRequest, fields: ['user_id'] }],
    ['a size below 0', () => tokens.listTokens(acme, { pageSize: -1 }), { ...badRequest, fields: ['page_size'] }],
    ['a size over 100', () => tokens.listTokens(acme, { pageSize: 101 }), { ...badRequest, fields: ['page_size'] }],
  ])('%s is refused', async (_name, call, refused) => {
    expect(await refusal(call())).toMatchObject(refused);
  });
});

test('a token cannot be fetched again, and the error says why', async () => {
  expect(await refusal(messages().fetchToken({ tokenId: 'apit_1' }))).toMatchObject({
    code: 'Unimplemented',
    errorCode: 'NOT_OFFERED',
    message: expect.stringContaining('only a hash of each token is kept'),
  });
});
