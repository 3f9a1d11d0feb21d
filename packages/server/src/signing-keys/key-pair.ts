import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { type DerivedKeys, deriveKeys, type SecretKeys, seal, sealAnew, unseal } from '../lib/seal.ts';

/** A private key that is ready to sign. */
export type PrivateKey = Awaited<ReturnType<typeof importJWK>>;

/** A new key pair as it is stored. */
export interface KeyPair {
  /** RFC 7638 thumbprint */
  kid: string;
  publicJwk: JWK;
  privateKeyEncrypted: Buffer;
}

/** Makes key pairs for RS256 and opens them again. Their private parts are encrypted with CROSSWALK_SECRET_KEY. */
export class KeyPairs {
  readonly #keys: DerivedKeys;

  constructor(secretKeys: SecretKeys) {
    this.#keys = deriveKeys(secretKeys, 'signing keys');
  }

  /** A new pair: about a tenth of a second of work, outside the main thread. */
  async generate(): Promise<KeyPair> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(publicJwk);
    const privateKeyEncrypted = seal(this.#keys, Buffer.from(JSON.stringify(await exportJWK(privateKey))));
    return { kid, publicJwk: { ...publicJwk, kid, alg: 'RS256', use: 'sig' }, privateKeyEncrypted };
  }

  /** The private part of a pair. Throws a `SecretKeyError` when the secret key is not the one it was encrypted with. */
  async open(privateKeyEncrypted: Uint8Array): Promise<PrivateKey> {
    const jwk: JWK = JSON.parse(unseal(this.#keys, privateKeyEncrypted).toString());
    return importJWK(jwk, 'RS256');
  }

  /** The private part encrypted with the secret key of now; undefined if it is. Throws as `open`. */
  sealAnew(privateKeyEncrypted: Uint8Array): Buffer | undefined {
    return sealAnew(this.#keys, privateKeyEncrypted);
  }
}
