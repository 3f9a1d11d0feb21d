import type { Event, EventFeed } from '@crosswalk/contract';
import { describe, expect, inject, test } from 'vitest';
import { plansDuring } from '../database/testing.ts';
import { inTransaction } from '../database/transaction.ts';
import { appendEvents, type NewEvent } from '../events/index.ts';
import { IdGenerator } from '../lib/id.ts';
import { connectTo, useTestServer } from '../testing.ts';

const server = useTestServer();
const request: typeof server.client.request = (...call) => server.client.request(...call);

async function feed(query: Record<string, string | number> = {}): Promise<EventFeed> {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const { status, body } = await request('GET', `/api/v1/events?${parameters}`);
  expect([status, body]).toMatchObject([200, {}]);
  return Object(body);
}

/** Everything from a cursor to the end. */
async function drain(after: string, limit = 1000): Promise<Event[]> {
  const events: Event[] = [];
  for (let cursor = after; ; ) {
    const page = await feed({ after: cursor, limit });
    events.push(...page.events);
    cursor = page.next_cursor;
    if (!page.has_more) return events;
  }
}

/** The end of the feed. */
const now = async (): Promise<string> => Object((await request('GET', '/api/v1/events:search?page_size=1')).body).events_cursor;
const create = async (name: string, more: object = {}) =>
  Object((await request('POST', '/api/v1/organizations', { display_name: name, ...more })).body).organization;

describe('the feed', () => {
  test('gives each change once, in order, with what changed, who did it and in which request', async () => {
    const start = await now();
    const { id } = await create('Feed', { external_id: 'FEED-1', metadata: { plan: 'a' } });
    await request('PATCH', `/api/v1/organizations/${id}`, { metadata: { plan: 'b' } }, { 'x-request-id': 'feed-request' });
    await request('DELETE', `/api/v1/organizations/${id}`);
    const events = await drain(start);
    expect(events).toMatchObject([
      { type: 'organization.created', record_id: id, record_version: 1, external_id: 'FEED-1' },
      {
        type: 'organization.updated',
        organization_id: id,
        record_version: 2,
        changed: { 'metadata.plan': ['a', 'b'] },
        actor: { type: 'client', id: server.client.clientId },
        request_id: 'feed-request',
        data: { metadata: { plan: 'b' } },
      },
      { type: 'organization.deleted', record_version: 3 },
    ]);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map(({ sequence }) => sequence).sort((a, b) => a - b));
    expect(new Set(events.map((event) => event.id)).size).toBe(3);
  });

  test('a reader that goes past while a slow transaction is open sees its event later and misses nothing (T10)', async () => {
    const [slow, fast] = [await create('Slow'), await create('Fast')];
    const start = await now();
    const writer = await server.database.pool.connect();
    await writer.query('begin');
    await writer.query(
      `insert into events (environment_id, id, type, record_kind, record_id, record_version, external_ids, changed, data, actor_type, request_id)
       values ($1, 1, 'organization.updated', 'organization', $2, 2, '{}', '{}', '{}', 'system', 'slow')`,
      [server.client.environmentId, slow.id.slice(4)],
    );
    await request('PATCH', `/api/v1/organizations/${fast.id}`, { metadata: { a: 1 } });
    const before = await feed({ after: start });
    expect(before.events.map(({ record_id }) => record_id)).toEqual([fast.id]);
    await writer.query('commit');
    writer.release();
    const after = await feed({ after: before.next_cursor });
    expect(after.events.map(({ record_id }) => record_id)).toEqual([slow.id]);
  });

  test('while somebody else keeps it locked, lists are answered and readers of the feed are told to try again; nothing is lost', async () => {
    await now();
    const holder = await connectTo(server.database.connection);
    await holder.query('begin; select from event_feed for update');
    const { id } = await create('Behind the lock');
    const [list, reading] = await Promise.all(
      ['/api/v1/organizations?page_size=1', '/api/v1/events?limit=1'].map((path) => request('GET', path)),
    ).finally(() => holder.end());
    expect(list).toMatchObject({ status: 200, body: { organizations: [{ id }] } });
    expect([reading?.status, reading?.headers.get('retry-after')]).toEqual([503, '1']);
    expect(reading?.body).toMatchObject({ details: [{ error_code: 'DATABASE_UNAVAILABLE' }], message: expect.stringContaining('feed') });
    expect((await drain(Object(list?.body).events_cursor)).map(({ record_id }) => record_id)).toEqual([id]);
  });

  test('of one record, a later version never comes before an earlier one, even when its transaction began first', async () => {
    const { id } = await create('Order');
    const start = await now();
    const early = await server.database.pool.connect();
    await early.query('begin');
    // It has its transaction ID before the other, and writes after it.
    await early.query('select pg_current_xact_id()');
    await request('PATCH', `/api/v1/organizations/${id}`, { metadata: { a: 1 } });
    await early.query('update organizations set version = version + 1 where id = $1', [id.slice(4)]);
    await early.query(
      `insert into events (environment_id, id, type, record_kind, record_id, record_version, external_ids, changed, data, actor_type, request_id)
       values ($1, 2, 'organization.updated', 'organization', $2, 3, '{}', '{}', '{}', 'system', 'early')`,
      [server.client.environmentId, id.slice(4)],
    );
    await early.query('commit');
    early.release();
    expect((await drain(start)).map(({ record_version }) => record_version)).toEqual([2, 3]);
  });

  // 400 events; 100,000 in `npm run test:long`.
  const isLong = inject('long');
  const [rounds, limit] = isLong ? [6_250, 1_000] : [25, 7];

  test(
    `16 writers, and a reader that follows: ${16 * rounds} events once each, in order of versions per record`,
    async () => {
      const records = await Promise.all(Array.from({ length: 8 }, (_, index) => create(`Many ${index}`)));
      const start = await now();
      let written = false;
      const seen: Event[] = [];
      const reader = (async () => {
        for (let cursor = start; ; ) {
          const done = written;
          const page = await feed({ after: cursor, limit });
          seen.push(...page.events);
          cursor = page.next_cursor;
          if (done && page.events.length === 0) return;
        }
      })();
      const writers = Array.from({ length: 16 }, async (_, writer) => {
        for (let round = 0; round < rounds; round += 1) {
          const record = records[(writer + round) % records.length];
          const { status } = await request('PATCH', `/api/v1/organizations/${record.id}`, { metadata: { [`w${writer}`]: round } });
          expect(status).toBe(200);
        }
      });
      await Promise.all(writers);
      written = true;
      await reader;
      expect(seen).toHaveLength(16 * rounds);
      expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
      for (const { id } of records) {
        const versions = seen.filter(({ record_id }) => record_id === id).map(({ record_version }) => record_version);
        expect(versions).toEqual(versions.map((_, index) => index + 2));
      }
    },
    isLong ? 1_800_000 : 30_000,
  );

  test('narrows by type, group of types, organization and client', async () => {
    const start = await now();
    const { id } = await create('Narrow');
    await request('POST', `/api/v1/organizations/${id}/users`, { email: 'feed@example.com', send_invitation_email: false });
    const typesOf = async (query: Record<string, string>) => (await feed({ after: start, ...query })).events.map(({ type }) => type);
    expect(await typesOf({ types: 'user.created' })).toEqual(['user.created']);
    expect(await typesOf({ types: 'organization' })).toEqual(['organization.created']);
    expect(await typesOf({ organization_id: id })).toEqual(['organization.created', 'user.organization_membership_created']);
    expect(await typesOf({ actor_id: server.client.clientId, types: 'user,organization' })).toHaveLength(3);
    expect(await typesOf({ actor_id: 'skc_7' })).toEqual([]);
  });

  test('waits for the next event when it is asked to, and no longer', async () => {
    const start = await now();
    const waiting = feed({ after: start, wait: 20 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { id } = await create('Awaited');
    expect((await waiting).events).toMatchObject([{ record_id: id }]);
    expect((await feed({ after: await now(), wait: 1 })).events).toEqual([]);
  });

  test('a list of records gives the cursor from which nothing is lost, and a later page gives none', async () => {
    await create('Snapshot 1');
    // It has its place by then: a list waits for that for a moment only.
    await now();
    const { body } = await request('GET', '/api/v1/organizations?page_size=1');
    const { events_cursor: cursor, next_page_token: token } = Object(body);
    const { id } = await create('Snapshot 2');
    expect((await drain(cursor)).map(({ record_id }) => record_id)).toEqual([id]);
    expect(Object((await request('GET', `/api/v1/organizations?page_size=1&page_token=${token}`)).body).events_cursor).toBeUndefined();
  });

  test.each([
    ['after=x', 'INVALID_CURSOR', 'after'],
    ['limit=0', 'INVALID_ARGUMENT', 'limit'],
    ['limit=1001', 'INVALID_ARGUMENT', 'limit'],
    ['wait=31', 'INVALID_ARGUMENT', 'wait'],
    ['types=a,,b', 'INVALID_ARGUMENT', 'types'],
    ['organization_id=usr_1', 'INVALID_ARGUMENT', 'organization_id'],
    ['since=1', 'UNKNOWN_FIELD', 'since'],
  ])('400 to %s names the parameter', async (query, code, field) => {
    const { status, body } = await request('GET', `/api/v1/events?${query}`);
    expect([status, Object(body).details[0].error_code]).toEqual([400, code]);
    expect(Object(body).details[0].validation_error_info.field_violations[0].field).toBe(field);
  });

  test('another environment has a feed of its own, and its cursors are not ours', async () => {
    const stranger = await server.addEnvironment('stranger');
    await create('Ours');
    const theirs = Object((await stranger.request('GET', '/api/v1/events')).body);
    expect(theirs.events).toEqual([]);
    expect((await request('GET', `/api/v1/events?after=${theirs.next_cursor}`)).body).toMatchObject({
      details: [{ error_code: 'INVALID_CURSOR' }],
    });
  });
});

test('an answer of large events ends early, and whoever goes on sees all: feed, search and history', async () => {
  const large = await server.addEnvironment('large');
  const ask = async (path: string) => {
    const { status, body } = await large.request('GET', path);
    const size = JSON.stringify(body).length;
    expect([status, size < 4.5 * 1024 * 1024]).toEqual([200, true]);
    return Object(body);
  };
  const made = await large.request('POST', '/api/v1/organizations', { display_name: 'Large' });
  const { id } = Object(made.body).organization;
  // 90 KB each: what the record was, what it is, and the record.
  for (let n = 1; n <= 60; n += 1) {
    const { status } = await large.request('PATCH', `/api/v1/organizations/${id}`, { metadata: { text: String(n % 10).repeat(30_000) } });
    expect(status).toBe(200);
  }
  const versions = Array.from({ length: 61 }, (_, index) => index + 1);
  const versionsOf = (page: { events: Event[] }) => page.events.map((event) => event.record_version);
  for (const round of ['written now', 'by a server of the version before']) {
    const fed: number[][] = [];
    for (let cursor = ''; ; ) {
      const page = await ask(`/api/v1/events?limit=1000${cursor}`);
      fed.push(versionsOf(page));
      cursor = `&after=${page.next_cursor}`;
      if (!page.has_more) break;
    }
    expect([round, fed.flat(), fed.length > 1]).toEqual([round, versions, true]);
    for (const list of ['/api/v1/events:search', `/api/v1/organizations/${id}/history`]) {
      const listed: number[][] = [];
      for (let token = ''; ; ) {
        const page = await ask(`${list}?page_size=100${token}`);
        listed.push(versionsOf(page));
        if (page.next_page_token === '') break;
        token = `&page_token=${page.next_page_token}`;
      }
      expect([list, round, listed.flat(), listed.length > 1]).toEqual([list, round, versions.toReversed(), true]);
    }
    await server.database.pool.query('update events set bytes = null, changed = changed || $1 where record_id = $2', [
      JSON.stringify({ noise: [null, Array.from({ length: 4_000 }, () => Math.random()).join()] }),
      id.slice(4),
    ]);
  }
});

describe('events that were kept long enough', () => {
  const short = useTestServer({ eventDays: 1 });

  test('are removed in order; a cursor before the end of them is 410, the feed begins after them, the history of a record too', async () => {
    const ask = (path: string) => short.client.request('GET', path);
    const made = await Promise.all(
      [1, 2, 3].map(
        async (n) => Object((await short.client.request('POST', '/api/v1/organizations', { display_name: `Old ${n}` })).body).organization,
      ),
    );
    const first = Object((await ask('/api/v1/events?limit=1')).body);
    const { next_cursor: end } = Object((await ask('/api/v1/events')).body);
    await short.database.pool.query("update events set occurred_time = now() - interval '2 days'");
    const { body } = await short.client.request('POST', '/api/v1/organizations', { display_name: 'Young' });
    await short.feed.place();
    await short.purge();
    expect((await ask(`/api/v1/events?after=${first.next_cursor}`)).body).toMatchObject({ details: [{ error_code: 'EVENTS_PURGED' }] });
    for (const path of ['/api/v1/events', `/api/v1/events?after=${end}`]) {
      expect(Object((await ask(path)).body).events).toMatchObject([{ record_id: Object(body).organization.id }]);
    }
    expect((await ask(`/api/v1/organizations/${made[0].id}/history`)).status).toBe(404);
  });
});

test('a record as it was a moment ago comes with the place of its event in the feed', async () => {
  const { id } = await create('Placed');
  const { body } = await request('GET', `/api/v1/organizations/${id}/as-of?version=1`);
  expect(Object(body).event.sequence).toBeGreaterThan(0);
});

describe('history', () => {
  test('a record tells its changes, newest first, page by page, by any of its IDs, and after its deletion', async () => {
    const { id } = await create('Historic', { external_id: 'HIST-1' });
    for (const plan of ['a', 'b', 'c']) await request('PATCH', `/api/v1/organizations/${id}`, { metadata: { plan } });
    const path = `/api/v1/organizations/${id}/history`;
    const first = Object((await request('GET', `${path}?page_size=3`)).body);
    expect(first.events.map(({ record_version }: Event) => record_version)).toEqual([4, 3, 2]);
    const second = Object((await request('GET', `${path}?page_size=3&page_token=${first.next_page_token}`)).body);
    expect([second.events.length, second.next_page_token]).toEqual([1, '']);
    expect(Object((await request('GET', '/api/v1/organizations:external/HIST-1/history')).body).events).toHaveLength(4);
    await request('DELETE', `/api/v1/organizations/${id}`);
    expect(Object((await request('GET', path)).body).events[0].type).toBe('organization.deleted');
    expect((await request('GET', '/api/v1/organizations/org_7/history')).body).toMatchObject({
      details: [{ error_code: 'ORGANIZATION_NOT_FOUND' }],
    });
    expect((await request('GET', `${path}?page_token=x`)).body).toMatchObject({ details: [{ error_code: 'INVALID_PAGE_TOKEN' }] });
  });

  test('a record as it was at a version and at a time', async () => {
    const { id } = await create('Was', { metadata: { plan: 'a' } });
    const path = `/api/v1/organizations/${id}/as-of`;
    const between = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await request('PATCH', `/api/v1/organizations/${id}`, { display_name: 'Is', metadata: { plan: 'b' } });
    expect((await request('GET', `${path}?version=1`)).body).toMatchObject({
      record: { display_name: 'Was', metadata: { plan: 'a' }, version: 1 },
    });
    expect((await request('GET', `${path}?time=${between}`)).body).toMatchObject({ record: { version: 1 } });
    expect((await request('GET', `${path}?time=${new Date().toISOString()}`)).body).toMatchObject({ record: { version: 2 } });
    for (const query of ['version=9', 'time=2020-01-01T00:00:00Z']) {
      expect((await request('GET', `${path}?${query}`)).body).toMatchObject({ details: [{ error_code: 'VERSION_NOT_FOUND' }] });
    }
    for (const query of [
      '',
      'version=1&time=2020-01-01T00:00:00Z',
      'time=2026-02-30T00:00:00Z',
      'time=infinity',
      'version=0',
      'version=99999999999999999999',
    ]) {
      expect((await request('GET', `${path}?${query}`)).status).toBe(400);
    }
  });

  test('a key of the metadata gets the value it had, whole; one that was not there is removed; other keys stay', async () => {
    const { id } = await create('Revert', { metadata: { limits: { seats: 5, sso: true }, keep: 1 } });
    const path = `/api/v1/organizations/${id}`;
    await request('PATCH', path, { metadata: { limits: { seats: 9, audit: true }, later: 'x' } });
    const reverted = await request('POST', `${path}/metadata-revert`, { key: 'limits', version: 1 });
    expect(reverted.body).toMatchObject({
      organization: { metadata: { limits: { seats: 5, sso: true }, keep: 1, later: 'x' }, version: 3 },
    });
    expect(Object(reverted.body).organization.metadata.limits).toEqual({ seats: 5, sso: true });
    await request('POST', `${path}/metadata-revert`, { key: 'later', version: 1 });
    expect(Object((await request('GET', path)).body).organization.metadata).toEqual({ limits: { seats: 5, sso: true }, keep: 1 });
    expect((await request('POST', `${path}/metadata-revert`, { key: 'keep', version: 1 }, { 'if-match': '"1"' })).status).toBe(412);
    expect((await request('POST', `${path}/metadata-revert`, { key: 'keep', version: 99 })).status).toBe(404);
    expect((await request('POST', `${path}/metadata-revert`, { key: 'keep', version: 1e19 })).status).toBe(400);
  });

  test('an ID with the digits of another kind of record has none', async () => {
    const organization = (await create('Digits', { metadata: { a: 1 } })).id.slice(4);
    const user = Object((await request('POST', '/api/v1/users', { email: 'digits@example.com' })).body).user.id.slice(4);
    const errorOf = async (method: string, path: string, body?: object) =>
      Object((await request(method, path, body)).body).details[0].error_code;
    for (const [path, missing] of [
      [`/api/v1/users/usr_${organization}`, 'USER_NOT_FOUND'],
      [`/api/v1/organizations/org_${user}`, 'ORGANIZATION_NOT_FOUND'],
    ]) {
      expect(await errorOf('GET', `${path}/history`)).toBe(missing);
      expect(await errorOf('GET', `${path}/as-of?version=1`)).toBe('VERSION_NOT_FOUND');
      expect(await errorOf('POST', `${path}/metadata-revert`, { key: 'a', version: 1 })).toBe('VERSION_NOT_FOUND');
    }
  });

  test('users have a history too', async () => {
    const { body } = await request('POST', '/api/v1/users', { email: 'history@example.com', external_id: 'U-HIST' });
    const { id } = Object(body).user;
    await request('PATCH', `/api/v1/users/${id}`, { metadata: { a: 1 } });
    expect(Object((await request('GET', `/api/v1/users:external/U-HIST/history`)).body).events).toHaveLength(2);
    expect((await request('POST', `/api/v1/users/${id}/metadata-revert`, { key: 'a', version: 1 })).body).toMatchObject({
      user: { metadata: {}, version: 3 },
    });
  });
});

describe('events that a large change appends with their places', () => {
  test.each([
    ['few', 3],
    ['more than a turn takes', 1200],
  ])('come behind those that committed before, of which %s wait, and each comes once', async (_, waiting) => {
    const { id } = await create('Appended');
    const start = await now();
    const context = {
      environmentId: server.client.environmentId,
      actor: { type: 'client' as const, id: server.client.clientId.slice(4) },
      requestId: 'appended',
    };
    const events = (from: number, count: number): NewEvent[] =>
      Array.from({ length: count }, (_none, index) => ({
        type: 'organization.updated',
        recordKind: 'organization',
        recordId: id.slice(4),
        organizationId: id.slice(4),
        recordVersion: from + index,
        externalId: null,
        externalIds: {},
        changed: {},
        data: {},
      }));
    await inTransaction(server.database.pool, (tx) => appendEvents(tx, context, new IdGenerator(1001), events(2, waiting)));
    await inTransaction(server.database.pool, (tx) => server.feed.append(tx, context, events(2 + waiting, 2)));
    const versions = (await drain(start)).map(({ record_version }) => record_version);
    expect(versions).toEqual(Array.from({ length: waiting + 2 }, (_none, index) => index + 2));
  });
});

describe('a search of events', () => {
  test('gives the newest first, page by page, and where the feed goes on', async () => {
    const made = [await create('Search 1'), await create('Search 2'), await create('Search 3')].map(({ id }) => id);
    const search = async (query: Record<string, string>) =>
      Object((await request('GET', `/api/v1/events:search?${new URLSearchParams(query)}`)).body);
    const first = await search({ types: 'organization.created', page_size: '2' });
    expect(first.events.map((event: Event) => event.record_id)).toEqual([made[2], made[1]]);
    const second = await search({ types: 'organization.created', page_size: '2', page_token: first.next_page_token });
    expect(second.events[0].record_id).toBe(made[0]);
    expect(second.events_cursor).toBeUndefined();
    const after = await create('Search 4');
    expect((await drain(first.events_cursor)).map((event) => event.record_id)).toEqual([after.id]);
    const own = await search({ organization_id: after.id, actor_id: server.client.clientId });
    expect(own).toMatchObject({ events: [{ record_id: after.id }], next_page_token: '' });
    expect((await request('GET', `/api/v1/events:search?page_token=${first.next_page_token}`)).body).toMatchObject({
      details: [{ error_code: 'INVALID_PAGE_TOKEN' }],
    });
  });

  test('of a span of time finds what happened then, without reading what came after', async () => {
    const other = await server.addEnvironment('spans');
    // A day for each event, three years of them.
    await server.database.pool.query(
      `with places as (update event_feed set last_place = last_place + 1000 returning last_place - 1000 as first)
       insert into events (environment_id, id, type, record_kind, record_id, record_version, external_ids, changed, data, actor_type,
         request_id, occurred_time, place)
       select $1, 7000000 + n, 'organization.updated', 'organization', 1, n, '{}', '{}', '{}', 'system', 'r',
         now() - make_interval(days => 1001 - n), first + n from places, generate_series(1, 1000) n`,
      [other.environmentId],
    );
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000 - 3_600_000).toISOString();
    const { result, plans } = await plansDuring(server.database.pool, () =>
      other.request('GET', `/api/v1/events:search?from=${day(800)}&to=${day(797)}`),
    );
    const { events } = Object(result.body);
    expect(events.map((event: Event) => event.record_version)).toEqual([203, 202, 201]);
    const walks = plans.filter((plan) => plan.includes('events_place_idx'));
    expect(walks.length).toBeGreaterThan(0);
    expect(plans.join('\n')).not.toContain('Seq Scan on events');
    const wrong = await other.request('GET', `/api/v1/events:search?from=${day(1)}&to=${day(2)}`);
    expect([wrong.status, wrong.text]).toMatchObject([400, expect.stringContaining('must be later than from')]);
  });
});
