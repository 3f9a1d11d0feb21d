import { describe, expect, test } from 'vitest';
import { formatId, IdGenerator, parseId } from './id.ts';

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
});

test('an ID reads back as what was written', () => {
  expect(parseId('org', formatId('org', '915840612345678901'))).toBe('915840612345678901');
  expect(parseId('org', 'org_9223372036854775807')).toBe('9223372036854775807');
});

test.each([
  'usr_1',
  'org_',
  'org_0',
  'org_01',
  'org_1a',
  'ORG_1',
  'org_9223372036854775808',
  'org_99999999999999999999',
  ' org_1',
  'org_1\n',
])('%j is not an organization ID', (text) => expect(parseId('org', text)).toBeUndefined());
