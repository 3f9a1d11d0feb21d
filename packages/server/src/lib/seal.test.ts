import { createDecipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { deriveKeys, SecretKeyError, seal, sealAnew, unseal } from './seal.ts';

const text = Buffer.from('a secret of a webhook');
const before = () => deriveKeys(['the key that was'], 'webhooks');
const after = () => deriveKeys(['the key that comes', 'the key that was'], 'webhooks');

test('a key is derived from the secret key for one purpose: 32 bytes, the same in all servers and releases', () => {
  const [key, ...others] = before();
  expect(Buffer.from(key).toString('hex')).toBe('844cae443568e34a0753591575782c08ea62113c4f2ea828ad56edd3311765bd');
  expect(others).toEqual([]);
  expect(deriveKeys(['the key that was'], 'signing')[0]).not.toEqual(key);
  expect(after()[1]).toEqual(key);
});

test('what is sealed is 12 bytes of nonce, 16 of tag and the text under AES-256-GCM, and never the same twice', () => {
  const sealed = seal(before(), text);
  expect(sealed.length).toBe(12 + 16 + text.length);
  const decipher = createDecipheriv('aes-256-gcm', before()[0], sealed.subarray(0, 12)).setAuthTag(sealed.subarray(12, 28));
  expect(Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()])).toEqual(text);
  expect(seal(before(), text)).not.toEqual(sealed);
});

test('what was sealed with either key opens, and is sealed anew when it was not the first', () => {
  const sealed = seal(before(), text);
  expect([unseal(before(), sealed), unseal(after(), sealed)]).toEqual([text, text]);
  const anew = sealAnew(after(), sealed);
  if (anew === undefined) throw new Error('it was sealed with the second key');
  expect(unseal([after()[0]], anew)).toEqual(text);
  expect(sealAnew(after(), anew)).toBeUndefined();
});

test('with another key, or when any bit has changed, nothing opens and the error says what to do', () => {
  const sealed = seal(before(), text);
  const [key] = deriveKeys(['the key that comes'], 'webhooks');
  const open = () => unseal([key], sealed);
  expect(open).toThrow(SecretKeyError);
  expect(open).toThrow(
    'Signing keys or secrets of webhooks in the database were encrypted with another CROSSWALK_SECRET_KEY. Start with the key this database was ' +
      'set up with; while it is being changed, with the old one as CROSSWALK_OTHER_SECRET_KEY.',
  );
  expect(open).toThrow(expect.objectContaining({ name: 'SecretKeyError', cause: expect.any(Error) }));
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const flipped = Buffer.from(sealed);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(() => unseal(before(), flipped)).toThrow(SecretKeyError);
  }
  // A tag that was cut is one that can be guessed: GCM itself takes four bytes of it.
  const nothing = seal(before(), Buffer.alloc(0));
  for (let length = 0; length < nothing.length; length += 1) {
    expect(() => unseal(before(), nothing.subarray(0, length))).toThrow(SecretKeyError);
  }
  for (const short of [0, 12, 27]) expect(() => unseal(before(), sealed.subarray(0, short))).toThrow(SecretKeyError);
});
