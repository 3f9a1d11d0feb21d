import { describe, expect, test } from 'vitest';
import { ApiError } from './api-error.ts';
import { databaseId, formatId, IdGenerator, type IdPrefix, parseId, requireId } from './id.ts';

const epoch = Date.UTC(2020, 0, 1);
const idOf = (milliseconds: number, processNumber: number, counter: number) =>
  String((BigInt(milliseconds) << 22n) + (BigInt(processNumber) << 12n) + BigInt(counter));

describe('IdGenerator', () => {
  test('makes ascending, distinct IDs of 18 or 19 digits, also when the clock steps back', () => {
    const times = [1_795_000_000_000, 1_795_000_000_000, 1_794_999_999_000, 1_795_000_000_001];
    let call = 0;
    const ids = new IdGenerator(7, () => times[Math.min(call++, times.length - 1)] ?? 0);
    const made = Array.from({ length: 20_000 }, () => ids.next());
    expect(new Set(made).size).toBe(made.length);
    expect(made).toEqual([...made].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
    expect(made.every((id) => id.length === 18 || id.length === 19)).toBe(true);
  });

  test('two processes never make the same ID in the same millisecond', () => {
    const now = () => 1_795_000_000_000;
    const one = new IdGenerator(1, now);
    const two = new IdGenerator(2, now);
    const made = Array.from({ length: 4000 }, () => [one.next(), two.next()]).flat();
    expect(new Set(made).size).toBe(8000);
  });

  test('puts the time in front, the process behind it and a counter at the end', () => {
    let now = epoch + 1;
    const ids = new IdGenerator(1024 + 7, () => now);
    expect([ids.next(), ids.next()]).toEqual([idOf(1, 7, 0), idOf(1, 7, 1)]);
    now += 2;
    expect([ids.next(), ids.next()]).toEqual([idOf(3, 7, 0), idOf(3, 7, 1)]);
  });

  test('borrows a millisecond when 4,096 were made in one, and gives it back', () => {
    let now = epoch + 1;
    const ids = new IdGenerator(7, () => now);
    const made = Array.from({ length: 4098 }, () => ids.next());
    expect(made.slice(-3)).toEqual([idOf(1, 7, 4095), idOf(2, 7, 0), idOf(2, 7, 1)]);
    now = epoch + 2;
    expect(ids.next()).toBe(idOf(2, 7, 2));
    now = epoch + 3;
    expect(ids.next()).toBe(idOf(3, 7, 0));
  });
});

test('an ID reads back as what was written', () => {
  expect(parseId('org', formatId('org', '915840612345678901'))).toBe('915840612345678901');
  for (const digits of ['1', '99', '999999999999999999', '9223372036854775807']) expect(parseId('org', `org_${digits}`)).toBe(digits);
  expect(databaseId('m2morg_915840612345678901')).toBe('915840612345678901');
});

test.each([
  'usr_1',
  'org_',
  'org_0',
  'org_01',
  'org_1a',
  'org_a1',
  'org_-1',
  'org 1',
  'organ_1',
  'ORG_1',
  'org_9223372036854775808',
  'org_99999999999999999999',
  ' org_1',
  'org_1\n',
])('%j is not an organization ID', (text) => expect(parseId('org', text)).toBeUndefined());

const prefixes = 'env org usr mem role perm dom evt whe skc sks m2morg apit msg imp sys midx opr key'.split(' ') as IdPrefix[];

/** What is said of a text that is not the ID that is wanted. */
function refusal(prefix: IdPrefix, text: string, field?: string): unknown {
  try {
    return requireId(prefix, text, field);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [error.code, error.message, error.detail.violations?.[0]?.constraint];
  }
}

test('an ID of another kind is told which it is, each by a name of its own', () => {
  const names = prefixes.map((prefix) => {
    const wanted = prefix === 'org' ? 'usr' : 'org';
    const said = refusal(wanted, `${prefix}_1`);
    expect(said).toEqual([
      'INVALID_ID',
      expect.stringMatching(
        new RegExp(`^id: this is the ID of an? [\\w ]+; the ID of an? (organization|user) begins with ${wanted}_ and has digits after it$`),
      ),
      'id',
    ]);
    return /the ID of (an? [\w ]+);/.exec(String(Object(said)[1]))?.[1];
  });
  expect(new Set(names).size).toBe(prefixes.length);
  expect(names).toEqual(expect.arrayContaining(['an organization', 'a user', 'a signing key']));
});

test('what is no ID at all is told with the field and the text', () => {
  expect(requireId('usr', 'usr_12')).toBe('12');
  const wanted = 'the ID of a user begins with usr_ and has digits after it';
  expect(refusal('usr', 'ada', 'user_id')).toEqual(['INVALID_ID', `user_id: ada is not an ID of Crosswalk; ${wanted}`, 'id']);
  expect(refusal('usr', 'usr_x')).toEqual(['INVALID_ID', `id: usr_x is not an ID of Crosswalk; ${wanted}`, 'id']);
  expect(refusal('usr', 'user_1')).toEqual(['INVALID_ID', `id: user_1 is not an ID of Crosswalk; ${wanted}`, 'id']);
});
