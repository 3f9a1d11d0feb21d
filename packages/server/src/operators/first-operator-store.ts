import type { Queryable } from '../database/connection.ts';

/** How long a set-up link works. Hours. */
const linkHours = 24;

/** Lets one make an operator at a time, until the transaction ends: so there is one first. Take it before any other lock. */
export async function lockSetup(tx: Queryable): Promise<void> {
  await tx.query('select from operator_setup for update');
}

/** Whether the set-up link that works now has a token with this hash. With an operator none works, however they came to be. */
export async function isSetupToken(db: Queryable, tokenHash: Buffer): Promise<boolean> {
  const { rowCount } = await db.query(
    'select from operator_setup where token_hash = $1 and expire_time > now() and not exists (select from operators)',
    [tokenHash],
  );
  return rowCount === 1;
}

/** Makes a token the one of the set-up link; null: there is no link any more. */
export async function setSetupToken(tx: Queryable, tokenHash: Buffer | null): Promise<void> {
  await tx.query('update operator_setup set token_hash = $1, expire_time = now() + make_interval(hours => $2)', [tokenHash, linkHours]);
}
