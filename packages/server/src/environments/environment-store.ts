import type { Queryable } from '../database/connection.ts';

/** An isolated space of records. `id` is the database ID. */
export interface Environment {
  id: string;
  name: string;
}

/**
 * Makes the environment unless one of that name exists; returns the one that is there then. It has the roles `admin`, the
 * default creator, and `member`, the default member, from its beginning: their IDs follow its own.
 */
export async function ensureEnvironment(db: Queryable, id: string, name: string): Promise<Environment> {
  // One statement, as each row refers to another: foreign keys are checked when all are there.
  await db.query(
    `with made as (
       insert into environments (id, name, default_creator_role_id, default_member_role_id)
       values ($1::bigint, $2, $1::bigint + 1, $1::bigint + 2) on conflict do nothing returning id)
     insert into roles (environment_id, id, name, display_name)
     select made.id, made.id + r.place, r.name, r.display_name
     from made cross join (values (1, 'admin', 'Admin'), (2, 'member', 'Member')) as r (place, name, display_name)`,
    [id, name],
  );
  const { rows } = await db.query<Environment>('select id, name from environments where name = $1', [name]);
  const [environment] = rows;
  if (environment === undefined) throw new Error(`environment ${name} vanished`);
  return environment;
}

/** The database IDs of all environments: a handful, as an operator makes each. */
export async function listEnvironmentIds(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>('select id from environments order by id');
  return rows.map(({ id }) => id);
}
