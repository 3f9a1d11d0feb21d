import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { shareTransactions } from './sharing.ts';

const server = useTestServer();
const path = '/api/v1/organizations';
const create = (body: object, headers: Record<string, string> = {}) => server.client.request('POST', path, body, headers);
const organizationOf = ({ body }: { body: unknown }) => Object(body).organization;

/** The transactions (their IDs in the database) that wrote the events of organizations whose external IDs begin with a text. */
async function transactionsOf(prefix: string): Promise<string[]> {
  const { rows } = await server.database.pool.query<{ xmin: string }>(
    `select x.xmin::text as xmin from external_ids x where x.kind = 'organization' and x.value like $1`,
    [`${prefix}%`],
  );
  return rows.map(({ xmin }) => xmin);
}

describe('creations that wait at the same moment', () => {
  beforeAll(() => create({ display_name: 'Warm' }));

  test('share transactions, and each has its own record, event and answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        create({ display_name: `S ${n}`, external_id: `share-${n}`, metadata: { n } }, { 'x-request-id': `share-req-${n}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(answers.map((answer) => organizationOf(answer).external_id)).toEqual(answers.map((_, n) => `share-${n}`));
    const transactions = await transactionsOf('share-');
    expect(transactions).toHaveLength(100);
    expect(new Set(transactions).size).toBeLessThan(100);
    const { rows } = await server.database.pool.query<{ external_id: string; request_id: string; n: number }>(
      `select external_id, request_id, (data -> 'metadata' -> 'n')::int as n from events
       where type = 'organization.created' and external_id like 'share-%' order by n`,
    );
    expect(rows).toEqual(answers.map((_, n) => ({ external_id: `share-${n}`, request_id: `share-req-${n}`, n })));
  });

  test('one that is refused is refused alone, with its own reason', async () => {
    await create({ display_name: 'There', external_id: 'taken', slug: 'taken' });
    const bodies = Array.from({ length: 40 }, (_, n) =>
      n === 7
        ? { display_name: 'R', external_id: 'taken' }
        : n === 23
          ? { display_name: 'R', slug: 'taken' }
          : { display_name: 'R', external_id: `refused-${n}` },
    );
    const answers = await Promise.all(bodies.map((body) => create(body)));
    expect(answers.flatMap(({ status }, n) => (status === 201 ? [] : [n]))).toEqual([7, 23]);
    const codes = [7, 23].map((n) => Object(answers[n]?.body).details[0].error_code);
    expect(codes).toEqual(['EXTERNAL_ID_TAKEN', 'SLUG_TAKEN']);
  });

  test('one that has to wait for a lock does not hold up the others', async () => {
    const holder = await server.database.pool.connect();
    try {
      await holder.query('begin');
      await holder.query(
        `insert into external_ids (environment_id, kind, system, value, record_id) select environment_id, 'organization', '', 'held', 1
         from clients where id = $1`,
        [server.client.clientId.slice(4)],
      );
      let heldIsDone = false;
      const held = create({ display_name: 'H', external_id: 'held' }).finally(() => {
        heldIsDone = true;
      });
      const others = await Promise.all(Array.from({ length: 40 }, (_, n) => create({ display_name: 'H', external_id: `free-${n}` })));
      expect(others.map(({ status }) => status)).toEqual(others.map(() => 201));
      expect(heldIsDone).toBe(false);
      await holder.query('rollback');
      expect((await held).status).toBe(201);
    } finally {
      holder.release(true);
    }
  });

  test('keep their Idempotency-Keys apart: a repeated one has the answer it had, the others are made', async () => {
    const key = (n: number) => ({ 'idempotency-key': `shared-${n}` });
    const send = (from: number) =>
      Promise.all(Array.from({ length: 30 }, (_, n) => create({ display_name: 'K', external_id: `key-${from + n}` }, key(from + n))));
    const first = await send(0);
    const second = await send(15);
    expect([...first, ...second].map(({ status }) => status)).toEqual([...first, ...second].map(() => 201));
    expect(second.slice(0, 15).map(({ text }) => text)).toEqual(first.slice(15).map(({ text }) => text));
    expect(second.map(({ headers }) => headers.has('idempotent-replayed'))).toEqual(second.map((_, n) => n < 15));
    expect(await transactionsOf('key-')).toHaveLength(45);
  });
});

describe('merges that wait at the same moment', () => {
  test('share transactions, also those of one record: each is a version with its event', async () => {
    const ids = await Promise.all([1, 2, 3].map(async (n) => organizationOf(await create({ display_name: `Merge ${n}` })).id));
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, n) => server.client.request('PATCH', `${path}/${ids[n % 3]}`, { metadata: { [`k${n}`]: n } })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    for (const [n, answer] of answers.entries()) expect(organizationOf(answer).metadata).toMatchObject({ [`k${n}`]: n });
    const { rows } = await server.database.pool.query<{ record_id: string; record_version: string; changed: object; xmin: string }>(
      `select record_id, record_version, changed, xmin::text as xmin from events where type = 'organization.updated' and record_id = any($1::bigint[])
       order by record_version`,
      [ids.map((id) => id.slice(4))],
    );
    expect(new Set(rows.map(({ xmin }) => xmin)).size).toBeLessThan(90);
    for (const [index, id] of ids.entries()) {
      const own = rows.filter(({ record_id: recordId }) => recordId === id.slice(4));
      expect(own.map(({ record_version: version }) => Number(version))).toEqual(Array.from({ length: 30 }, (_, n) => n + 2));
      const keys = own.flatMap(({ changed }) => Object.keys(changed)).sort();
      expect(keys).toEqual(Array.from({ length: 30 }, (_, n) => `metadata.k${3 * n + index}`).sort());
    }
  });

  test('one that is refused is refused alone, and a record that is locked holds up nobody else', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => organizationOf(await create({ display_name: `Busy ${n}` })).id),
    );
    const holder = await server.database.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select from organizations where id = $1 for update', [ids[3].slice(4)]);
      const patch = (id: string, metadata: object) => server.client.request('PATCH', `${path}/${id}`, { metadata });
      const large = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${n}`, n]));
      const changes = ids.map((id, n) => patch(n === 5 ? 'org_1' : id, n === 7 ? large : { a: n }));
      const statuses = await Promise.all(changes.filter((_, n) => n !== 3).map(async (change) => (await change).status));
      expect(statuses).toEqual(ids.flatMap((_, n) => (n === 3 ? [] : n === 5 ? [404] : n === 7 ? [400] : [200])));
      await holder.query('rollback');
      expect((await changes[3])?.status).toBe(200);
    } finally {
      holder.release(true);
    }
  });
});

describe('shareTransactions', () => {
  /** Makes what it is given, and remembers what came together. Nothing that has the text `bad` can be made. */
  function sharing() {
    const made: string[][] = [];
    const change = shareTransactions(
      async (changes: readonly string[]) => {
        made.push([...changes]);
        await new Promise((resolve) => setImmediate(resolve));
        if (changes.some((name) => name.includes('bad'))) throw new Error(`cannot make ${changes}`);
        return changes.map((name) => name.toUpperCase());
      },
      (name) => name.slice(0, 1),
    );
    return { made, change };
  }

  test('puts only changes of the same group together, 32 at most', async () => {
    const { made, change } = sharing();
    const names = Array.from({ length: 100 }, (_, n) => `${n % 2 === 0 ? 'a' : 'b'}${n}`);
    expect(await Promise.all(names.map(change))).toEqual(names.map((name) => name.toUpperCase()));
    for (const together of made) expect(new Set(together.map((name) => name.slice(0, 1))).size).toBe(1);
    expect(made.map((together) => together.length)).toEqual([32, 18, 32, 18]);
  });

  test('makes each alone when all together cannot be made, and one that was alone only once', async () => {
    const { made, change } = sharing();
    const outcomes = await Promise.allSettled(['a1', 'a-bad', 'a2'].map(change));
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason)))).toEqual([
      'A1',
      'Error: cannot make a-bad',
      'A2',
    ]);
    expect(made).toEqual([['a1', 'a-bad', 'a2'], ['a1'], ['a-bad'], ['a2']]);
    await expect(change('b-bad')).rejects.toThrow('cannot make b-bad');
    expect(made).toHaveLength(5);
  });

  test('does not make anything twice when nobody knows whether it was made', async () => {
    let calls = 0;
    const change = shareTransactions(
      async (_changes: readonly string[]) => {
        calls += 1;
        throw new Error('Connection terminated unexpectedly');
      },
      () => '',
    );
    const outcomes = await Promise.allSettled(['1', '2', '3'].map(change));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(calls).toBe(1);
  });
});
