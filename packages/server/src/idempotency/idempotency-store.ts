import type { Queryable } from '../database/connection.ts';
import { keptHours } from './idempotency.ts';

/** The stored answer to an earlier request with the same key. */
export interface StoredAnswer {
  request_hash: Buffer;
  status: number;
  body: string;
  etag: string | null;
}

/** A key as a client sent it. */
export interface ClientKey {
  /** database ID */
  clientId: string;
  key: string;
  /** SHA-256 of the request */
  requestHash: Uint8Array;
}

/**
 * Takes keys for this transaction: true if all of them are ours. Waits while another transaction holds one; if that
 * one commits, its answer is there. An expired key is taken over.
 */
export async function claimKeys(tx: Queryable, environmentId: string, keys: readonly ClientKey[]): Promise<boolean> {
  if (keys.length === 0) return true;
  const { rowCount } = await tx.query({
    name: 'claim-idempotency-keys',
    text: `insert into idempotency_keys as k (environment_id, client_id, key, request_hash)
           select $1, c.client_id, c.key, c.request_hash from unnest($2::bigint[], $3::text[], $4::bytea[]) as c (client_id, key, request_hash)
           order by c.client_id, c.key collate "C"
           on conflict on constraint idempotency_keys_pkey do update
             set request_hash = excluded.request_hash, status = null, body = null, etag = null, create_time = now()
             where k.create_time < now() - make_interval(hours => $5)`,
    values: [
      environmentId,
      keys.map(({ clientId }) => clientId),
      keys.map(({ key }) => key),
      keys.map(({ requestHash }) => requestHash),
      keptHours,
    ],
  });
  return rowCount === keys.length;
}

/** The answer stored under a key, as long as it is kept. */
export async function findAnswer(db: Queryable, environmentId: string, clientId: string, key: string): Promise<StoredAnswer | undefined> {
  const { rows } = await db.query<StoredAnswer>(
    `select request_hash, status, body, etag from idempotency_keys
     where environment_id = $1 and client_id = $2 and key = $3 and status is not null
       and create_time >= now() - make_interval(hours => $4)`,
    [environmentId, clientId, key, keptHours],
  );
  return rows[0];
}

/** Stores the answers with the effects. */
export async function storeAnswers(
  tx: Queryable,
  environmentId: string,
  answers: readonly { clientId: string; key: string; status: number; body: string; etag?: string }[],
): Promise<void> {
  if (answers.length === 0) return;
  await tx.query({
    name: 'store-idempotent-answers',
    text: `update idempotency_keys k set status = a.status, body = a.body, etag = a.etag
           from unnest($2::bigint[], $3::text[], $4::int[], $5::text[], $6::text[]) as a (client_id, key, status, body, etag)
           where k.environment_id = $1 and k.client_id = a.client_id and k.key = a.key`,
    values: [
      environmentId,
      answers.map(({ clientId }) => clientId),
      answers.map(({ key }) => key),
      answers.map(({ status }) => status),
      answers.map(({ body }) => body),
      answers.map(({ etag = null }) => etag),
    ],
  });
}

/** Removes up to 1,000 expired keys; returns how many there were. One that is taken anew meanwhile is young when its lock is free, and stays. */
export async function purgeKeys(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `delete from idempotency_keys where create_time < now() - make_interval(hours => $1) and (environment_id, client_id, key) in (
       select environment_id, client_id, key from idempotency_keys
       where create_time < now() - make_interval(hours => $1) order by create_time limit 1000)`,
    [keptHours],
  );
  return rowCount ?? 0;
}
