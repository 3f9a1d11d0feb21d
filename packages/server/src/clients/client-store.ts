import type { Client, Scope } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import { type SecretRow, secretsJson, toSecret } from './secret-store.ts';

interface ClientRow {
  id: string;
  environment_id: string;
  name: string;
  scopes: Scope[];
  version: string;
  create_time: string;
  last_used_time: string | null;
  secrets: SecretRow[];
}

const columns = `t.id, t.environment_id, t.name, t.scopes, t.version, t.create_time, t.last_used_time, ${secretsJson('skc')} as secrets`;

function toClient(row: ClientRow): Client {
  return {
    id: formatId('skc', row.id),
    environment_id: formatId('env', row.environment_id),
    name: row.name,
    scopes: row.scopes,
    secrets: row.secrets.map(toSecret),
    version: Number(row.version),
    create_time: row.create_time,
    last_used_time: row.last_used_time,
  };
}

/** The client. */
export async function findClient(db: Queryable, environmentId: string, id: string): Promise<Client | undefined> {
  const { rows } = await db.query<ClientRow>(`select ${columns} from clients t where t.environment_id = $1 and t.id = $2`, [
    environmentId,
    id,
  ]);
  return rows.map(toClient)[0];
}

/** All clients of an environment, oldest first; there are few, see `maxClients`. */
export async function listClients(db: Queryable, environmentId: string): Promise<Client[]> {
  const { rows } = await db.query<ClientRow>(`select ${columns} from clients t where t.environment_id = $1 order by t.id`, [environmentId]);
  return rows.map(toClient);
}

/** How many clients the environment has. */
export async function countClients(db: Queryable, environmentId: string): Promise<number> {
  const { rows } = await db.query<{ count: string }>('select count(*) from clients where environment_id = $1', [environmentId]);
  return Number(rows[0]?.count ?? 0);
}

/** Whether the environment has any client. */
export async function hasClients(db: Queryable, environmentId: string): Promise<boolean> {
  const { rowCount } = await db.query('select from clients where environment_id = $1 limit 1', [environmentId]);
  return rowCount === 1;
}

/** Writes a new client without secrets. */
export async function insertClient(
  tx: Queryable,
  environmentId: string,
  id: string,
  name: string,
  scopes: readonly Scope[],
): Promise<void> {
  await tx.query('insert into clients (environment_id, id, name, scopes) values ($1, $2, $3, $4)', [environmentId, id, name, scopes]);
}

/** The client, locked until the transaction ends; undefined if there is none. */
export async function lockClient(tx: Queryable, environmentId: string, id: string): Promise<Client | undefined> {
  const { rowCount } = await tx.query('select from clients where environment_id = $1 and id = $2 for update', [environmentId, id]);
  // A second statement: the secrets as the first one's snapshot has them may be older than the lock.
  return rowCount === 1 ? findClient(tx, environmentId, id) : undefined;
}

/** Raises the version of a locked client. */
export async function raiseClient(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('update clients set version = version + 1 where environment_id = $1 and id = $2', [environmentId, id]);
}

/** Removes a client with its secrets. */
export async function deleteClient(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('delete from clients where environment_id = $1 and id = $2', [environmentId, id]);
}

/** The scopes a client has now, or undefined when it was revoked. */
export async function findScopes(db: Queryable, environmentId: string, clientId: string): Promise<Scope[] | undefined> {
  const { rows } = await db.query<{ scopes: Scope[] }>({
    name: 'find-scopes',
    text: 'select scopes from clients where environment_id = $1 and id = $2',
    values: [environmentId, clientId],
  });
  return rows[0]?.scopes;
}
