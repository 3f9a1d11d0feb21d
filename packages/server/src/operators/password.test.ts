import { expect, test } from 'vitest';
import { Passwords, passwordProblem } from './password.ts';

test('two hashes run and twenty wait; one more is told to come later, and all that waited are done', async () => {
  const passwords = new Passwords({ N: 2 ** 10, r: 8, p: 1 });
  const crowd = await Promise.allSettled(Array.from({ length: 30 }, () => passwords.hash('correct horse battery staple')));
  expect(crowd.filter(({ status }) => status === 'fulfilled')).toHaveLength(22);
  const refused = crowd.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(refused.map(({ code, detail }) => [code, detail.retryAfter])).toEqual(Array(8).fill(['RATE_LIMITED', 2]));
  expect(await passwords.hash('correct horse battery staple')).toMatch(/^scrypt\$1024\$8\$1\$/);
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
