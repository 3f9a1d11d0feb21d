import type { Client, Scope } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import { isoTime } from '../lib/time.ts';

interface ClientRow {
  id: string;
  environment_id: string;
  name: string;
  scopes: Scope[];
  create_time: string;
  last_used_time: string | null;
  secrets: { id: string; hint: string; create_time: string; last_used_time: string | null }[];
}

const columns = `t.id, t.environment_id, t.name, t.scopes, t.create_time, t.last_used_time, coalesce((
  select jsonb_agg(jsonb_build_object('id', s.id::text, 'hint', s.hint, 'create_time', s.create_time, 'last_used_time', s.last_used_time) order by s.id)
  from client_secrets s where s.environment_id = t.environment_id and s.client_id = t.id), '[]'::jsonb) as secrets`;

function toClient(row: ClientRow): Client {
  return {
    id: formatId('skc', row.id),
    environment_id: formatId('env', row.environment_id),
    name: row.name,
    scopes: row.scopes,
    secrets: row.secrets.map((secret) => ({
      id: formatId('sks', secret.id),
      hint: secret.hint,
      create_time: isoTime(secret.create_time),
      last_used_time: secret.last_used_time === null ? null : isoTime(secret.last_used_time),
    })),
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

/** All clients of an environment, oldest first: a handful, as a person makes each. */
export async function listClients(db: Queryable, environmentId: string): Promise<Client[]> {
  const { rows } = await db.query<ClientRow>(`select ${columns} from clients t where t.environment_id = $1 order by t.id limit 1000`, [
    environmentId,
  ]);
  return rows.map(toClient);
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

/** Locks the client until the transaction ends and counts its secrets; undefined if there is none. */
export async function lockClient(tx: Queryable, environmentId: string, id: string): Promise<{ secretIds: string[] } | undefined> {
  const { rowCount } = await tx.query('select from clients where environment_id = $1 and id = $2 for update', [environmentId, id]);
  if (rowCount !== 1) return undefined;
  const { rows } = await tx.query<{ id: string }>('select id from client_secrets where environment_id = $1 and client_id = $2', [
    environmentId,
    id,
  ]);
  return { secretIds: rows.map((row) => row.id) };
}

/** Writes a new secret. */
export async function insertSecret(
  tx: Queryable,
  environmentId: string,
  clientId: string,
  id: string,
  secretHash: Buffer,
  hint: string,
): Promise<void> {
  await tx.query('insert into client_secrets (environment_id, id, client_id, secret_hash, hint) values ($1, $2, $3, $4, $5)', [
    environmentId,
    id,
    clientId,
    secretHash,
    hint,
  ]);
}

/** Removes a secret. */
export async function deleteSecret(tx: Queryable, environmentId: string, clientId: string, id: string): Promise<void> {
  await tx.query('delete from client_secrets where environment_id = $1 and client_id = $2 and id = $3', [environmentId, clientId, id]);
}

/** Removes a client with its secrets; false if there is none. */
export async function deleteClient(tx: Queryable, environmentId: string, id: string): Promise<boolean> {
  const { rowCount } = await tx.query('delete from clients where environment_id = $1 and id = $2', [environmentId, id]);
  return rowCount === 1;
}

/** What is needed to grant a token. */
export interface Credential {
  environment_id: string;
  scopes: Scope[];
  secret_id: string;
  secret_hash: Buffer;
}

/** The live secrets of a client, which names its environment; empty if there is no such client. */
export async function findCredentials(db: Queryable, clientId: string): Promise<Credential[]> {
  const { rows } = await db.query<Credential>({
    name: 'find-credentials',
    text: `select c.environment_id, c.scopes, s.id as secret_id, s.secret_hash
           from clients c join client_secrets s on s.environment_id = c.environment_id and s.client_id = c.id where c.id = $1`,
    values: [clientId],
  });
  return rows;
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

/** Notes the use of a secret, at most once a minute: one write a minute is nothing, one a grant would be. */
export async function touchSecret(db: Queryable, environmentId: string, clientId: string, secretId: string): Promise<void> {
  await db.query({
    name: 'touch-secret',
    text: `with secret as (
             update client_secrets set last_used_time = now() where environment_id = $1 and client_id = $2 and id = $3
               and (last_used_time is null or last_used_time < now() - interval '1 minute') returning 1)
           update clients set last_used_time = now() where environment_id = $1 and id = $2 and exists (select from secret)`,
    values: [environmentId, clientId, secretId],
  });
}
