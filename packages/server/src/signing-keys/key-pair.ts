import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { deriveKey, seal, unseal } from '../lib/seal.ts';

/** A private key that is ready to sign. */
export type PrivateKey = Awaited<ReturnType<typeof importJWK>>;

/** A new key pair as it is stored. */
export interface KeyPair {
  /** RFC 7638 thumbprint */
  kid: string;
  publicJwk: JWK;
  privateKeyEncrypted: Buffer;
}

/** The settings do not fit the database: the message says what to do. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError';
}

/** Makes key pairs for RS256 and opens them again. Their private parts are encrypted with CROSSWALK_SECRET_KEY. */
export class KeyPairs {
  readonly #key: Uint8Array;

  constructor(secretKey: string) {
    this.#key = deriveKey(secretKey, 'signing keys');
  }

  /** A new pair: about a tenth of a second of work, outside the main thread. */
  async generate(): Promise<KeyPair> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(publicJwk);
    const privateKeyEncrypted = seal(this.#key, Buffer.from(JSON.stringify(await exportJWK(privateKey))));
    return { kid, publicJwk: { ...publicJwk, kid, alg: 'RS256', use: 'sig' }, privateKeyEncrypted };
  }

  /** The private part of a pair. Throws a `SecretKeyError` when the secret key is not the one it was encrypted with. */
  async open(privateKeyEncrypted: Uint8Array): Promise<PrivateKey> {
    let text: string;
    try {
      text = unseal(this.#key, privateKeyEncrypted).toString();
    } catch (cause) {
      throw new SecretKeyError(
        'The signing keys in the database were encrypted with another CROSSWALK_SECRET_KEY. Start with the key this database was set up with.',
        { cause },
      );
    }
    const jwk: JWK = JSON.parse(text);
    return importJWK(jwk, 'RS256');
  }
}
