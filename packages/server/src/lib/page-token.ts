import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DerivedKeys } from './seal.ts';

/** A place in a list: the page after or before the record with this database ID. */
export interface PagePosition {
  direction: 'next' | 'prev';
  id: string;
}

/**
 * Signs and reads page tokens. A token is bound to a scope, a text made of everything that must stay the
 * same from page to page (environment, route, filter): in another scope it does not verify.
 * The keys are the same in all server processes.
 */
export class PageTokens {
  readonly #keys: DerivedKeys;

  constructor(keys: DerivedKeys) {
    this.#keys = keys;
  }

  /** The token of a position: opaque, URL-safe. */
  write(scope: string, position: PagePosition): string {
    const payload = Buffer.from(`${position.direction === 'next' ? 'n' : 'p'}${position.id}`);
    return Buffer.concat([sign(this.#keys[0], scope, payload), payload]).toString('base64url');
  }

  /** The position of a token, or undefined if it was not made by `write` for this scope. */
  read(scope: string, token: string): PagePosition | undefined {
    const bytes = Buffer.from(token, 'base64url');
    // Decoding is lax (`YR` reads like `YQ`): only the one spelling that `write` makes is a token.
    if (bytes.length <= macBytes || bytes.toString('base64url') !== token) return undefined;
    const payload = bytes.subarray(macBytes);
    const mac = bytes.subarray(0, macBytes);
    if (!this.#keys.some((key) => timingSafeEqual(mac, sign(key, scope, payload)))) return undefined;
    const text = payload.toString();
    return { direction: text.startsWith('n') ? 'next' : 'prev', id: text.slice(1) };
  }
}

function sign(key: Uint8Array, scope: string, payload: Uint8Array): Buffer {
  return createHmac('sha256', key).update(scope).update('\0').update(payload).digest().subarray(0, macBytes);
}

/** 128 bits are beyond guessing and keep the token short. */
const macBytes = 16;
