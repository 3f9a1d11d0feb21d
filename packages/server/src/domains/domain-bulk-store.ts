import type { Domain, DomainType } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { NewDomain } from './domain.ts';
import { columns, type DomainRow, toDomain } from './domain-store.ts';

/** A domain that an organization is about to get. IDs are database IDs. */
export interface DomainState extends NewDomain {
  id: string;
  organizationId: string;
}

/** Who has a domain (a database ID), and as what. */
export interface DomainHolder {
  organizationId: string;
  name: string;
  type: DomainType;
}

/** Who owns domains of these names, and which of some organizations (database IDs) let in the people who have addresses there. */
export async function findDomainHolders(
  db: Queryable,
  environmentId: string,
  names: readonly string[],
  organizationIds: readonly string[],
): Promise<DomainHolder[]> {
  if (names.length === 0) return [];
  const { rows } = await db.query<{ organization_id: string; domain: string; domain_type: DomainType }>({
    name: 'find-domain-holders',
    text: `select organization_id, domain, domain_type from domains
           where environment_id = $1 and domain = any($2::text[]) and domain_type = 'ORGANIZATION_DOMAIN'
           union all
           select organization_id, domain, domain_type from domains
           where environment_id = $1 and organization_id = any($3::bigint[]) and domain = any($2::text[]) and domain_type = 'ALLOWED_EMAIL_DOMAIN'`,
    values: [environmentId, names, organizationIds],
  });
  return rows.map(({ organization_id: organizationId, domain: name, domain_type: type }) => ({ organizationId, name, type }));
}

/** All domains of some organizations (database IDs), locked until the transaction ends, in the order of IDs. */
export async function lockDomainsOf(tx: Queryable, environmentId: string, organizationIds: readonly string[]): Promise<Domain[]> {
  const { rows } = await tx.query<DomainRow>(
    `select ${columns} from domains t where t.environment_id = $1 and t.organization_id = any($2::bigint[]) order by t.id for update`,
    [environmentId, organizationIds],
  );
  return rows.map(toDomain);
}

/** Removes locked domains. */
export async function deleteDomains(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query('delete from domains where environment_id = $1 and id = any($2::bigint[])', [environmentId, ids]);
}

/** Writes new domains; a unique violation when one of them was taken meanwhile. Returns them in the order of their IDs. */
export async function insertDomains(tx: Queryable, environmentId: string, domains: readonly DomainState[]): Promise<Domain[]> {
  if (domains.length === 0) return [];
  const { rows } = await tx.query<DomainRow>({
    name: 'insert-domains',
    text: `with made as (
             insert into domains (environment_id, id, organization_id, domain, domain_type, verification_status, txt_record_secret)
             select $1, s.id, s."organizationId", s.name, s.type, s.status, s."txtSecret"
             from jsonb_to_recordset($2::jsonb) as s (id bigint, "organizationId" bigint, name text, type text, status text, "txtSecret" text)
             returning *)
           select ${columns} from made t order by t.id`,
    values: [environmentId, JSON.stringify(domains)],
  });
  return rows.map(toDomain);
}
