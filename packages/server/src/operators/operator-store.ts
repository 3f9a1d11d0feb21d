import type { Operator, OperatorRole } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import { seenFrom } from './operator.ts';

// Operators are of the whole installation: statements that name no environment are about one operator, by ID or address.

/** An operator as the columns give them. */
export interface OperatorRow {
  id: string;
  version: string;
  email: string;
  name: string | null;
  password_change_time: string;
  create_time: string;
  update_time: string;
  last_sign_in_time: string | null;
  /** by database ID of the environment */
  roles: Record<string, OperatorRole>;
}

/** SQL: the columns of an operator, of the table `operators` under the name `t`. */
export const operatorColumns = `t.id, t.version, t.email, t.name, t.password_change_time, t.create_time, t.update_time, t.last_sign_in_time,
  coalesce((select jsonb_object_agg(r.environment_id, r.role) from operator_roles r where r.operator_id = t.id), '{}'::jsonb) as roles`;

/** The operator with all their roles. */
export function toOperator(row: OperatorRow): Operator {
  return {
    id: formatId('opr', row.id),
    email: row.email,
    name: row.name,
    roles: Object.fromEntries(Object.entries(row.roles).map(([id, role]) => [formatId('env', id), role])),
    password_change_time: row.password_change_time,
    create_time: row.create_time,
    update_time: row.update_time,
    last_sign_in_time: row.last_sign_in_time,
    version: Number(row.version),
  };
}

/** All operators with a role in the environment, oldest first; there are few, see `maxOperators`. */
export async function listOperators(db: Queryable, environmentId: string): Promise<Operator[]> {
  const { rows } = await db.query<OperatorRow>(
    `select ${operatorColumns} from operator_roles m join operators t on t.id = m.operator_id
     where m.environment_id = $1 order by t.id`,
    [environmentId],
  );
  return rows.map((row) => seenFrom(toOperator(row), environmentId));
}

/** How many operators have a role in the environment. */
export async function countOperators(db: Queryable, environmentId: string): Promise<number> {
  const { rows } = await db.query<{ count: string }>('select count(*) from operator_roles where environment_id = $1', [environmentId]);
  return Number(rows[0]?.count ?? 0);
}

/** An operator with all their roles; undefined if there is none. */
export async function findOperator(db: Queryable, id: string): Promise<Operator | undefined> {
  const { rows } = await db.query<OperatorRow>(`select ${operatorColumns} from operators t where t.id = $1`, [id]);
  return rows.map(toOperator)[0];
}

/** An operator with all their roles, locked until the transaction ends; undefined if there is none. */
export async function lockOperator(tx: Queryable, id: string): Promise<Operator | undefined> {
  const { rowCount } = await tx.query('select from operators where id = $1 for no key update', [id]);
  // A second statement: the first one's snapshot may be older than the lock.
  return rowCount === 1 ? findOperator(tx, id) : undefined;
}

/** The operator with an address, with all their roles; undefined if there is none. */
export async function findHolder(db: Queryable, emailKey: string): Promise<Operator | undefined> {
  const { rows } = await db.query<OperatorRow>(`select ${operatorColumns} from operators t where t.email_key = $1`, [emailKey]);
  return rows.map(toOperator)[0];
}

/** Whether there is any operator. */
export async function hasOperators(db: Queryable): Promise<boolean> {
  const { rowCount } = await db.query('select from operators limit 1');
  return rowCount === 1;
}

/** An operator to be written. `id` is a database ID. */
export interface NewOperator {
  id: string;
  email: string;
  emailKey: string;
  name: string | null;
  passwordHash: string;
}

/** Writes a new operator with one role in each of the environments. The unique key `operators_email_key` refuses a taken address. */
export async function insertOperator(
  tx: Queryable,
  environmentIds: readonly string[],
  role: OperatorRole,
  { id, email, emailKey, name, passwordHash }: NewOperator,
): Promise<Operator> {
  await tx.query('insert into operators (id, email, email_key, name, password_hash) values ($1, $2, $3, $4, $5)', [
    id,
    email,
    emailKey,
    name,
    passwordHash,
  ]);
  await tx.query('insert into operator_roles (environment_id, operator_id, role) select unnest($1::bigint[]), $2, $3', [
    environmentIds,
    id,
    role,
  ]);
  return written(tx, id);
}

/** What is to be changed of an operator; what is left out stays. */
export interface OperatorChange {
  name?: string | null;
  /** as it is written, and its normal form */
  email?: { address: string; key: string };
  passwordHash?: string;
}

/** Changes a locked operator and raises the version. The unique key `operators_email_key` refuses a taken address. */
export async function updateOperator(tx: Queryable, id: string, { name, email, passwordHash }: OperatorChange): Promise<Operator> {
  await tx.query(
    `update operators set version = version + 1, update_time = now(),
       name = case when $2 then $3 else name end,
       email = coalesce($5, email), email_key = coalesce($6, email_key),
       password_hash = coalesce($4, password_hash),
       password_change_time = case when $4::text is null then password_change_time else now() end
     where id = $1`,
    [id, name !== undefined, name ?? null, passwordHash ?? null, email?.address ?? null, email?.key ?? null],
  );
  return written(tx, id);
}

/** Gives a locked operator a role in the environment, or takes it away (null). Does not raise the version. */
export async function setRole(tx: Queryable, environmentId: string, id: string, role: OperatorRole | null): Promise<void> {
  if (role === null) {
    await tx.query('delete from operator_roles where environment_id = $1 and operator_id = $2', [environmentId, id]);
    return;
  }
  await tx.query(
    `insert into operator_roles (environment_id, operator_id, role) values ($1, $2, $3)
     on conflict on constraint operator_roles_pkey do update set role = excluded.role`,
    [environmentId, id, role],
  );
}

/** Removes an operator with their roles and sessions. */
export async function deleteOperator(tx: Queryable, id: string): Promise<void> {
  await tx.query('delete from operators where id = $1', [id]);
}

/** Of some environments those in which nobody but the operator is an admin. Locks the environments, so that two admins cannot both go. */
export async function findWithoutOtherAdmin(tx: Queryable, environmentIds: readonly string[], id: string): Promise<string[]> {
  await tx.query('select from environments where id = any($1::bigint[]) order by id for no key update', [environmentIds]);
  const { rows } = await tx.query<{ id: string }>(
    `select e.id from unnest($1::bigint[]) as e (id) where not exists (
       select from operator_roles r where r.environment_id = e.id and r.role = 'admin' and r.operator_id <> $2)`,
    [environmentIds, id],
  );
  return rows.map((row) => row.id);
}

async function written(tx: Queryable, id: string): Promise<Operator> {
  const operator = await findOperator(tx, id);
  if (operator === undefined) throw new Error('an operator that was written vanished');
  return operator;
}
