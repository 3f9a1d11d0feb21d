import type { SigningKey, SigningKeyAnswer, SigningKeyList } from '@crosswalk/contract';
import { segment } from './identifiers.ts';
import type { Call, CallOptions, ChangeOptions, Connection } from './request.ts';

const collection = '/api/v1/signing_keys';

/** The keys that sign the tokens of the environment. */
export class SigningKeys {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** All keys, newest first; those that ended in the last 90 days too. */
  async list(options?: CallOptions): Promise<SigningKey[]> {
    const { signing_keys: keys } = await this.#connection.call<SigningKeyList>(
      { method: 'GET', path: collection, options },
      'signing_keys',
    );
    return keys;
  }

  /** Publishes a new key, which signs from its `sign_time` on; no token becomes invalid. While one waits for that, it is the answer. */
  rotate(options?: CallOptions): Promise<SigningKey> {
    return this.#one({ method: 'POST', path: `${collection}:rotate`, options });
  }

  /** Refuses a key and every token that it signed, at once: for one that has leaked. This client gets a new token by itself. */
  revoke(id: string, options?: ChangeOptions): Promise<SigningKey> {
    return this.#one({ method: 'POST', path: `${collection}/${segment('id', id)}:revoke`, takes: 'change', options });
  }

  async #one(call: Call): Promise<SigningKey> {
    const { signing_key: key } = await this.#connection.call<SigningKeyAnswer>(call, 'signing_key');
    return key;
  }
}
