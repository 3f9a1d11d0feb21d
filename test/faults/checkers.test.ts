import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../../packages/server/src/testing.ts';
import { randomNumbers } from '../../tools/programs/random.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';
import { checkEvents, checkIdempotency, checkSet, checkUnique, type FoundEvent, type FoundRecord } from './checkers.ts';
import { Client } from './client.ts';
import { History, type Operation, parseHistory } from './history.ts';
import { checkMerges } from './linearizable.ts';
import { startLoad } from './load.ts';
import { judge } from './verdict.ts';

let numbers = 0;

/** An operation that was acknowledged between two moments, unless it says otherwise. */
function operation(kind: Operation['kind'], key: string, [invoked, ended]: [number, number], more: Partial<Operation> = {}): Operation {
  numbers += 1;
  return { number: numbers, kind, key, invoked, ended, outcome: 'ok', ...more };
}
const found = (id: string, more: Partial<FoundRecord> = {}): FoundRecord => ({ id, externalId: id, version: 1, metadata: {}, ...more });
const event = (recordId: string, recordVersion: number, id = `evt_${recordId}_${recordVersion}`): FoundEvent => ({
  id,
  recordId,
  recordVersion,
});
const create = (key: string, more: Partial<Operation> = {}) => operation('create', key, [0, 1], { id: key, ...more });

describe('set', () => {
  const operations = [
    create('a'),
    create('b', { outcome: 'unknown' }),
    create('c', { outcome: 'unknown' }),
    create('d', { outcome: 'failed' }),
  ];

  test('what was acknowledged is there; what is unknown may be', () => {
    expect(checkSet(operations, [found('a'), found('b')])).toEqual([]);
  });

  test('a lost one, and one that nobody made or that was refused, are told', () => {
    expect(checkSet(operations, [found('b')])).toEqual(['set: a was acknowledged as a and is not there']);
    expect(checkSet(operations, [found('a'), found('d'), found('x')])).toHaveLength(2);
  });
});

describe('unique', () => {
  test('one was made, and the others were told who has it', () => {
    expect(checkUnique([create('a'), create('a', { outcome: 'failed', status: 409 })], [found('a')])).toEqual([]);
  });

  test('two that were made, a conflict that names another, and two that are there, are told', () => {
    expect(checkUnique([create('a'), create('a', { id: 'a2' })], [])).toEqual(['unique: a was made 2 times: a, a2']);
    const conflict = create('a', { outcome: 'failed', status: 409, id: 'a2' });
    expect(checkUnique([create('a'), conflict], [])).toEqual(['unique: a has several holders: a, a2']);
    expect(checkUnique([], [found('a'), found('a2', { externalId: 'a' })])).toEqual(['unique: a is there 2 times: a, a2']);
  });
});

describe('merge', () => {
  const merge = (times: [number, number], wanted: object, version: number, value: object) =>
    operation('merge', 'r', times, { wanted: { ...wanted }, version, value: { ...value } });
  const read = (times: [number, number], version: number, value: object) => operation('read', 'r', times, { version, value: { ...value } });
  const unknown = (invoked: number, wanted: object) =>
    operation('merge', 'r', [invoked, Number.POSITIVE_INFINITY], { wanted: { ...wanted }, outcome: 'unknown' });

  test.each<[string, Operation[]]>([
    [
      'one after another',
      [merge([0, 1], { a: 1 }, 2, { a: 1 }), merge([2, 3], { b: 2 }, 3, { a: 1, b: 2 }), read([4, 5], 3, { a: 1, b: 2 })],
    ],
    ['at once, in the other order', [merge([0, 9], { a: 1 }, 3, { a: 1 }), merge([1, 8], { a: 2 }, 2, { a: 2 })]],
    ['a read during a merge sees what was before', [merge([0, 9], { a: 1 }, 2, { a: 1 }), read([1, 2], 1, {})]],
    ['one that is unknown had its effect', [unknown(0, { a: 1 }), unknown(0, { b: 1 }), read([5, 6], 2, { b: 1 })]],
    ['one that is unknown had none', [unknown(0, { a: 1 }), merge([2, 3], { b: 2 }, 2, { b: 2 }), read([5, 6], 2, { b: 2 })]],
    ['one that is unknown had its effect late', [unknown(0, { a: 1 }), read([1, 2], 1, {}), read([3, 4], 2, { a: 1 })]],
  ])('holds: %s', (_what, operations) => {
    expect(checkMerges(operations)).toEqual([]);
  });

  test.each<[string, Operation[]]>([
    ['a lost update', [merge([0, 9], { a: 1 }, 2, { a: 1 }), merge([0, 9], { b: 2 }, 3, { b: 2 })]],
    ['one version twice', [merge([0, 9], { a: 1 }, 2, { a: 1 }), merge([0, 9], { b: 2 }, 2, { b: 2 })]],
    ['a stale read', [merge([0, 1], { a: 1 }, 2, { a: 1 }), read([2, 3], 1, {})]],
    ['a read of what comes later', [read([0, 1], 2, { a: 1 }), merge([2, 3], { a: 1 }, 2, { a: 1 })]],
    ['an order against the time', [merge([0, 1], { a: 1 }, 3, { a: 1 }), merge([2, 3], { a: 2 }, 2, { a: 2 })]],
    ['an effect without a cause', [read([0, 1], 2, { a: 1 })]],
    ['an acknowledged merge that is gone', [merge([0, 1], { a: 1 }, 2, { a: 1 }), read([2, 3], 2, {})]],
  ])('does not hold: %s', (_what, operations) => {
    expect(checkMerges(operations)).toEqual([expect.stringMatching(/^merge: no order of the operations on r explains/)]);
  });
});

describe('events', () => {
  const operations = [create('a', { version: 1 }), operation('merge', 'a', [2, 3], { id: 'a', version: 2 })];
  const records = [found('a', { version: 2 })];

  test('each version has one, in order', () => {
    expect(checkEvents(operations, records, [event('a', 1), event('b', 1), event('a', 2)])).toEqual([]);
  });

  test.each<[string, FoundEvent[], number]>([
    ['a gap', [event('a', 2)], 1],
    ['the wrong order', [event('a', 2), event('a', 1)], 4],
    ['a second one of a version', [event('a', 1), event('a', 1, 'other'), event('a', 2)], 1],
    ['one that comes twice', [event('a', 1), event('a', 1), event('a', 2)], 2],
    ['none of the last change', [event('a', 1)], 2],
  ])('told: %s', (_what, events, problems) => {
    expect(checkEvents(operations, records, events)).toHaveLength(problems);
  });
});

describe('idempotency', () => {
  const keyed = (id: string) => create('k', { id, version: 1, idempotencyKey: 'k' });
  const one = found('a', { externalId: null, metadata: { made_by: 'k' } });

  test('all answers are one, and so is what was made', () => {
    expect(checkIdempotency([keyed('a'), keyed('a')], [one])).toEqual([]);
  });

  test('two answers, two records, and an answer without a record, are told', () => {
    expect(checkIdempotency([keyed('a'), keyed('b')], [one])).toHaveLength(1);
    expect(checkIdempotency([keyed('a')], [one, { ...one, id: 'b' }])).toHaveLength(1);
    expect(checkIdempotency([keyed('a')], [])).toHaveLength(1);
  });
});

test('a history that breaks off has its last operations as unknown', () => {
  const lines = [
    { number: 1, phase: 'invoked', kind: 'create', key: 'a', monotonic: 1 },
    { number: 2, phase: 'invoked', kind: 'create', key: 'b', monotonic: 2 },
    { number: 1, phase: 'ok', id: 'org_1', monotonic: 3 },
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  expect(parseHistory(text)).toEqual([
    { number: 1, kind: 'create', key: 'a', outcome: 'ok', id: 'org_1', invoked: 1, ended: 3 },
    { number: 2, kind: 'create', key: 'b', outcome: 'unknown', invoked: 2, ended: Number.POSITIVE_INFINITY },
  ]);
});

test('a history whose last line was cut short is read without it, wherever it was cut; a line that is cut inside is told', () => {
  const whole = `${JSON.stringify({ number: 1, phase: 'invoked', kind: 'create', key: 'a', monotonic: 1 })}\n`;
  const last = JSON.stringify({ number: 1, phase: 'ok', id: 'org_1', monotonic: 2 });
  for (let length = 0; length <= last.length; length += 1) {
    expect(parseHistory(whole + last.slice(0, length))).toMatchObject([{ number: 1, outcome: 'unknown' }]);
  }
  expect(parseHistory(`${whole}${last}\n`)).toMatchObject([{ number: 1, outcome: 'ok' }]);
  expect(() => parseHistory(`${last.slice(0, 20)}\n${whole}`)).toThrow(SyntaxError);
});

describe('against a server', () => {
  const server = useTestServer();
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await temporaryDirectory('crosswalk-checkers-');
    server.startWork();
  });
  afterAll(() => directory.remove());

  /** Some of everything in an environment of its own: what the checkers say of it. */
  async function work(name: string): Promise<string[]> {
    const { token } = await server.addEnvironment(name);
    const targets = [{ url: server.url, token }];
    const history = new History(join(directory.path, name));
    const [target] = targets;
    if (target === undefined) throw new Error('there is one');
    const client = new Client(target, history);
    const load = await startLoad({ targets, history, random: randomNumbers(7), clients: 4 });
    await load.more(60);
    await load.stop();
    for (const _time of [1, 2]) {
      await client.create('TWICE');
      await client.createOnce('KEY');
    }
    return judge(history, targets);
  }

  test('that works as it should, the checkers have nothing to say', async () => {
    expect(await work('right')).toEqual([]);
  });

  /** Bugs, each made by a trigger: what it does and what tells of it. */
  test.each<[bug: string, checker: RegExp, trigger: string, body: string]>([
    [
      'an external ID can be taken from its holder',
      /^unique: TWICE was made 2 times/,
      'before insert on external_ids',
      'delete from external_ids where environment_id = new.environment_id and kind = new.kind and value = new.value; return new;',
    ],
    [
      'an event is not written',
      /^events: of org_/,
      'before insert on events',
      'if new.record_version = 2 then return null; end if; return new;',
    ],
    [
      'keys are forgotten',
      /^idempotency: the key KEY /,
      'after update on idempotency_keys',
      'delete from idempotency_keys where environment_id = new.environment_id and key = new.key; return null;',
    ],
    [
      'a merge loses a field',
      /^merge: no order of the operations on org_/,
      'before update on organizations',
      "new.metadata = new.metadata - 'field_1'; return new;",
    ],
    [
      'what was acknowledged disappears',
      /^set: .* was acknowledged/,
      'after update on idempotency_keys',
      "delete from organizations where environment_id = new.environment_id and metadata ->> 'made_by' = 'KEY'; return null;",
    ],
  ])('a bug in which %s is found', async (bug, checker, trigger, body) => {
    const { pool } = server.database;
    await pool.query(`create function seeded_bug() returns trigger language plpgsql as $$ begin ${body} end $$`);
    await pool.query(`create trigger seeded_bug ${trigger} for each row execute function seeded_bug()`);
    try {
      expect(await work(bug.replaceAll(/\W/g, '-'))).toContainEqual(expect.stringMatching(checker));
    } finally {
      await pool.query('drop function seeded_bug cascade');
    }
  });
});
