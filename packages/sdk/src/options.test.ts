import { describe, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { Crosswalk, PreconditionError } from './index.ts';
import { readOptions } from './options.ts';

const server = useTestServer();

/** A client that counts the requests that it sends beside those for its token. */
function connect(options?: object) {
  const sent: string[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    if (!String(input).endsWith('/oauth/token')) sent.push(`${init?.method} ${String(input)}`);
    return globalThis.fetch(input, init);
  };
  return { crosswalk: new Crosswalk(server.url, server.client.clientId, server.client.clientSecret, { fetch, ...options }), sent };
}

/** What a program without types writes: the compiler, which refuses most of it, knows nothing of what comes out of here. */
const untyped = (value: unknown) => Object({ value }).value;

describe('options in snake_case count as those in camelCase', () => {
  test('a version is checked: nothing is overwritten', async () => {
    const { crosswalk } = connect();
    const { id } = await crosswalk.organization.create({ display_name: 'Versions', metadata: { a: 1 } });
    await crosswalk.organization.update(id, { metadata: { a: 2 } });
    await expect(crosswalk.organization.update(id, { metadata: { a: 3 } }, untyped({ if_match: 1 }))).rejects.toThrow(PreconditionError);
    expect((await crosswalk.organization.get(id)).metadata).toEqual({ a: 2 });
    const created = crosswalk.organization.upsertByExternalId('OPT-1', { display_name: 'Once' }, untyped({ if_none_match: '*' }));
    expect((await created).created).toBe(true);
    await expect(
      crosswalk.organization.upsertByExternalId('OPT-1', { display_name: 'Twice' }, untyped({ if_none_match: '*' })),
    ).rejects.toThrow(PreconditionError);
  });

  test('an idempotency key has its effect once', async () => {
    const { crosswalk } = connect();
    const create = () => crosswalk.organization.create({ display_name: 'Once' }, untyped({ idempotency_key: 'options-once' }));
    expect((await create()).id).toBe((await create()).id);
  });

  test('lists are narrowed and cut', async () => {
    const { crosswalk } = connect();
    for (let index = 0; index < 3; index += 1) await crosswalk.organization.create({ display_name: `Page ${index}` });
    expect((await crosswalk.organization.list(untyped({ page_size: 2 }))).organizations).toHaveLength(2);
    const { user } = await crosswalk.user.createUserAndMembership((await crosswalk.organization.create({ display_name: 'Mails' })).id, {
      email: 'options.mail@example.com',
    });
    expect((await crosswalk.mailbox.list(untyped({ user_id: 'usr_1' }))).messages).toEqual([]);
    expect((await crosswalk.membership.list(untyped({ user_id: user.id }))).memberships).toHaveLength(1);
    expect((await crosswalk.user.listUsers(untyped({ external_id: 'OPT-NONE' }))).users).toEqual([]);
  });

  test('a role of an organization, its deletion, and an import', async () => {
    const { crosswalk } = connect();
    const { id } = await crosswalk.organization.create({ display_name: 'Own roles' });
    const own = untyped({ organization_id: id });
    expect(await crosswalk.role.create({ name: 'opt_role', display_name: 'Own' }, own)).toMatchObject({ is_org_role: true });
    await crosswalk.role.delete('opt_role', untyped({ organization_id: id, reassign_role_name: 'member' }));
    const rows = [{ kind: 'organization', display_name: 'Dry' } as const];
    expect((await crosswalk.imports.create(rows, { dry_run: true })).options.dry_run).toBe(true);
  });
});

describe('an option that a method does not know is refused before anything is sent', () => {
  const id = 'org_1';
  test.each<[string, (crosswalk: Crosswalk) => unknown, string]>([
    ['a misspelled version', (c) => c.organization.update(id, {}, untyped({ ifmatch: 1 })), 'did you mean ifMatch?'],
    ['a version of a record that is made', (c) => c.organization.create({ display_name: 'X' }, untyped({ ifMatch: 1 })), '"ifMatch"'],
    ['a page of another name', (c) => c.organization.list(untyped({ limit: 2 })), 'did you mean pageSize?'],
    ['an invented option of a list', (c) => c.organization.list(untyped({ bogus: 2 })), 'filter, externalId, slug, pageSize, pageToken'],
    ['a signal among those of a list', (c) => c.user.listUsers(untyped({ signal: null })), 'an argument of its own, after this one'],
    ['a page in place of the call', (c) => c.organization.search('abc', {}, untyped({ pageSize: 1 })), 'signal, timeout, idempotencyKey'],
    ['a misspelled system', (c) => c.organization.getByExternalId('cus_1', untyped({ systm: 'stripe' })), 'did you mean system?'],
    ['a system as a text', (c) => c.organization.getByExternalId('cus_1', untyped('stripe')), 'such as { system: … }, not "stripe"'],
    ['a change by a misspelled system', (c) => c.organization.updateByExternalId('C', {}, untyped({ systm: 's' })), 'did you mean system?'],
    ['createOnly', (c) => c.organization.upsertByExternalId('C', {}, untyped({ createOnly: true })), "did you mean ifNoneMatch: '*'?"],
    ['a signal itself', (c) => c.organization.get(id, untyped(new AbortController().signal)), 'of the class AbortSignal'],
    ['null', (c) => c.client.list(untyped(null)), 'not null'],
    ['an array', (c) => c.client.list(untyped([])), 'not an array'],
    ['an organization by a misspelled system', (c) => c.domain.list(untyped({ externalId: 'A', systm: 's' })), 'did you mean system?'],
    ['an invitation by the same', (c) => c.invitation.list(untyped({ externalId: 'A', systm: 's' })), 'did you mean system?'],
    ['a moment', (c) => c.organization.history.asOf(id, untyped({ versoin: 1 })), 'did you mean version?'],
    ['a role', (c) => c.role.get('admin', untyped({ organisationId: id })), 'did you mean organizationId?'],
    ['an import', (c) => c.imports.create([], untyped({ dryrun: true })), 'did you mean dryRun?'],
    ['the call of an import', (c) => c.imports.create([], {}, untyped({ idempotencykey: 'k' })), 'did you mean idempotencyKey?'],
    ['waiting', (c) => c.imports.wait('imp_1', untyped({ intervall: 1 })), 'did you mean interval?'],
    ['the feed', (c) => c.events.list(untyped({ type: ['user'] })), 'did you mean types?'],
    ['a search in the feed', (c) => c.events.search(untyped({ form: 'now' })), 'did you mean from?'],
    ['an export', (c) => c.export(untyped({ kind: 'user' })), 'did you mean kinds?'],
    ['a deletion', (c) => c.membership.delete(id, 'usr_1', untyped({ cascading: true })), 'cascade, signal'],
    ['figures', (c) => c.overview(untyped({ day: 1 })), 'did you mean days?'],
    ['both spellings', (c) => c.organization.update(id, {}, untyped({ ifMatch: 1, if_match: 2 })), 'ifMatch is given twice'],
    ['a long name', (c) => c.client.list(untyped({ ['x'.repeat(200)]: 1 })), `"${'x'.repeat(100)}" is no option here. The options are`],
    ['an option of Object', (c) => c.client.list(untyped({ constructor: 1 })), '"constructor" is no option here'],
  ])('%s', async (_name, call, message) => {
    const { crosswalk, sent } = connect();
    const refused = (async () => call(crosswalk))();
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });

  test('of a client itself', () => {
    expect(() => connect({ max_retry: 1 })).toThrow('did you mean maxRetries?');
    expect(() => connect({ max_retries: 1 })).not.toThrow();
    expect(() => connect({ fetch: 'node-fetch' })).toThrow('fetch must be a function, not "node-fetch"');
  });

  test.each<[unknown, string]>([
    [0, 'timeout must be more than 0 milliseconds, not 0'],
    [-1, 'timeout must be more than 0 milliseconds, not -1'],
    [Number.NaN, 'timeout must be more than 0 milliseconds, not NaN'],
    ['5000', 'timeout must be a number of milliseconds, not "5000"'],
    [null, 'timeout must be a number of milliseconds, not null'],
  ])('the timeout %s, of a client, a call, an import and an export', async (timeout, message) => {
    const { crosswalk, sent } = connect();
    expect(() => connect({ timeout })).toThrow(message);
    await expect(crosswalk.client.list(untyped({ timeout }))).rejects.toThrow(message);
    await expect(crosswalk.imports.create([], {}, untyped({ timeout }))).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });

  test.each([['import ✓'], ['two words'], [''], ['x'.repeat(256)], ['line\nbreak'], [7]])(
    'the idempotency key %j, of a call and an import',
    async (idempotencyKey) => {
      const { crosswalk, sent } = connect();
      const message = /^idempotencyKey must be 1 to 255 printable ASCII characters without spaces, not /;
      for (const call of [
        () => crosswalk.organization.create({ display_name: 'X' }, untyped({ idempotencyKey })),
        () => crosswalk.imports.create('{}', {}, untyped({ idempotencyKey })),
      ]) {
        await expect(call()).rejects.toThrow(TypeError);
        await expect(call()).rejects.toThrow(message);
      }
      expect(sent).toEqual([]);
    },
  );

  test('an ETag that no header can hold', async () => {
    const { crosswalk, sent } = connect();
    await expect(crosswalk.organization.update(id, {}, { ifMatch: '"✓"' })).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  test.each<[unknown, string]>([
    [-1, 'maxRetries must be a whole number that is not below 0, not -1'],
    [0.5, 'maxRetries must be a whole number that is not below 0, not 0.5'],
    [Number.NaN, 'maxRetries must be a whole number that is not below 0, not NaN'],
    ['3', 'maxRetries must be a number, not "3"'],
  ])('%s retries', (maxRetries, message) => {
    expect(() => connect({ maxRetries })).toThrow(message);
  });

  test.each([Number.POSITIVE_INFINITY, 2 ** 31])('a timeout of %s is none, and not refused', async (timeout) => {
    const { crosswalk } = connect({ timeout, maxRetries: 0 });
    expect(await crosswalk.resolve(['x'], { timeout })).toHaveLength(1);
  });

  test('a source of rows is not touched', async () => {
    let read = 0;
    async function* rows() {
      read += 1;
      yield { kind: 'organization', display_name: 'X' } as const;
    }
    const { crosswalk } = connect();
    await expect(crosswalk.imports.create(rows(), {}, untyped({ bogus: 1 }))).rejects.toThrow(TypeError);
    expect(read).toBe(0);
  });
});

test('an object without a prototype has options, and one that a class made has none', () => {
  const names = { system: true } as const;
  const bare = Object.assign(Object.create(null), { system: 's' });
  expect(readOptions<{ system?: string }>(bare, names)).toEqual({ system: 's' });
  expect(() => readOptions<{ system?: string }>(untyped(new Map()), names)).toThrow('not an object of the class Map');
  expect(readOptions<{ system?: string }>(undefined, names)).toEqual({});
});
