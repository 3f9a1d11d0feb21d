import type { Queryable } from '../database/connection.ts';
import { keptHours } from './idempotency.ts';

/** The stored answer to an earlier request with the same key. */
export interface StoredAnswer {
  request_hash: Buffer;
  status: number;
  body: string;
}

/**
 * Takes the key for this transaction: true if it is ours. Waits while another transaction holds it; if that
 * one commits, its answer is there. An expired key is taken over.
 */
export async function claimKey(
  tx: Queryable,
  environmentId: string,
  clientId: string,
  key: string,
  requestHash: Uint8Array,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'claim-idempotency-key',
    text: `insert into idempotency_keys as k (environment_id, client_id, key, request_hash) values ($1, $2, $3, $4)
           on conflict on constraint idempotency_keys_pkey do update
             set request_hash = excluded.request_hash, status = null, body = null, create_time = now()
             where k.create_time < now() - make_interval(hours => $5)`,
    values: [environmentId, clientId, key, requestHash, keptHours],
  });
  return rowCount === 1;
}

/** The answer stored under a key. */
export async function findAnswer(tx: Queryable, environmentId: string, clientId: string, key: string): Promise<StoredAnswer | undefined> {
  const { rows } = await tx.query<StoredAnswer>(
    `select request_hash, status, body from idempotency_keys
     where environment_id = $1 and client_id = $2 and key = $3 and status is not null`,
    [environmentId, clientId, key],
  );
  return rows[0];
}

/** Stores the answer with the effect. */
export async function storeAnswer(
  tx: Queryable,
  environmentId: string,
  clientId: string,
  key: string,
  status: number,
  body: string,
): Promise<void> {
  await tx.query('update idempotency_keys set status = $4, body = $5 where environment_id = $1 and client_id = $2 and key = $3', [
    environmentId,
    clientId,
    key,
    status,
    body,
  ]);
}

/** Removes up to 1,000 expired keys; returns how many there were. */
export async function purgeKeys(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `delete from idempotency_keys where (environment_id, client_id, key) in (
       select environment_id, client_id, key from idempotency_keys
       where create_time < now() - make_interval(hours => $1) order by create_time limit 1000)`,
    [keptHours],
  );
  return rowCount ?? 0;
}
