import { expect, test } from 'vitest';
import { hashSecret, hintOf, matchesHash, newSecret } from './secret.ts';

test('a secret begins with what it is and has 256 random bits', () => {
  const [one, another] = [newSecret('cwk'), newSecret('cwk')];
  expect(one).toMatch(/^cwk_[A-Za-z0-9_-]{43}$/);
  expect(one).not.toBe(another);
});

test('what is kept is the SHA-256 of the secret, which only the secret matches', () => {
  // The first example of FIPS 180-2.
  const hash = hashSecret('abc');
  expect(hash.toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect([matchesHash('abc', hash), matchesHash('abd', hash), matchesHash('', hash)]).toEqual([true, false, false]);
});

test('people tell secrets apart by their last four characters', () => {
  expect(hintOf('cwk_abcdefgh')).toBe('efgh');
});
