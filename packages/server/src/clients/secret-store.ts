import type { ClientSecret, CustomClaim } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import { isoTime } from '../lib/time.ts';
import type { ClientKind } from './client.ts';

/** Where the clients of each kind and their secrets are. Both pairs of tables have the same columns for a secret. */
const tables: Record<ClientKind, { clients: string; secrets: string }> = {
  skc: { clients: 'clients', secrets: 'client_secrets' },
  m2morg: { clients: 'organization_clients', secrets: 'organization_client_secrets' },
};

/** A secret as JSON has it; see `secretsJson`. */
export interface SecretRow {
  id: string;
  hint: string;
  create_time: string;
  last_used_time: string | null;
}

/** SQL: the secrets of client `t`, oldest first, as one JSON array for `toSecret`. IDs are text there, as a JSON number would lose their last digits. */
export function secretsJson(kind: ClientKind): string {
  return `coalesce((
    select jsonb_agg(jsonb_build_object('id', s.id::text, 'hint', s.hint, 'create_time', s.create_time, 'last_used_time', s.last_used_time) order by s.id)
    from ${tables[kind].secrets} s where s.environment_id = t.environment_id and s.client_id = t.id), '[]'::jsonb)`;
}

/** The secret as it is answered. */
export function toSecret({ id, hint, create_time, last_used_time }: SecretRow): ClientSecret {
  return {
    id: formatId('sks', id),
    hint,
    create_time: isoTime(create_time),
    last_used_time: last_used_time === null ? null : isoTime(last_used_time),
  };
}

/** Writes a new secret. */
export async function insertSecret(
  tx: Queryable,
  environmentId: string,
  kind: ClientKind,
  clientId: string,
  id: string,
  secretHash: Buffer,
  hint: string,
): Promise<void> {
  await tx.query(`insert into ${tables[kind].secrets} (environment_id, id, client_id, secret_hash, hint) values ($1, $2, $3, $4, $5)`, [
    environmentId,
    id,
    clientId,
    secretHash,
    hint,
  ]);
}

/** Removes a secret. */
export async function deleteSecret(tx: Queryable, environmentId: string, kind: ClientKind, clientId: string, id: string): Promise<void> {
  await tx.query(`delete from ${tables[kind].secrets} where environment_id = $1 and client_id = $2 and id = $3`, [
    environmentId,
    clientId,
    id,
  ]);
}

/** What is needed to grant a token. */
export interface Credential {
  environment_id: string;
  scopes: string[];
  secret_id: string;
  secret_hash: Buffer;
  /** of a client of an organization alone: what its tokens say and how long they live, in seconds */
  organization: { id: string; audience: string[]; custom_claims: CustomClaim[]; expiry: number } | null;
}

/** SQL: `organization` of a credential of client `c`. */
const organizationJson: Record<ClientKind, string> = {
  skc: 'null::jsonb',
  m2morg: `jsonb_build_object('id', c.organization_id::text, 'audience', c.audience, 'custom_claims', c.custom_claims, 'expiry', c.expiry)`,
};

/** The live secrets of a client, which names its environment; empty if there is no such client. */
export async function findCredentials(db: Queryable, kind: ClientKind, clientId: string): Promise<Credential[]> {
  const { clients, secrets } = tables[kind];
  const { rows } = await db.query<Credential>({
    name: `find-credentials-${kind}`,
    text: `select c.environment_id, c.scopes, s.id as secret_id, s.secret_hash, ${organizationJson[kind]} as organization
           from ${clients} c join ${secrets} s on s.environment_id = c.environment_id and s.client_id = c.id where c.id = $1`,
    values: [clientId],
  });
  return rows;
}

/**
 * Notes the use of a secret, at most once a minute: one write a minute is nothing, one a grant would be. The client is
 * locked first, as every change of its secrets does, and one that is being changed just now is passed over: a grant
 * must not wait for that, nor it for the grant.
 */
export async function touchSecret(
  db: Queryable,
  environmentId: string,
  kind: ClientKind,
  clientId: string,
  secretId: string,
): Promise<void> {
  const { clients, secrets } = tables[kind];
  await db.query({
    name: `touch-secret-${kind}`,
    text: `with client as (
             select c.id from ${clients} c join ${secrets} s on s.environment_id = c.environment_id and s.client_id = c.id
             where c.environment_id = $1 and c.id = $2 and s.id = $3
               and (s.last_used_time is null or s.last_used_time < now() - interval '1 minute')
             for no key update of c skip locked),
           secret as (
             update ${secrets} set last_used_time = now()
             where environment_id = $1 and client_id = $2 and id = $3 and exists (select from client))
           update ${clients} set last_used_time = now() where environment_id = $1 and id = $2 and exists (select from client)`,
    values: [environmentId, clientId, secretId],
  });
}
