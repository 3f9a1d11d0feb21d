import type pg from 'pg';
import { sharedLockTimeout } from '../database/sharing.ts';
import { inTransaction } from '../database/transaction.ts';
import type { IdempotentRequest, RequestContext } from '../environments/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { IdempotentReplay } from './idempotency.ts';
import { type ClientKey, claimKeys, findAnswer, type StoredAnswer, storeAnswers } from './idempotency-store.ts';

/**
 * The transaction of every change. With an Idempotency-Key in the context, the key and the answer are
 * written in the same transaction as the effect: after a crash there are both or neither.
 *
 * Throws `IdempotentReplay` when the request was answered before, 422 IDEMPOTENCY_KEY_REUSED when the key
 * belongs to another request, and whatever `work` throws (then nothing is stored, a corrected retry runs).
 */
export async function inChange<Result>(
  pool: pg.Pool,
  context: RequestContext,
  work: (tx: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const [change] = await inChanges(pool, [{ context }], async (tx) => [await work(tx)]);
  // One change has one result: an undefined here is a Result that was meant.
  return change as Result;
}

/** A change that may share its transaction with others of its environment. */
export interface SharedChange<Result> {
  context: RequestContext;
  /** what is answered of its result, and repeated; left out: the result */
  shape?: (result: Result) => unknown;
}

/**
 * The same for several changes of one environment, whose results `work` gives in their order. Whatever stands in the way of one of several is
 * thrown, and then none was made: see `shareTransactions`.
 */
export async function inChanges<Result>(
  pool: pg.Pool,
  changes: readonly SharedChange<Result>[],
  work: (tx: pg.PoolClient) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const isShared = changes.length > 1;
  const keyed = changes.flatMap((change, index) => {
    const key = keyOf(change.context);
    return key === undefined ? [] : [{ ...key, change, index }];
  });
  const environmentId = changes[0]?.context.environmentId ?? '';
  return inTransaction(
    pool,
    async (tx) => {
      if (!(await claimKeys(tx, environmentId, keyed))) {
        const [only] = keyed;
        if (isShared || only === undefined) throw inUse();
        return replay(tx, environmentId, only);
      }
      const results = await work(tx);
      await storeAnswers(
        tx,
        environmentId,
        keyed.map(({ clientId, key, answer, change: { shape = (result) => result }, index }) => {
          // The results are as many as the changes: an undefined here is a Result that was meant.
          return { clientId, key, ...answer(shape(results[index] as Result)) };
        }),
      );
      return results;
    },
    isShared ? { lockTimeout: sharedLockTimeout } : {},
  );
}

function keyOf({ actor, idempotency }: RequestContext): (ClientKey & Pick<IdempotentRequest, 'answer'>) | undefined {
  return idempotency === undefined || actor.id === null ? undefined : { clientId: actor.id, ...idempotency };
}

/**
 * Throws what `inChange` throws of a request whose key was answered before. For what is refused before there is a transaction because of what is
 * stored now: that may have changed since the answer.
 */
export async function requireUnanswered(pool: pg.Pool, context: RequestContext): Promise<void> {
  const key = keyOf(context);
  if (key === undefined) return;
  const stored = await findAnswer(pool, context.environmentId, key.clientId, key.key);
  if (stored !== undefined) answerAgain(stored, key);
}

/** Answers a request whose key was taken before: as it was answered then, or that it cannot be. */
async function replay(tx: pg.PoolClient, environmentId: string, key: ClientKey): Promise<never> {
  const stored = await findAnswer(tx, environmentId, key.clientId, key.key);
  if (stored === undefined) throw inUse();
  return answerAgain(stored, key);
}

function answerAgain(stored: StoredAnswer, { requestHash }: ClientKey): never {
  if (!stored.request_hash.equals(requestHash)) {
    throw new ApiError('IDEMPOTENCY_KEY_REUSED', 'Idempotency-Key: was used for a request with another method, path or body');
  }
  throw new IdempotentReplay(stored);
}

function inUse(): ApiError {
  return new ApiError('RECORD_BUSY', 'Idempotency-Key: another request with this key is under way; try again in a second', {
    retryAfter: 1,
  });
}
