import type { Environment } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import type { NewEnvironment } from './environment.ts';

interface EnvironmentRow {
  id: string;
  name: string;
  version: string;
  create_time: string;
  update_time: string;
}

const columns = 't.id, t.name, t.version, t.create_time, t.update_time';

function toEnvironment(row: EnvironmentRow): Environment {
  return {
    id: formatId('env', row.id),
    name: row.name,
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/**
 * Makes an environment. It has the roles `admin`, the default creator, and `member`, the default member, from its beginning. The unique key
 * `environments_name_key` refuses a name that is taken.
 */
export async function insertEnvironment(db: Queryable, { id, name, creatorRoleId, memberRoleId }: NewEnvironment): Promise<Environment> {
  // One statement, as each row refers to another: foreign keys are checked when all are there.
  await db.query(
    `with made as (
       insert into environments (id, name, default_creator_role_id, default_member_role_id)
       values ($1, $2, $3, $4) returning id)
     insert into roles (environment_id, id, name, display_name)
     select made.id, r.id, r.name, r.display_name
     from made cross join (values ($3::bigint, 'admin', 'Admin'), ($4::bigint, 'member', 'Member')) as r (id, name, display_name)`,
    [id, name, creatorRoleId, memberRoleId],
  );
  const [environment] = await findEnvironments(db, [id]);
  if (environment === undefined) throw new Error('an environment that was made vanished');
  return environment;
}

/** Lets one make environments until the transaction ends. Whoever reads them, refers to them or locks one does not wait. */
export async function lockEnvironments(tx: Queryable): Promise<void> {
  await tx.query('lock table environments in share row exclusive mode');
}

/** The database IDs of all environments, the oldest first: a handful, as an operator makes each. */
export async function listEnvironmentIds(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('select id from environments order by create_time, id');
  return rows.map(({ id }) => id);
}

/** Environments by database ID, by name. */
export async function findEnvironments(db: Queryable, ids: readonly string[]): Promise<Environment[]> {
  const { rows } = await db.query<EnvironmentRow>(`select ${columns} from environments t where t.id = any($1::bigint[]) order by t.name`, [
    ids,
  ]);
  return rows.map(toEnvironment);
}

/** The environments in which an operator has a role, by name. */
export async function listEnvironmentsOf(db: Queryable, operatorId: string): Promise<Environment[]> {
  const { rows } = await db.query<EnvironmentRow>(
    `select ${columns} from environments t join operator_roles r on r.environment_id = t.id where r.operator_id = $1 order by t.name`,
    [operatorId],
  );
  return rows.map(toEnvironment);
}

/** The environment, locked until the transaction ends. */
export async function lockEnvironment(tx: Queryable, id: string): Promise<Environment | undefined> {
  const { rows } = await tx.query<EnvironmentRow>(`select ${columns} from environments t where t.id = $1 for no key update`, [id]);
  return rows.map(toEnvironment)[0];
}

/** Gives a locked environment another name and raises its version. */
export async function renameEnvironment(tx: Queryable, id: string, name: string): Promise<Environment> {
  const { rows } = await tx.query<EnvironmentRow>(
    `update environments t set name = $2, version = t.version + 1, update_time = now() where t.id = $1 returning ${columns}`,
    [id, name],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a locked environment vanished');
  return toEnvironment(row);
}
