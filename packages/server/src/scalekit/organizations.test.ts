import { create } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type ScalekitClient, ScalekitConflictException } from '@scalekit-sdk/node';
import { RegionCode } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import {
  OrganizationService,
  UpdateOrganizationSchema,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { messagesOf, refusal, scalekitOf, there, untyped } from './testing.ts';

const server = useTestServer();
let organizations: ScalekitClient['organization'];
beforeAll(() => {
  organizations = scalekitOf(server, server.client).organization;
});
const messages = () => messagesOf(OrganizationService, server, server.client.token);

async function make(name: string, options: Parameters<typeof organizations.createOrganization>[1] = {}) {
  return there((await organizations.createOrganization(name, options)).organization);
}
async function get(id: string) {
  return there((await organizations.getOrganization(id)).organization);
}
/** Writes typed metadata, as REST and the SDK can. */
const setMetadata = (id: string, metadata: object) => server.client.request('PUT', `/api/v1/organizations/${id}/metadata`, metadata);
const storedMetadata = async (id: string) =>
  Object((await server.client.request('GET', `/api/v1/organizations/${id}`)).body).organization.metadata;

describe('create', () => {
  test('a new organization has what was sent, times and a numeric ID, and is found by its ID and by its external ID at once', async () => {
    const made = await make('Acme', { externalId: 'ACME-1' });
    expect(made).toMatchObject({
      id: expect.stringMatching(/^org_[0-9]{15,21}$/),
      displayName: 'Acme',
      externalId: 'ACME-1',
      metadata: {},
      regionCode: RegionCode.US,
    });
    expect(timestampDate(there(made.createTime)).getTime()).toBeGreaterThan(Date.UTC(2024));
    expect(made.updateTime).toEqual(made.createTime);
    expect(await get(made.id)).toEqual(made);
    expect((await organizations.getOrganizationByExternalId('ACME-1')).organization).toEqual(made);
  });

  test('what was not sent is not there, rather than empty', async () => {
    const { externalId, slug, logoUrl } = await make('Bare');
    expect([externalId, slug, logoUrl]).toEqual([undefined, undefined, undefined]);
  });

  test('slug (with dots) and logo are kept as they are and read back; nobody fetches the logo', async () => {
    const sent = { slug: 'auth.megasoft.com', logoUrl: 'https://logo.debounce.com/microsoft.com' };
    const made = await make('Megasoft', sent);
    expect(made).toMatchObject(sent);
    expect(await get(made.id)).toMatchObject(sent);
  });

  test('metadata and region can be given by clients that have them', async () => {
    const { organization } = await messages().createOrganization({
      organization: { displayName: 'Whole', metadata: { tier: 'gold' }, regionCode: RegionCode.EU },
    });
    expect(organization).toMatchObject({ metadata: { tier: 'gold' }, regionCode: RegionCode.EU });
  });

  test('an external ID that plain JavaScript gives as a number is its digits; null, undefined and an empty one are none', async () => {
    expect((await make('Number', untyped({ externalId: 12345 }))).externalId).toBe('12345');
    for (const externalId of [null, undefined, '']) expect((await make('None', untyped({ externalId }))).externalId).toBeUndefined();
  });

  test.each<[string, string, object, string, string]>([
    ['no name', '', {}, 'INVALID_ARGUMENT', 'display_name'],
    ['a blank name', ' ', {}, 'INVALID_ARGUMENT', 'display_name'],
    ['a name of 201 characters', 'x'.repeat(201), {}, 'INVALID_ARGUMENT', 'display_name'],
    ['an external ID with white space at its end', 'X', { externalId: 'a ' }, 'INVALID_EXTERNAL_ID', 'external_id'],
    ['an external ID of 256 characters', 'X', { externalId: 'x'.repeat(256) }, 'INVALID_ARGUMENT', 'external_id'],
    ['a slug that is none', 'X', { slug: 'Not A Slug' }, 'INVALID_ARGUMENT', 'slug'],
    ['a logo without https', 'X', { logoUrl: 'http://acme.example/logo.png' }, 'INVALID_ARGUMENT', 'logo_url'],
  ])('%s is a bad request that names the field', async (_name, name, options, errorCode, field) => {
    expect(await refusal(organizations.createOrganization(name, options))).toMatchObject({
      exception: 'ScalekitBadRequestException',
      errorCode,
      fields: [field],
      message: expect.stringContaining(field),
    });
  });

  test('a region that there is not is refused', async () => {
    const organization = { displayName: 'X', regionCode: 99 };
    expect(await refusal(messages().createOrganization({ organization }))).toMatchObject({
      code: 'InvalidArgument',
      fields: ['region_code'],
    });
    expect(await refusal(messages().createOrganization({}))).toMatchObject({ code: 'InvalidArgument', fields: ['organization'] });
  });

  test('an external ID or slug of another organization is a conflict, whose message says so and names the holder', async () => {
    const holder = await make('Holder', { externalId: 'HELD', slug: 'held' });
    const taken = organizations.createOrganization('Second', { externalId: 'HELD' });
    expect(await refusal(taken)).toMatchObject({ exception: 'ScalekitConflictException', errorCode: 'EXTERNAL_ID_TAKEN' });
    await expect(taken).rejects.toBeInstanceOf(ScalekitConflictException);
    await expect(taken).rejects.toMatchObject({
      httpStatus: 409,
      message: expect.stringMatching(/^\[already_exists\] external_id: .*external ID/),
      unpackedDetails: [{ resourceInfo: { resourceName: holder.id } }],
    });
    expect(await refusal(organizations.createOrganization('Second', { slug: 'held' }))).toMatchObject({
      exception: 'ScalekitConflictException',
      errorCode: 'SLUG_TAKEN',
      fields: ['slug'],
      message: expect.stringContaining(holder.id),
    });
  });
});

describe('get', () => {
  test.each([
    ['an ID that nobody has', () => organizations.getOrganization('org_1'), 'ScalekitNotFoundException', 'ORGANIZATION_NOT_FOUND'],
    [
      'an external ID that nobody has',
      () => organizations.getOrganizationByExternalId('never'),
      'ScalekitNotFoundException',
      'ORGANIZATION_NOT_FOUND',
    ],
    ['a text that is no ID', () => organizations.getOrganization('acme'), 'ScalekitBadRequestException', 'INVALID_ID'],
    ['the ID of a user', () => organizations.getOrganization('usr_1'), 'ScalekitBadRequestException', 'INVALID_ID'],
    ['no ID', () => organizations.getOrganization(''), 'ScalekitBadRequestException', 'INVALID_ID'],
    ['an empty external ID', () => organizations.getOrganizationByExternalId(''), 'ScalekitBadRequestException', 'INVALID_EXTERNAL_ID'],
  ])('%s', async (_name, call, exception, errorCode) => {
    expect(await refusal(call())).toMatchObject({ exception, errorCode });
  });

  test('neither ID nor external ID is a bad request that names both', async () => {
    expect(await refusal(messages().getOrganization({}))).toMatchObject({ code: 'InvalidArgument', fields: ['id'] });
  });

  test('the method of its own for external IDs, which no client calls, finds the same', async () => {
    const { id } = await make('Separate', { externalId: 'SEPARATE' });
    const byKey = await messages().getOrganizationByExternalId({ identities: { case: 'externalId', value: 'SEPARATE' } });
    expect(byKey.organization?.id).toBe(id);
  });

  test('an organization of another environment is as absent as one that never was', async () => {
    const { id } = await make('Mine', { externalId: 'MINE' });
    const other = scalekitOf(server, await server.addEnvironment('other organizations')).organization;
    for (const call of [
      () => other.getOrganization(id),
      () => other.getOrganizationByExternalId('MINE'),
      () => other.deleteOrganization(id),
    ])
      expect(await refusal(call())).toMatchObject({ errorCode: 'ORGANIZATION_NOT_FOUND' });
    expect((await other.listOrganization({ pageSize: 10 })).organizations).toEqual([]);
  });
});

describe('update', () => {
  test('by external ID the name changes and stays changed; the rest stays', async () => {
    const { id } = await make('Before', { externalId: 'RENAME', slug: 'rename' });
    const { organization } = await organizations.updateOrganizationByExternalId('RENAME', { displayName: 'After' });
    expect(organization).toMatchObject({ id, displayName: 'After', externalId: 'RENAME', slug: 'rename' });
    expect(await get(id)).toMatchObject({ displayName: 'After', slug: 'rename' });
  });

  test('by ID logo, slug and metadata are set; the metadata of the answer is exactly what was sent', async () => {
    const { id } = await make('Branded');
    const change = { logoUrl: 'https://acme.example/l.png', slug: 'branded', metadata: { industry: 'tech', size: '100' } };
    const { organization } = await organizations.updateOrganization(id, change);
    expect(organization).toMatchObject(change);
    expect(there(organization).metadata).toEqual(change.metadata);
    expect(await get(id)).toEqual(organization);
  });

  test('an optional text that is there but empty clears; a name cannot be cleared', async () => {
    const { id } = await make('Cleared', { externalId: 'CLEARED', slug: 'cleared', logoUrl: 'https://acme.example/l.png' });
    const { organization } = await organizations.updateOrganization(id, { externalId: '', slug: '', logoUrl: '' });
    expect(organization).toMatchObject({ displayName: 'Cleared' });
    expect([organization?.externalId, organization?.slug, organization?.logoUrl]).toEqual([undefined, undefined, undefined]);
    expect(await refusal(organizations.getOrganizationByExternalId('CLEARED'))).toMatchObject({ exception: 'ScalekitNotFoundException' });
    expect(await refusal(organizations.updateOrganization(id, { displayName: '' }))).toMatchObject({ fields: ['display_name'] });
  });

  test('an update that names nothing, or a field by a name that clients do not have, changes nothing', async () => {
    const made = await make('Untouched', { externalId: 'UNTOUCHED' });
    for (const change of [{}, { metadata: {} }, untyped({ external_id: 'LOST' })])
      expect((await organizations.updateOrganization(made.id, change)).organization).toEqual(made);
  });

  test('the external ID before a change still finds the organization', async () => {
    const { id } = await make('Moved', { externalId: 'OLD' });
    await organizations.updateOrganization(id, { externalId: 'NEW' });
    const found = await Promise.all(['OLD', 'NEW'].map((value) => organizations.getOrganizationByExternalId(value)));
    expect(found.map(({ organization }) => organization?.id)).toEqual([id, id]);
  });

  test('what is another’s is a conflict, and nothing is changed', async () => {
    await make('Owner', { externalId: 'OWNED', slug: 'owned' });
    const made = await make('Wanting');
    expect(await refusal(organizations.updateOrganization(made.id, { displayName: 'New', externalId: 'OWNED' }))).toMatchObject({
      exception: 'ScalekitConflictException',
      errorCode: 'EXTERNAL_ID_TAKEN',
    });
    expect(await refusal(organizations.updateOrganization(made.id, { slug: 'owned' }))).toMatchObject({ errorCode: 'SLUG_TAKEN' });
    expect(await get(made.id)).toEqual(made);
  });

  test.each([
    ['an ID that nobody has', () => organizations.updateOrganization('org_1', { displayName: 'X' }), 'ORGANIZATION_NOT_FOUND'],
    [
      'an external ID that nobody has',
      () => organizations.updateOrganizationByExternalId('never', { displayName: 'X' }),
      'ORGANIZATION_NOT_FOUND',
    ],
    ['a text that is no ID', () => organizations.updateOrganization('acme', { displayName: 'X' }), 'INVALID_ID'],
    ['no update', () => messages().updateOrganization({ identities: { case: 'id', value: 'org_1' } }), 'INVALID_ARGUMENT'],
  ])('%s', async (_name, call, errorCode) => {
    expect(await refusal(call())).toMatchObject({ errorCode });
  });
});

describe('metadata', () => {
  test('a map takes the place of what is there, as the documented way of spreading the old one assumes', async () => {
    const { id } = await make('Replaced');
    await organizations.updateOrganization(id, { metadata: { plan: 'pro', region: 'emea' } });
    const seen = await get(id);
    await organizations.updateOrganization(id, { metadata: { ...seen.metadata, plan: 'enterprise' } });
    expect((await get(id)).metadata).toEqual({ plan: 'enterprise', region: 'emea' });
    await organizations.updateOrganization(id, { metadata: { plan: 'free' } });
    expect((await get(id)).metadata).toEqual({ plan: 'free' });
  });

  test('typed values are read as their JSON, and keep their types when their text comes back unchanged', async () => {
    const { id } = await make('Typed');
    const typed = { seats: 250, active: true, limits: { api: 10 }, tags: ['a', 'b'], none: null, zero: 0, text: '250' };
    await setMetadata(id, typed);
    const { none: _, ...stored } = typed;
    const texts = { seats: '250', active: 'true', limits: '{"api":10}', tags: '["a","b"]', zero: '0', text: '250' };
    const seen = await get(id);
    expect(seen.metadata).toEqual(texts);
    await organizations.updateOrganization(id, { metadata: { ...seen.metadata, plan: 'pro' } });
    expect(await storedMetadata(id)).toEqual({ ...stored, plan: 'pro' });
    await organizations.updateOrganization(id, { metadata: { ...texts, seats: '251' } });
    expect(await storedMetadata(id)).toEqual({ ...stored, seats: '251' });
  });

  test('what plain JavaScript makes texts of is kept as those texts', async () => {
    const { id } = await make('Coerced');
    const metadata = { quota: 150000, active: true, big: 1e21, missing: null, list: ['x', 'y'], digits: 9007199254740993n };
    const { organization } = await organizations.updateOrganization(id, untyped({ metadata }));
    expect(there(organization).metadata).toEqual({
      quota: '150000',
      active: 'true',
      big: '1e+21',
      missing: 'null',
      list: 'x,y',
      digits: '9007199254740993',
    });
  });

  test('an object that the client made "[object Object]" of is refused with the cause, at creation too', async () => {
    const { id } = await make('Lost');
    const cause = {
      errorCode: 'INVALID_METADATA',
      fields: ['metadata.address'],
      message: expect.stringMatching(/your client made a text of an object .*JSON\.stringify/),
    };
    const metadata = { address: { city: 'Oslo' } };
    expect(await refusal(organizations.updateOrganization(id, untyped({ metadata })))).toMatchObject({
      exception: 'ScalekitBadRequestException',
      ...cause,
    });
    const organization = { displayName: 'Lost', metadata: { address: '[object Object]' } };
    expect(await refusal(messages().createOrganization({ organization }))).toMatchObject({ code: 'InvalidArgument', ...cause });
  });

  test('the documented samples work, whose keys are longer and more than upstream takes', async () => {
    const { id } = await make('Documented');
    const metadata = {
      stripe_customer_id: 'cus_Nffrf1gZ0uCj2f',
      subscription_status: 'active',
      subscription_current_period_end: '2026-01-01T00:00:00.000Z',
      plan_type: 'enterprise',
      billing_email: 'billing@acme.example',
      AnnualRevenue: '5000000',
      NumberOfEmployees: '250',
      salesforce_account_id: '001xx000003DGbQ',
      id: '7',
      db: 'eu1',
      trial: '',
      notes: 'x'.repeat(1000),
    };
    const { organization } = await organizations.updateOrganization(id, { metadata });
    expect(there(organization).metadata).toEqual(metadata);
  });

  test('a map over a limit is refused with the limit', async () => {
    const { id } = await make('Limited');
    const metadata = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`key${index}`, 'x']));
    expect(await refusal(organizations.updateOrganization(id, { metadata }))).toMatchObject({
      errorCode: 'INVALID_METADATA',
      message: expect.stringContaining('at most 100 keys'),
    });
  });
});

describe('the mask of an update (AIP-134)', () => {
  const before = { externalId: 'MASKED', slug: 'masked', logoUrl: 'https://acme.example/l.png' };
  const update = { displayName: 'New', externalId: '', slug: 'new', logoUrl: '', metadata: { plan: 'new' } };
  let id = '';
  beforeAll(async () => {
    ({ id } = await make('Masked'));
  });

  test.each<[string[], object]>([
    [['display_name'], { displayName: 'New', ...before, metadata: { plan: 'old' } }],
    [['slug', 'metadata'], { displayName: 'Old', ...before, slug: 'new', metadata: { plan: 'new' } }],
    [['external_id', 'logo_url'], { displayName: 'Old', slug: 'masked', metadata: { plan: 'old' } }],
  ])('%j sets or clears what it names and nothing else', async (paths, after) => {
    await organizations.updateOrganization(id, { displayName: 'Old', ...before, metadata: { plan: 'old' } });
    const identities = { case: 'id' as const, value: id };
    const { organization } = await messages().updateOrganization({ identities, organization: update, updateMask: { paths } });
    const { displayName, externalId, slug, logoUrl, metadata } = there(organization);
    const seen = { displayName, externalId, slug, logoUrl, metadata };
    expect(Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== undefined))).toEqual(after);
  });

  test('it clears what it names and the update does not have: this is how metadata is emptied', async () => {
    await organizations.updateOrganization(id, { displayName: 'Old', ...before, metadata: { plan: 'old' } });
    const { organization } = await messages().updateOrganization({
      identities: { case: 'id', value: id },
      organization: {},
      updateMask: { paths: ['metadata', 'external_id', 'slug', 'logo_url'] },
    });
    expect(organization).toMatchObject({ displayName: 'Old', metadata: {} });
    expect([organization?.externalId, organization?.slug, organization?.logoUrl]).toEqual([undefined, undefined, undefined]);
  });

  test.each<[string, string[]]>([
    ['no path', []],
    ['a path that there is not', ['display_name', 'colour']],
    ['everything', ['*']],
    ['a field that is only read', ['id']],
    ['the settings', ['settings']],
    ['10,000 paths', Array.from({ length: 10_000 }, (_, index) => `p${index}`)],
  ])('a mask of %s is refused (G7)', async (_name, paths) => {
    const call = messages().updateOrganization({ identities: { case: 'id', value: id }, organization: update, updateMask: { paths } });
    expect(await refusal(call)).toMatchObject({ code: 'InvalidArgument', errorCode: 'INVALID_ARGUMENT', fields: ['update_mask'] });
  });

  test('a name that it would clear is refused', async () => {
    const call = messages().updateOrganization({
      identities: { case: 'id', value: id },
      organization: create(UpdateOrganizationSchema, {}),
      updateMask: { paths: ['display_name'] },
    });
    expect(await refusal(call)).toMatchObject({ fields: ['display_name'] });
  });
});

describe('list', () => {
  const ids: string[] = [];
  beforeAll(async () => {
    for (let index = 0; index < 12; index += 1) ids.unshift((await make(`Listed ${index}`)).id);
  });

  test('newest first: the first of a page is the one made a moment ago', async () => {
    const { organizations: page, totalSize, nextPageToken, prevPageToken } = await organizations.listOrganization({ pageSize: 10 });
    expect(page.map(({ id }) => id)).toEqual(ids.slice(0, 10));
    expect([totalSize > 10, nextPageToken === '', prevPageToken]).toEqual([true, false, '']);
    for (const { id, displayName } of page) expect([id, displayName]).toEqual([expect.stringMatching(/^org_/), expect.stringMatching(/./)]);
  });

  test('no options, sizes of 0, 1, 5 and 100 are fine', async () => {
    expect((await organizations.listOrganization()).organizations[0]?.id).toBe(ids[0]);
    expect((await organizations.listOrganization({ pageSize: 0 })).organizations.length).toBeGreaterThanOrEqual(12);
    for (const pageSize of [1, 5]) expect((await organizations.listOrganization({ pageSize })).organizations).toHaveLength(pageSize);
    expect((await organizations.listOrganization({ pageSize: 100 })).organizations.length).toBeLessThanOrEqual(100);
  });

  test('page by page everything is there once; the token of the page before leads back', async () => {
    const walked: string[] = [];
    let [pageToken, back] = ['', ''];
    do {
      const page = await organizations.listOrganization({ pageSize: 5, pageToken });
      expect(page.organizations.length).toBeLessThanOrEqual(5);
      walked.push(...page.organizations.map(({ id }) => id));
      if (walked.length === 10) back = page.prevPageToken;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(new Set(walked).size).toBe(walked.length);
    expect(walked.slice(0, 12)).toEqual(ids);
    expect((await organizations.listOrganization()).totalSize).toBe(walked.length);
    const first = await organizations.listOrganization({ pageSize: 5, pageToken: back });
    expect(first.organizations.map(({ id }) => id)).toEqual(ids.slice(0, 5));
  });

  test('an external ID narrows the list, for clients that send one', async () => {
    const { id } = await make('Narrowed', { externalId: 'NARROWED' });
    const narrow = (externalId: string) => messages().listOrganization({ externalId });
    expect((await narrow('NARROWED')).organizations).toMatchObject([{ id }]);
    expect(await narrow('NOBODY')).toMatchObject({ organizations: [], totalSize: 0, nextPageToken: '' });
  });

  test.each<[string, () => Promise<unknown>, string, string]>([
    ['a size over 100', () => organizations.listOrganization({ pageSize: 101 }), 'INVALID_ARGUMENT', 'page_size'],
    ['a token that is none', () => organizations.listOrganization({ pageToken: 'AAAA' }), 'INVALID_PAGE_TOKEN', 'page_token'],
    ['an empty external ID', () => messages().listOrganization({ externalId: '' }), 'INVALID_EXTERNAL_ID', 'external_id'],
    [
      'an external ID that nothing can have',
      () => messages().listOrganization({ externalId: 'a\0' }),
      'INVALID_EXTERNAL_ID',
      'external_id',
    ],
  ])('%s is refused', async (_name, call, errorCode, field) => {
    expect(await refusal(call())).toMatchObject({ code: 'InvalidArgument', errorCode, fields: [field] });
  });

  test('a token of another list, search or filter is refused, and so is one of REST', async () => {
    const { nextPageToken: pageToken } = await organizations.listOrganization({ pageSize: 1 });
    const { nextPageToken: searchToken } = await organizations.searchOrganization('Listed', 1);
    const { next_page_token: restToken } = Object((await server.client.request('GET', '/api/v1/organizations?page_size=1')).body);
    for (const call of [
      () => organizations.searchOrganization('Listed', 1, pageToken),
      () => organizations.searchOrganization('Listed 1', 1, searchToken),
      () => organizations.listOrganization({ pageToken: searchToken }),
      () => organizations.listOrganization({ pageToken: restToken }),
      () => messages().listOrganization({ pageToken, externalId: 'X' }),
      () => scalekitOf(server, server.client).user.listUsers({ pageToken }),
    ]) {
      expect(await refusal(call())).toMatchObject({ code: 'InvalidArgument', errorCode: 'INVALID_PAGE_TOKEN', fields: ['page_token'] });
    }
  });
});

describe('search', () => {
  test('finds by part of the name in any case of letters, by external ID and by ID; page by page', async () => {
    const made = [await make('Findable Org 1', { externalId: 'FIND-1' }), await make('findable org 2', { externalId: 'FIND-2' })];
    const ids = async (query: string) => (await organizations.searchOrganization(query)).organizations.map(({ id }) => id);
    expect(await ids('FINDABLE')).toEqual(made.map(({ id }) => id).reverse());
    expect(await ids('find-2')).toEqual([made[1]?.id]);
    expect(await ids(there(made[0]).id)).toEqual([made[0]?.id]);
    const first = await organizations.searchOrganization('findable', 1);
    expect([first.organizations.length, first.totalSize]).toEqual([1, 2]);
    const second = await organizations.searchOrganization('findable', 1, first.nextPageToken);
    expect(second.organizations.map(({ id }) => id)).toEqual([made[0]?.id]);
  });

  test('the answer is an array, a number and a text, of no more than was asked for; nothing found is an empty one', async () => {
    for (const pageSize of [1, 2, 10, 30]) {
      const found = await organizations.searchOrganization('org', pageSize);
      expect(found.organizations.length).toBeLessThanOrEqual(pageSize);
      expect([Array.isArray(found.organizations), typeof found.totalSize, typeof found.nextPageToken]).toEqual([true, 'number', 'string']);
    }
    expect(await organizations.searchOrganization('zzz-nothing-has-this')).toMatchObject({
      organizations: [],
      totalSize: 0,
      nextPageToken: '',
    });
  });

  test.each([
    ['two characters', 'ab'],
    ['101 characters', 'x'.repeat(101)],
    ['NUL', 'abc\0'],
  ])('%s is refused', async (_name, query) => {
    expect(await refusal(organizations.searchOrganization(query))).toMatchObject({
      exception: 'ScalekitBadRequestException',
      errorCode: 'INVALID_ARGUMENT',
      fields: ['query'],
    });
  });
});

describe('delete', () => {
  test('afterwards it is not found, and its slug and external ID are free at once for another, which is new', async () => {
    const old = await make('Gone', { externalId: 'AGAIN', slug: 'again' });
    await organizations.updateOrganization(old.id, { metadata: { secret: 'old' } });
    await organizations.deleteOrganization(old.id);
    for (const call of [
      () => organizations.getOrganization(old.id),
      () => organizations.getOrganizationByExternalId('AGAIN'),
      () => organizations.deleteOrganization(old.id),
    ])
      expect(await refusal(call())).toMatchObject({ exception: 'ScalekitNotFoundException', errorCode: 'ORGANIZATION_NOT_FOUND' });
    const made = await make('Back', { externalId: 'AGAIN', slug: 'again' });
    expect(made).toMatchObject({ externalId: 'AGAIN', slug: 'again', metadata: {} });
    expect(made.id).not.toBe(old.id);
  });

  test('by external ID, which no client offers yet', async () => {
    await make('Named', { externalId: 'NAMED' });
    await messages().deleteOrganization({ identities: { case: 'externalId', value: 'NAMED' } });
    expect(await refusal(organizations.getOrganizationByExternalId('NAMED'))).toMatchObject({ errorCode: 'ORGANIZATION_NOT_FOUND' });
  });
});

describe('portal links are not offered, and the error says why', () => {
  const reason = { errorCode: 'NOT_OFFERED', message: expect.stringMatching(/not offered: there is no portal/) };

  test('to the client', async () => {
    const { id } = await make('Portal');
    expect(await refusal(organizations.generatePortalLink(id))).toMatchObject({ exception: 'ScalekitNotImplementedException', ...reason });
  });

  test.each(['getPortalLinks', 'deletePortalLink', 'deletePortalLinkByID'] as const)('%s', async (method) => {
    expect(await refusal(messages()[method]({ id: 'org_1' }))).toMatchObject({ code: 'Unimplemented', ...reason });
  });
});
