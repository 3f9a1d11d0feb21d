import type { SigningKey, SigningKeyState } from '@crosswalk/contract';
import type { JWK } from 'jose';
import type { Queryable } from '../database/connection.ts';
import { holdEnvironment } from '../database/hold-environment.ts';
import { formatId } from '../lib/id.ts';
import type { KeyPair } from './key-pair.ts';
import { clockTolerance, endedKeyDays } from './signing-key.ts';

interface SigningKeyRow {
  id: string;
  environment_id: string;
  kid: string;
  state: SigningKeyState;
  create_time: string;
  sign_time: string;
  retire_time: string | null;
  revoke_time: string | null;
  version: string;
}

const columns = 't.id, t.environment_id, t.kid, t.state, t.create_time, t.sign_time, t.retire_time, t.revoke_time, t.version';

/**
 * SQL: the keys with what they do now, by the clock of the database. That of the statement: a transaction that waited for its lock must not
 * decide by the time at which it began to wait.
 */
const withState = `(
  select k.*, case
    when k.revoke_time is not null then 'REVOKED'
    when k.sign_time > statement_timestamp() then 'NEXT'
    when k.retire_time is null then 'SIGNING'
    when k.retire_time > statement_timestamp() then 'VERIFYING'
    else 'RETIRED' end as state
  from (
    select k.*, n.replace_time,
      case when k.revoke_time is null and n.replace_time <= statement_timestamp()
        then greatest(n.replace_time, k.last_token_expire_time) + interval '${clockTolerance} seconds' end as retire_time
    from token_keys k cross join lateral (
      select min(n.sign_time) as replace_time from token_keys n
      where n.environment_id = k.environment_id and n.revoke_time is null and (n.sign_time, n.id) > (k.sign_time, k.id)) n) k)`;

function toSigningKey(row: SigningKeyRow): SigningKey {
  return {
    id: formatId('key', row.id),
    environment_id: formatId('env', row.environment_id),
    kid: row.kid,
    state: row.state,
    create_time: row.create_time,
    sign_time: row.sign_time,
    retire_time: row.retire_time,
    revoke_time: row.revoke_time,
    version: Number(row.version),
  };
}

/** The keys of an environment, newest first: a handful, as each signs for a while and those that ended long ago are removed. */
export async function listSigningKeys(db: Queryable, environmentId: string): Promise<SigningKey[]> {
  const { rows } = await db.query<SigningKeyRow>(
    `select ${columns} from ${withState} t where t.environment_id = $1 order by t.sign_time desc, t.id desc limit 1000`,
    [environmentId],
  );
  return rows.map(toSigningKey);
}

/** The same, locked until the transaction ends: of those who change the keys of an environment at once, one does and then the next. */
export async function lockSigningKeys(tx: Queryable, environmentId: string): Promise<SigningKey[]> {
  await holdEnvironment(tx, environmentId);
  return listSigningKeys(tx, environmentId);
}

/** A key of any environment that is at /keys. IDs are database IDs. */
export interface LiveKey {
  id: string;
  environment_id: string;
  kid: string;
  public_jwk: JWK;
  state: SigningKeyState;
}

/** The keys of all environments that are at /keys: asked about once a second by each server that has something to do. */
export async function findLiveKeys(db: Queryable): Promise<LiveKey[]> {
  const { rows } = await db.query<LiveKey>({
    name: 'find-live-keys',
    text: `select t.id, t.environment_id, t.kid, t.public_jwk, t.state from ${withState} t
           where t.state in ('NEXT', 'SIGNING', 'VERIFYING') order by t.environment_id, t.sign_time, t.id`,
  });
  return rows;
}

/** The private parts of all keys that may still sign, encrypted. */
export async function listPrivateKeys(db: Queryable): Promise<{ id: string; encrypted: Buffer }[]> {
  const { rows } = await db.query<{ id: string; encrypted: Buffer }>(
    'select id, private_key_encrypted as encrypted from token_keys where private_key_encrypted is not null and revoke_time is null',
  );
  return rows;
}

/** Encrypts the private part of a key anew, unless another server has done that. */
export async function replacePrivateKey(db: Queryable, id: string, { from, to }: { from: Buffer; to: Buffer }): Promise<void> {
  await db.query('update token_keys set private_key_encrypted = $3 where id = $1 and private_key_encrypted = $2', [id, from, to]);
}

/** Writes a key that signs after so many seconds. */
export async function insertSigningKey(
  tx: Queryable,
  environmentId: string,
  { id, kid, publicJwk, privateKeyEncrypted }: KeyPair & { id: string },
  lead: number,
): Promise<SigningKey> {
  await tx.query(
    `insert into token_keys (environment_id, id, kid, public_jwk, private_key_encrypted, create_time, sign_time)
     values ($1, $2, $3, $4, $5, statement_timestamp(), statement_timestamp() + make_interval(secs => $6))`,
    [environmentId, id, kid, JSON.stringify(publicJwk), privateKeyEncrypted, lead],
  );
  return written(tx, environmentId, id);
}

/** Lets a locked key sign from now on. */
export async function beginToSign(tx: Queryable, environmentId: string, id: string): Promise<SigningKey> {
  await tx.query('update token_keys set sign_time = statement_timestamp(), version = version + 1 where environment_id = $1 and id = $2', [
    environmentId,
    id,
  ]);
  return written(tx, environmentId, id);
}

/** Ends a locked key, and forgets its private part. */
export async function revokeSigningKey(tx: Queryable, environmentId: string, id: string): Promise<SigningKey> {
  await tx.query(
    `update token_keys set revoke_time = statement_timestamp(), private_key_encrypted = null, version = version + 1
     where environment_id = $1 and id = $2`,
    [environmentId, id],
  );
  return written(tx, environmentId, id);
}

async function written(tx: Queryable, environmentId: string, id: string): Promise<SigningKey> {
  const { rows } = await tx.query<SigningKeyRow>(`select ${columns} from ${withState} t where t.environment_id = $1 and t.id = $2`, [
    environmentId,
    id,
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error('a signing key that was written vanished');
  return toSigningKey(row);
}

/**
 * Notes that a key signs tokens that are valid until a time, or for so many seconds by the clock of the database if that is later. Gives its
 * private part, encrypted; undefined if it must not sign any more.
 */
export async function noteTokens(
  db: Queryable,
  environmentId: string,
  id: string,
  { until, lifetime }: { until: Date; lifetime: number },
): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ private_key_encrypted: Buffer }>({
    name: 'note-tokens',
    text: `update token_keys set last_token_expire_time =
             greatest(last_token_expire_time, $3, statement_timestamp() + make_interval(secs => $4))
           where environment_id = $1 and id = $2 and revoke_time is null and private_key_encrypted is not null
           returning private_key_encrypted`,
    values: [environmentId, id, until, lifetime],
  });
  return rows[0]?.private_key_encrypted;
}

/** The environments whose key has signed for so many days, and that have no next one. */
export async function findOldKeys(db: Queryable, days: number): Promise<string[]> {
  const { rows } = await db.query<{ environment_id: string }>(
    `select t.environment_id from ${withState} t
     where t.state = 'SIGNING' and t.replace_time is null and t.sign_time < statement_timestamp() - make_interval(days => $1)
     order by t.environment_id`,
    [days],
  );
  return rows.map((row) => row.environment_id);
}

/**
 * Forgets the private parts of keys that do not sign any more, and removes what ended long ago. A minute after the next one began: a server
 * that has not noticed yet may still sign with it. Gives how many rows it changed.
 */
export async function purgeSigningKeys(db: Queryable): Promise<number> {
  const forgotten = await db.query(
    `update token_keys k set private_key_encrypted = null from ${withState} t
     where k.environment_id = t.environment_id and k.id = t.id and k.private_key_encrypted is not null
       and t.replace_time < statement_timestamp() - interval '1 minute' and t.state in ('VERIFYING', 'RETIRED')`,
  );
  const removed = await db.query(
    `delete from token_keys k using ${withState} t
     where k.environment_id = t.environment_id and k.id = t.id
       and coalesce(t.revoke_time, t.retire_time) < statement_timestamp() - make_interval(days => $1)`,
    [endedKeyDays],
  );
  return (forgotten.rowCount ?? 0) + (removed.rowCount ?? 0);
}
