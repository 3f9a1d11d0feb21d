import { expect, test } from 'vitest';
import { ApiError } from '../lib/api-error.ts';
import { Passwords, passwordProblem, requirePassword } from './password.ts';

test('two hashes run and twenty wait; one more is told to come later, and all that waited are done', async () => {
  const passwords = new Passwords({ N: 2 ** 10, r: 8, p: 1 });
  const crowd = await Promise.allSettled(Array.from({ length: 30 }, () => passwords.hash('correct horse battery staple')));
  expect(crowd.filter(({ status }) => status === 'fulfilled')).toHaveLength(22);
  const refused = crowd.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(refused.map(({ code, detail }) => [code, detail.retryAfter])).toEqual(Array(8).fill(['RATE_LIMITED', 2]));
  expect(refused[0].message).toBe('too many people sign in at this moment; try again');
  // Salt and hash have 16 and 32 bytes, and no two hashes of a password are alike.
  const hashes = [await passwords.hash('correct horse battery staple'), await passwords.hash('correct horse battery staple')];
  for (const hash of hashes) expect(hash).toMatch(/^scrypt\$1024\$8\$1\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=$/);
  expect(new Set(hashes).size).toBe(2);
});

test('a hash that cannot be made gives its turn to the next', async () => {
  const passwords = new Passwords({ N: 2 ** 10, r: 8, p: 1 });
  const broken = 'scrypt$3$8$1$AAAA$AAAA';
  for (let attempt = 0; attempt < 3; attempt += 1) await expect(passwords.matches('x', broken)).rejects.toThrow();
  expect(await passwords.matches('x', await passwords.hash('x'))).toBe(true);
});

test('a hash is scrypt (RFC 7914 section 12), at its own cost', async () => {
  const salt = Buffer.from('NaCl').toString('base64');
  const hash = Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162', 'hex').toString('base64');
  const kept = `scrypt$1024$8$16$${salt}$${hash}`;
  const passwords = new Passwords();
  expect([await passwords.matches('password', kept), await passwords.matches('Password', kept)]).toEqual([true, false]);
});

test('without a hash a comparison takes as long as with one', async () => {
  const passwords = new Passwords({ N: 2 ** 14, r: 8, p: 1 });
  const kept = await passwords.hash('correct horse battery staple');
  const times: Record<'without' | 'with', number[]> = { without: [], with: [] };
  for (let round = 0; round < 5; round += 1) {
    for (const [which, hash] of [
      ['without', undefined],
      ['with', kept],
    ] as const) {
      const start = performance.now();
      await passwords.matches('another password', hash);
      times[which].push(performance.now() - start);
    }
  }
  // The quickest of each, some ten milliseconds: one that finds nothing to hash takes none, and a busy machine makes single ones long.
  expect(Math.min(...times.without)).toBeGreaterThan(Math.min(...times.with) / 3);
});

test('composed and decomposed letters are one password', async () => {
  const passwords = new Passwords({ N: 2 ** 10, r: 8, p: 1 });
  const kept = await passwords.hash(requirePassword('cafe\u0301 noir et blanc', 'password'));
  expect(requirePassword('cafe\u0301 noir et blanc', 'password')).toBe('caf\u00e9 noir et blanc');
  for (const password of ['cafe\u0301 noir et blanc', 'caf\u00e9 noir et blanc'])
    expect(await passwords.matches(password, kept)).toBe(true);
});

test('a password that is too short is 400 with its field', () => {
  try {
    requirePassword('short', 'new_password');
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const violation = { field: 'new_password', description: 'must have 12 to 256 characters, not 5', constraint: 'length' };
    expect([error.code, error.detail.violations]).toEqual(['INVALID_ARGUMENT', [violation]]);
  }
});

test('a hash tells its own cost: one of another cost is still compared', async () => {
  const old = await new Passwords({ N: 2 ** 10, r: 8, p: 1 }).hash('correct horse battery staple');
  const passwords = new Passwords();
  expect(await passwords.hash('correct horse battery staple')).toMatch(/^scrypt\$32768\$8\$3\$/);
  expect([await passwords.matches('correct horse battery staple', old), await passwords.matches('another password', old)]).toEqual([
    true,
    false,
  ]);
});

test('no password is that of nobody, the empty one included', async () => {
  expect(await new Passwords({ N: 2 ** 10, r: 8, p: 1 }).matches('', undefined)).toBe(false);
});

test.each([
  ['eleven chars', 'x'.repeat(11), 'must have 12 to 256 characters, not 11'],
  ['twelve', 'x'.repeat(12), undefined],
  ['twelve emoji', '\u{1f600}'.repeat(12), undefined],
  ['twelve letters whose accents count for nothing', 'e\u0301'.repeat(12), undefined],
  ['six letters with their accents apart', 'e\u0301'.repeat(6), 'must have 12 to 256 characters, not 6'],
  ['256', 'x'.repeat(256), undefined],
  ['257', 'x'.repeat(257), 'must have 12 to 256 characters, not 257'],
  ['NUL', `${'x'.repeat(12)}\0`, 'must not contain NUL'],
])('the length of a password counts in characters: %s', (_name, text, problem) => {
  expect(passwordProblem(text)).toBe(problem);
});
