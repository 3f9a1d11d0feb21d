import type { CustomClaim, OrganizationClient } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { formatId } from '../lib/id.ts';
import type { OrganizationClientFields } from './organization-client.ts';
import { type SecretRow, secretsJson, toSecret } from './secret-store.ts';

interface OrganizationClientRow {
  id: string;
  organization_id: string;
  name: string | null;
  description: string | null;
  scopes: string[];
  audience: string[];
  custom_claims: CustomClaim[];
  expiry: number;
  secrets: SecretRow[];
  version: string;
  create_time: string;
  update_time: string;
  last_used_time: string | null;
}

const columns =
  't.id, t.organization_id, t.name, t.description, t.scopes, t.audience, t.custom_claims, t.expiry, t.version, ' +
  `t.create_time, t.update_time, t.last_used_time, ${secretsJson('m2morg')} as secrets`;

function toOrganizationClient(row: OrganizationClientRow): OrganizationClient {
  return {
    client_id: formatId('m2morg', row.id),
    organization_id: formatId('org', row.organization_id),
    name: row.name,
    description: row.description,
    scopes: row.scopes,
    audience: row.audience,
    custom_claims: row.custom_claims,
    expiry: row.expiry,
    secrets: row.secrets.map(toSecret),
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
    last_used_time: row.last_used_time,
  };
}

/** The client of an organization; undefined if it has no such client. */
export async function findOrganizationClient(
  db: Queryable,
  environmentId: string,
  organizationId: string,
  id: string,
): Promise<OrganizationClient | undefined> {
  const { rows } = await db.query<OrganizationClientRow>({
    name: 'find-organization-client',
    text: `select ${columns} from organization_clients t where t.environment_id = $1 and t.organization_id = $2 and t.id = $3`,
    values: [environmentId, organizationId, id],
  });
  return rows.map(toOrganizationClient)[0];
}

/**
 * The client of an organization, locked with its secrets until the transaction ends. Read by a second statement: the one
 * that waits for the lock sees the secrets as they were before it waited.
 */
export async function lockOrganizationClient(
  tx: Queryable,
  environmentId: string,
  organizationId: string,
  id: string,
): Promise<OrganizationClient | undefined> {
  const { rowCount } = await tx.query(
    'select from organization_clients where environment_id = $1 and organization_id = $2 and id = $3 for update',
    [environmentId, organizationId, id],
  );
  return rowCount === 1 ? findOrganizationClient(tx, environmentId, organizationId, id) : undefined;
}

/** Writes a new client without secrets. */
export async function insertOrganizationClient(
  tx: Queryable,
  environmentId: string,
  organizationId: string,
  id: string,
  fields: OrganizationClientFields,
): Promise<void> {
  await tx.query(
    `insert into organization_clients (environment_id, organization_id, id, name, description, scopes, audience, custom_claims, expiry)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [environmentId, organizationId, id, ...fieldValues(fields)],
  );
}

/** Sets the fields of a locked client and raises its version; undefined if that changes nothing. */
export async function updateOrganizationClient(
  tx: Queryable,
  environmentId: string,
  organizationId: string,
  id: string,
  fields: OrganizationClientFields,
): Promise<OrganizationClient | undefined> {
  const { rows } = await tx.query<OrganizationClientRow>(
    `update organization_clients t set name = $4, description = $5, scopes = $6, audience = $7, custom_claims = $8, expiry = $9,
       version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.organization_id = $2 and t.id = $3
       and (t.name, t.description, t.scopes, t.audience, t.custom_claims, t.expiry)
         is distinct from ($4, $5, $6::text[], $7::text[], $8::jsonb, $9)
     returning ${columns}`,
    [environmentId, organizationId, id, ...fieldValues(fields)],
  );
  return rows.map(toOrganizationClient)[0];
}

function fieldValues({ name, description, scopes, audience, custom_claims, expiry }: OrganizationClientFields): unknown[] {
  return [name, description, scopes, audience, JSON.stringify(custom_claims), expiry];
}

/** Raises the version of a locked client whose secrets have changed, and returns it as it is now. */
export async function raiseOrganizationClient(
  tx: Queryable,
  environmentId: string,
  organizationId: string,
  id: string,
): Promise<OrganizationClient> {
  const { rows } = await tx.query<OrganizationClientRow>(
    `update organization_clients t set version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.organization_id = $2 and t.id = $3 returning ${columns}`,
    [environmentId, organizationId, id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a locked client vanished');
  return toOrganizationClient(row);
}

/** Removes a client with its secrets. */
export async function deleteOrganizationClient(tx: Queryable, environmentId: string, organizationId: string, id: string): Promise<void> {
  await tx.query('delete from organization_clients where environment_id = $1 and organization_id = $2 and id = $3', [
    environmentId,
    organizationId,
    id,
  ]);
}

/** Removes up to 1,000 clients of an organization with their secrets, and returns them; none when all are gone. */
export async function deleteSomeOrganizationClients(
  tx: Queryable,
  environmentId: string,
  organizationId: string,
): Promise<OrganizationClient[]> {
  // Locked first, as `lockOrganizationClient` does: the statement that waits sees the secrets as they were before it waited.
  const locked = await tx.query<{ id: string }>(
    'select id from organization_clients where environment_id = $1 and organization_id = $2 order by id limit 1000 for update',
    [environmentId, organizationId],
  );
  const { rows } = await tx.query<OrganizationClientRow>(
    `delete from organization_clients t where t.environment_id = $1 and t.id = any($2::bigint[]) returning ${columns}`,
    [environmentId, locked.rows.map(({ id }) => id)],
  );
  return rows.map(toOrganizationClient);
}

/** One page of the clients of an organization, newest first. */
export async function listOrganizationClients(
  db: Queryable,
  environmentId: string,
  organizationId: string,
  request: PageRequest,
): Promise<Page<OrganizationClient>> {
  const page = await selectPage<OrganizationClientRow>(
    db,
    {
      columns,
      table: 'organization_clients',
      where: 't.environment_id = $1 and t.organization_id = $2',
      values: [environmentId, organizationId],
      indexed: false,
    },
    request,
  );
  return { ...page, items: page.items.map(toOrganizationClient) };
}
