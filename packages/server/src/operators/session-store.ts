import type { OperatorRole } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type OperatorRow, operatorColumns } from './operator-store.ts';
import { sessionLife } from './session.ts';

// Sessions are of the whole installation, as their operators are: they are found by the hash of their token alone.

/** What is needed to check a password. */
export interface PasswordRow {
  /** database ID */
  id: string;
  password_hash: string;
}

/** The password of the operator with an address. */
export async function findPassword(db: Queryable, emailKey: string): Promise<PasswordRow | undefined> {
  const { rows } = await db.query<PasswordRow>('select id, password_hash from operators where email_key = $1', [emailKey]);
  return rows[0];
}

/** The password of an operator. */
export async function findPasswordOf(db: Queryable, operatorId: string): Promise<PasswordRow | undefined> {
  const { rows } = await db.query<PasswordRow>('select id, password_hash from operators where id = $1', [operatorId]);
  return rows[0];
}

/** Writes a new session of an operator whose password is still the one that was checked; false if it is not. */
export async function insertSession(tx: Queryable, tokenHash: Buffer, { id, password_hash: checked }: PasswordRow): Promise<boolean> {
  const { rowCount } = await tx.query(
    `with operator as (update operators set last_sign_in_time = now() where id = $2 and password_hash = $3 returning id)
     insert into operator_sessions (token_hash, operator_id) select $1, id from operator`,
    [tokenHash, id, checked],
  );
  return rowCount === 1;
}

/** Whether an operator, who is locked, has this session still and the password that was checked. */
export async function holdsSession(tx: Queryable, tokenHash: Buffer, { id, password_hash: checked }: PasswordRow): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from operator_sessions s join operators t on t.id = s.operator_id
     where s.token_hash = $1 and t.id = $2 and t.password_hash = $3`,
    [tokenHash, id, checked],
  );
  return rowCount === 1;
}

/** A session with its operator, and the environments in which that operator has a role. */
export interface SessionRow extends OperatorRow {
  expire_time: string;
  /** Its use was noted so long ago that it is to be noted again. */
  stale: boolean;
  environments: { id: string; name: string; role: OperatorRole }[];
}

/** Use is noted this rarely, so that requests do not write. Minutes, far fewer than a session may be idle. */
const noteEvery = 5;

/** When session `s` ends unless it is used. */
const expiry = `least(s.create_time + make_interval(days => ${sessionLife.days}), s.last_used_time + make_interval(hours => ${sessionLife.idleHours}))`;

/** The session with a token that has this hash, if it is valid now. IDs in `environments` are text, as a JSON number would lose their last digits. */
export async function findSession(db: Queryable, tokenHash: Buffer): Promise<SessionRow | undefined> {
  const { rows } = await db.query<SessionRow>({
    name: 'find-operator-session',
    text: `select ${operatorColumns}, ${expiry} as expire_time, s.last_used_time < now() - make_interval(mins => ${noteEvery}) as stale,
             coalesce((select jsonb_agg(jsonb_build_object('id', e.id::text, 'name', e.name, 'role', r.role) order by e.name)
               from operator_roles r join environments e on e.id = r.environment_id where r.operator_id = t.id), '[]'::jsonb) as environments
           from operator_sessions s join operators t on t.id = s.operator_id
           where s.token_hash = $1 and ${expiry} > now()`,
    values: [tokenHash],
  });
  return rows[0];
}

/** Notes that a session is used. */
export async function touchSession(db: Queryable, tokenHash: Buffer): Promise<void> {
  await db.query('update operator_sessions set last_used_time = now() where token_hash = $1', [tokenHash]);
}

/** Ends a session. */
export async function deleteSession(db: Queryable, tokenHash: Buffer): Promise<void> {
  await db.query('delete from operator_sessions where token_hash = $1', [tokenHash]);
}

/** Ends the sessions of an operator, but for one that is spared. */
export async function deleteSessionsOf(tx: Queryable, operatorId: string, spared?: Buffer): Promise<void> {
  await tx.query('delete from operator_sessions where operator_id = $1 and token_hash is distinct from $2', [operatorId, spared ?? null]);
}

/** Removes up to 1,000 sessions that have ended by themselves; returns how many there were. */
export async function purgeSessions(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `delete from operator_sessions where token_hash in (select s.token_hash from operator_sessions s where ${expiry} <= now() limit 1000)`,
  );
  return rowCount ?? 0;
}
