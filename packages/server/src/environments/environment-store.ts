import type { Queryable } from '../database/connection.ts';

/** An isolated space of records. `id` is the database ID. */
export interface Environment {
  id: string;
  name: string;
}

/** Makes the environment unless one of that name exists; returns the one that is there then. */
export async function ensureEnvironment(db: Queryable, id: string, name: string): Promise<Environment> {
  await db.query('insert into environments (id, name) values ($1, $2) on conflict do nothing', [id, name]);
  const { rows } = await db.query<Environment>('select id, name from environments where name = $1', [name]);
  const [environment] = rows;
  if (environment === undefined) throw new Error(`environment ${name} vanished`);
  return environment;
}
