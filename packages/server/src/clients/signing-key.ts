import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { inTransaction } from '../database/transaction.ts';
import { deriveKey, seal, unseal } from '../lib/seal.ts';

/** A key pair that signs access tokens. `kid` is the RFC 7638 thumbprint. */
export interface SigningKey {
  kid: string;
  publicJwk: JWK;
  privateKey: Awaited<ReturnType<typeof importJWK>>;
}

/** The settings do not fit the database: the message says what to do. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError';
}

/**
 * The signing keys, newest first; makes the first one if there is none. Servers that start together make one.
 * Throws a `SecretKeyError` when the secret key is not the one they were encrypted with.
 */
export async function loadSigningKeys(pool: pg.Pool, secretKey: string): Promise<SigningKey[]> {
  const key = deriveKey(secretKey, 'signing keys');
  const stored = await findSigningKeys(pool);
  if (stored.length > 0) return Promise.all(stored.map((row) => open(row, key)));
  const made = await generate(key);
  await inTransaction(pool, async (tx) => {
    await tx.query('lock table signing_keys in exclusive mode');
    const { rowCount } = await tx.query('select from signing_keys limit 1');
    if (rowCount === 0) {
      await tx.query('insert into signing_keys (kid, public_jwk, private_key_encrypted) values ($1, $2, $3)', [
        made.kid,
        JSON.stringify(made.public_jwk),
        made.private_key_encrypted,
      ]);
    }
  });
  return Promise.all((await findSigningKeys(pool)).map((row) => open(row, key)));
}

interface SigningKeyRow {
  kid: string;
  public_jwk: JWK;
  private_key_encrypted: Buffer;
}

async function findSigningKeys(db: Queryable): Promise<SigningKeyRow[]> {
  const { rows } = await db.query<SigningKeyRow>(
    'select kid, public_jwk, private_key_encrypted from signing_keys order by create_time desc, kid',
  );
  return rows;
}

async function generate(key: Uint8Array): Promise<SigningKeyRow> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const encrypted = seal(key, Buffer.from(JSON.stringify(await exportJWK(privateKey))));
  return { kid, public_jwk: { ...publicJwk, kid, alg: 'RS256', use: 'sig' }, private_key_encrypted: encrypted };
}

async function open(row: SigningKeyRow, key: Uint8Array): Promise<SigningKey> {
  let text: string;
  try {
    text = unseal(key, row.private_key_encrypted).toString();
  } catch (cause) {
    throw new SecretKeyError(
      'The signing keys in the database were encrypted with another CROSSWALK_SECRET_KEY. Start with the key this database was set up with.',
      { cause },
    );
  }
  const jwk: JWK = JSON.parse(text);
  return { kid: row.kid, publicJwk: row.public_jwk, privateKey: await importJWK(jwk, 'RS256') };
}
