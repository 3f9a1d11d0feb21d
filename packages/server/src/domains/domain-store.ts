import type { Domain, DomainType } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import { type NewDomain, type NumberedPage, txtRecordKey } from './domain.ts';

export interface DomainRow {
  id: string;
  environment_id: string;
  organization_id: string;
  domain: string;
  domain_type: DomainType;
  verification_status: Domain['verification_status'];
  txt_record_secret: string | null;
  version: string;
  create_time: string;
  update_time: string;
}

/** SQL: what `toDomain` reads of a domain `t`. */
export const columns =
  't.id, t.environment_id, t.organization_id, t.domain, t.domain_type, t.verification_status, t.txt_record_secret, ' +
  't.version, t.create_time, t.update_time';

/** The domain of a row of `columns`. */
export function toDomain(row: DomainRow): Domain {
  return {
    id: formatId('dom', row.id),
    environment_id: formatId('env', row.environment_id),
    organization_id: formatId('org', row.organization_id),
    domain: row.domain,
    domain_type: row.domain_type,
    verification_status: row.verification_status,
    verification_method: row.txt_record_secret === null ? 'NOT_APPLICABLE' : 'DNS',
    txt_record_key: row.txt_record_secret === null ? null : txtRecordKey(row.domain),
    txt_record_secret: row.txt_record_secret,
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/** A domain of an organization; undefined if there is none. */
export async function findDomain(db: Queryable, environmentId: string, organizationId: string, id: string): Promise<Domain | undefined> {
  const { rows } = await db.query<DomainRow>({
    name: 'find-domain',
    text: `select ${columns} from domains t where t.environment_id = $1 and t.id = $3 and t.organization_id = $2`,
    values: [environmentId, organizationId, id],
  });
  return rows.map(toDomain)[0];
}

/** A domain of an organization, locked until the transaction ends; undefined if there is none. */
export async function lockDomain(tx: Queryable, environmentId: string, organizationId: string, id: string): Promise<Domain | undefined> {
  const { rows } = await tx.query<DomainRow>({
    name: 'lock-domain',
    text: `select ${columns} from domains t where t.environment_id = $1 and t.id = $3 and t.organization_id = $2 for update`,
    values: [environmentId, organizationId, id],
  });
  return rows.map(toDomain)[0];
}

/** SQL: within what a name is unique, by type; the predicates are those of the indexes. */
const uniqueness: Record<DomainType, { key: string; where: string; holder: string }> = {
  ORGANIZATION_DOMAIN: {
    key: '(environment_id, domain)',
    where: "domain_type = 'ORGANIZATION_DOMAIN'",
    holder: 't.environment_id = $1 and t.domain = $2',
  },
  ALLOWED_EMAIL_DOMAIN: {
    key: '(environment_id, organization_id, domain)',
    where: "domain_type = 'ALLOWED_EMAIL_DOMAIN'",
    holder: 't.environment_id = $1 and t.domain = $2 and t.organization_id = $3',
  },
};

/** Writes a new domain; undefined if it is taken. */
export async function insertDomain(
  tx: Queryable,
  environmentId: string,
  id: string,
  organizationId: string,
  { name, type, status, txtSecret }: NewDomain,
): Promise<Domain | undefined> {
  const { key, where } = uniqueness[type];
  const { rows } = await tx.query<DomainRow>(
    `insert into domains as t (environment_id, id, organization_id, domain, domain_type, verification_status, txt_record_secret)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict ${key} where ${where} do nothing returning ${columns}`,
    [environmentId, id, organizationId, name, type, status, txtSecret],
  );
  return rows.map(toDomain)[0];
}

/** The domain in the way of one that could not be written. */
export async function findDomainHolder(
  db: Queryable,
  environmentId: string,
  organizationId: string,
  { name, type }: NewDomain,
): Promise<Domain | undefined> {
  const { where, holder } = uniqueness[type];
  const { rows } = await db.query<DomainRow>(
    `select ${columns} from domains t where ${holder} and ${where}`,
    type === 'ORGANIZATION_DOMAIN' ? [environmentId, name] : [environmentId, name, organizationId],
  );
  return rows.map(toDomain)[0];
}

/** Sets what is known of a locked domain and raises its version; undefined if that changes nothing. */
export async function setVerificationStatus(
  tx: Queryable,
  environmentId: string,
  id: string,
  status: Domain['verification_status'],
): Promise<Domain | undefined> {
  const { rows } = await tx.query<DomainRow>(
    `update domains t set verification_status = $3, version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.id = $2 and t.verification_status <> $3 returning ${columns}`,
    [environmentId, id, status],
  );
  return rows.map(toDomain)[0];
}

/** Removes one domain. */
export async function deleteDomain(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('delete from domains where environment_id = $1 and id = $2', [environmentId, id]);
}

/** Removes up to 1,000 domains of an organization and returns them; none when all are gone. */
export async function deleteSomeDomains(tx: Queryable, environmentId: string, organizationId: string): Promise<Domain[]> {
  const { rows } = await tx.query<DomainRow>({
    name: 'delete-some-domains',
    text: `delete from domains t using (
             select id from domains where environment_id = $1 and organization_id = $2 order by id limit 1000) ended
           where t.environment_id = $1 and t.id = ended.id returning ${columns}`,
    values: [environmentId, organizationId],
  });
  return rows.map(toDomain);
}

/** Counting stops here, as in every list. */
const countLimit = 10_000;

/** One page of the domains of an organization, newest first, and how many there are. */
export async function listDomains(
  db: Queryable,
  environmentId: string,
  organizationId: string,
  type: DomainType | undefined,
  { size, number }: NumberedPage,
): Promise<{ domains: Domain[]; total: number; totalIsFloor: boolean }> {
  const where = `t.environment_id = $1 and t.organization_id = $2${type === undefined ? '' : ' and t.domain_type = $3'}`;
  const values = [environmentId, organizationId, ...(type === undefined ? [] : [type])];
  const counted = await db.query<{ count: string }>(
    `select count(*) from (select from domains t where ${where} limit ${countLimit + 1}) matches`,
    values,
  );
  const { rows } = await db.query<DomainRow>(
    `select ${columns} from domains t where ${where} order by t.id desc limit ${size} offset ${size * number}`,
    values,
  );
  const found = Number(counted.rows[0]?.count ?? 0);
  return { domains: rows.map(toDomain), total: Math.min(found, countLimit), totalIsFloor: found > countLimit };
}
