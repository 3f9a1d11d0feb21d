import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** A key derived from CROSSWALK_SECRET_KEY for one purpose, so that no two purposes share one. 32 bytes. */
export function deriveKey(secretKey: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secretKey, 'crosswalk', purpose, 32));
}

/** Lengths in bytes of what stands before the sealed text: AES-256-GCM with the nonce and tag it is made for. */
const [nonceLength, tagLength] = [12, 16];

/** Encrypts with a key of `deriveKey`: nonce, tag, text. */
export function seal(key: Uint8Array, text: Uint8Array): Buffer {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** What was sealed with this key. Throws when it was another, or when a byte has changed. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Buffer {
  const start = nonceLength + tagLength;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceLength), { authTagLength: tagLength });
  decipher.setAuthTag(sealed.subarray(nonceLength, start));
  return Buffer.concat([decipher.update(sealed.subarray(start)), decipher.final()]);
}
