import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** CROSSWALK_SECRET_KEY, and behind it CROSSWALK_OTHER_SECRET_KEY while it is being changed: the first makes, each opens. */
export type SecretKeys = readonly [string, ...string[]];

/** A key of 32 bytes derived from each secret key for one purpose. */
export type DerivedKeys = readonly [Uint8Array, ...Uint8Array[]];

/** Derives the keys for a purpose, so that no two purposes share one. */
export function deriveKeys([first, ...others]: SecretKeys, purpose: string): DerivedKeys {
  const derive = (secretKey: string) => new Uint8Array(hkdfSync('sha256', secretKey, 'crosswalk', purpose, 32));
  return [derive(first), ...others.map(derive)];
}

/** The settings do not fit the database, or the file that has the key: the message says what to do. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError';
}

/** Lengths in bytes of what stands before the sealed text: AES-256-GCM with the nonce and tag it is made for. */
const [nonceLength, tagLength] = [12, 16];

/** Encrypts with the first key: nonce, tag, text. */
export function seal([key]: DerivedKeys, text: Uint8Array): Buffer {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** What was sealed with one of the keys. Throws a `SecretKeyError` when it was another, or when a byte has changed. */
export function unseal(keys: DerivedKeys, sealed: Uint8Array): Buffer {
  return findKey(keys, sealed).text;
}

/** The same sealed with the first key; undefined if it is already. Throws as `unseal`. */
export function sealAnew(keys: DerivedKeys, sealed: Uint8Array): Buffer | undefined {
  const { key, text } = findKey(keys, sealed);
  return key === keys[0] ? undefined : seal(keys, text);
}

function findKey(keys: DerivedKeys, sealed: Uint8Array): { key: Uint8Array; text: Buffer } {
  let cause: unknown;
  for (const key of keys) {
    try {
      return { key, text: open(key, sealed) };
    } catch (error) {
      cause = error;
    }
  }
  const message =
    'Signing keys or secrets of webhooks in the database were encrypted with another CROSSWALK_SECRET_KEY. Start with the key this database was ' +
    'set up with; while it is being changed, with the old one as CROSSWALK_OTHER_SECRET_KEY.';
  throw new SecretKeyError(message, { cause });
}

function open(key: Uint8Array, sealed: Uint8Array): Buffer {
  const start = nonceLength + tagLength;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceLength), { authTagLength: tagLength });
  decipher.setAuthTag(sealed.subarray(nonceLength, start));
  return Buffer.concat([decipher.update(sealed.subarray(start)), decipher.final()]);
}
