import type pg from 'pg';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { IdempotentReplay } from './idempotency.ts';
import { claimKey, findAnswer, storeAnswer } from './idempotency-store.ts';

/**
 * The transaction of every change. With an Idempotency-Key in the context, the key and the answer are
 * written in the same transaction as the effect: after a crash there are both or neither.
 *
 * Throws `IdempotentReplay` when the request was answered before, 422 IDEMPOTENCY_KEY_REUSED when the key
 * belongs to another request, and whatever `work` throws (then nothing is stored, a corrected retry runs).
 */
export function inChange<Result>(pool: pg.Pool, context: RequestContext, work: (tx: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const { environmentId, actor, idempotency } = context;
  if (idempotency === undefined || actor.id === null) return inTransaction(pool, work);
  const clientId = actor.id;
  return inTransaction(pool, async (tx) => {
    if (!(await claimKey(tx, environmentId, clientId, idempotency.key, idempotency.requestHash))) {
      const stored = await findAnswer(tx, environmentId, clientId, idempotency.key);
      if (stored === undefined) throw new ApiError('RECORD_BUSY', 'the key is in use by another request; try again', { retryAfter: 1 });
      if (!stored.request_hash.equals(idempotency.requestHash)) {
        throw new ApiError('IDEMPOTENCY_KEY_REUSED', 'Idempotency-Key: was used for a request with another method, path or body');
      }
      throw new IdempotentReplay(stored.status, stored.body);
    }
    const result = await work(tx);
    const { status, body } = idempotency.answer(result);
    await storeAnswer(tx, environmentId, clientId, idempotency.key, status, body);
    return result;
  });
}
