import type pg from 'pg';

interface Row {
  id: string;
  environment_id: string;
  display_name: string;
  external_id: string | null;
  external_ids: Record<string, string>;
  metadata: Record<string, unknown>;
  region_code: string | null;
  slug: string | null;
  logo_url: string | null;
  sso_enabled: boolean;
  dir_sync_enabled: boolean;
  default_member_role_id: string | null;
  version: string;
  create_time: Date;
  update_time: Date;
}

/** The columns of an answer, of the table under the name `o`. */
const columns =
  'o.id, o.environment_id, o.display_name, o.external_id, o.external_ids, o.metadata, o.region_code, o.slug, o.logo_url, ' +
  'o.sso_enabled, o.dir_sync_enabled, o.default_member_role_id, ' +
  'o.version, o.create_time, o.update_time';

let template: object = {};

/** Sets an organization as ours answers it: what the records of the bench all have alike is taken from it. */
export function setTemplate(organization: object): void {
  template = organization;
}

/** The organization that ours would answer for a row. */
function organizationOf(row: Row): object {
  return {
    ...template,
    id: `org_${row.id}`,
    environment_id: `env_${row.environment_id}`,
    display_name: row.display_name,
    external_id: row.external_id,
    external_ids: row.external_ids,
    metadata: row.metadata,
    region_code: row.region_code,
    slug: row.slug,
    logo_url: row.logo_url,
    settings: {
      features: [
        { name: 'sso', enabled: row.sso_enabled },
        { name: 'dir_sync', enabled: row.dir_sync_enabled },
      ],
      user_management: {},
      session_policy: { policy_source: 'APPLICATION' },
    },
    default_member_role: row.default_member_role_id,
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

interface LookedUp {
  organization: object;
  matched_by: string;
}

/** Looks an organization up by an external ID of a system (`''`: the primary one), in one prepared statement. */
export async function lookUpByExternalId(db: pg.Pool, environmentId: string, system: string, value: string): Promise<LookedUp | undefined> {
  const { rows } = await db.query<Row & { is_alias: boolean }>({
    name: 'by-external-id',
    text: `select ${columns}, x.alias_expire_time is not null as is_alias
           from external_ids x join organizations o on o.environment_id = x.environment_id and o.id = x.record_id
           where x.environment_id = $1 and x.kind = 'organization' and x.system = $2 and x.value = $3
             and (x.alias_expire_time is null or x.alias_expire_time > now())`,
    values: [environmentId, system, value],
  });
  const [row] = rows;
  return row === undefined ? undefined : { organization: organizationOf(row), matched_by: row.is_alias ? 'alias' : 'external_id' };
}

/** Looks an organization up by its ID, in one prepared statement. */
export async function lookUpById(db: pg.Pool, environmentId: string, id: string): Promise<LookedUp | undefined> {
  const { rows } = await db.query<Row>({
    name: 'by-id',
    text: `select ${columns} from organizations o where o.environment_id = $1 and o.id = $2`,
    values: [environmentId, id],
  });
  const [row] = rows;
  return row === undefined ? undefined : { organization: organizationOf(row), matched_by: 'id' };
}

interface NewOrganization {
  display_name: string;
  external_id: string;
  metadata: object;
}

/** Creates an organization and writes an event of it: two inserts in one transaction. */
export function create(db: pg.Pool, environmentId: string, id: string, body: NewOrganization): Promise<object> {
  return inTransaction(db, async (tx) => {
    const { rows } = await tx.query<Row>({
      name: 'create',
      text: `insert into organizations as o (environment_id, id, display_name, external_id, metadata) values ($1, $2, $3, $4, $5)
             returning ${columns}`,
      values: [environmentId, id, body.display_name, body.external_id, JSON.stringify(body.metadata)],
    });
    return { organization: await withEvent(tx, 'organization.created', rows[0]) };
  });
}

/** Merges metadata and writes an event of it: one update and one insert in one transaction. */
export function merge(db: pg.Pool, environmentId: string, id: string, metadata: object): Promise<object> {
  return inTransaction(db, async (tx) => {
    const { rows } = await tx.query<Row>({
      name: 'merge',
      text: `update organizations o set metadata = o.metadata || $3, version = o.version + 1, update_time = now()
             where o.environment_id = $1 and o.id = $2 returning ${columns}`,
      values: [environmentId, id, JSON.stringify(metadata)],
    });
    return { organization: await withEvent(tx, 'organization.updated', rows[0]) };
  });
}

/** Gives the organization of an external ID a name, or makes it, and writes an event of it: two statements in one transaction. */
export function upsert(db: pg.Pool, environmentId: string, newId: string, externalId: string, name: string): Promise<object> {
  return inTransaction(db, async (tx) => {
    const { rows } = await tx.query<Row>({
      name: 'upsert',
      text: `with found as (
               select record_id from external_ids where environment_id = $1 and kind = 'organization' and system = '' and value = $3)
             insert into organizations as o (environment_id, id, display_name, external_id)
             values ($1, coalesce((select record_id from found), $2), $4, $3)
             on conflict (environment_id, id) do update set display_name = $4, version = o.version + 1, update_time = now() returning ${columns}`,
      values: [environmentId, newId, externalId, name],
    });
    return { organization: await withEvent(tx, 'organization.updated', rows[0]), created: false };
  });
}

/** A page of organizations, newest first: of those before an ID, of those that have metadata, or of all. No page is counted. */
export async function list(
  db: pg.Pool,
  environmentId: string,
  size: number,
  { before, metadata }: { before?: string | undefined; metadata?: object | undefined },
): Promise<object> {
  const [name, condition, values] =
    metadata !== undefined
      ? ['list-metadata', 'and o.metadata @> $3::jsonb', [JSON.stringify(metadata)]]
      : before !== undefined
        ? ['list-before', 'and o.id < $3', [before]]
        : ['list', '', []];
  const { rows } = await db.query<Row>({
    name,
    text: `select ${columns} from organizations o where o.environment_id = $1 ${condition} order by o.id desc limit $2`,
    values: [environmentId, size, ...values],
  });
  return { organizations: rows.map(organizationOf) };
}

let lastEvent = 0;

async function withEvent(tx: pg.PoolClient, type: string, row: Row | undefined): Promise<object> {
  if (row === undefined) throw new Error('there is no such organization');
  lastEvent += 1;
  await tx.query({
    name: 'event',
    text: `insert into events (environment_id, id, type, organization_id, record_kind, record_id, record_version, external_id,
             external_ids, changed, data, actor_type, actor_id, request_id)
           values ($1, $2, $3, $4, 'organization', $4, $5, $6, $7, $8, $9, 'client', 1001, 'req_floor')`,
    values: [
      row.environment_id,
      String(lastEvent),
      type,
      row.id,
      row.version,
      row.external_id,
      JSON.stringify(row.external_ids),
      JSON.stringify({ metadata: row.metadata }),
      JSON.stringify(row),
    ],
  });
  return organizationOf(row);
}

async function inTransaction<Result>(db: pg.Pool, work: (tx: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const tx = await db.connect();
  try {
    await tx.query('begin');
    const result = await work(tx);
    await tx.query('commit');
    return result;
  } catch (error) {
    await tx.query('rollback');
    throw error;
  } finally {
    tx.release();
  }
}

/** Finds the organizations that have external IDs, in one prepared statement. */
export async function resolve(db: pg.Pool, environmentId: string, ids: string[]): Promise<object> {
  const { rows } = await db.query<{ value: string; id: string; display_name: string; external_id: string }>({
    name: 'resolve',
    text: `select x.value, o.id, o.display_name, o.external_id
           from external_ids x join organizations o on o.environment_id = x.environment_id and o.id = x.record_id
           where x.environment_id = $1 and x.kind = 'organization' and x.system = '' and x.value = any($2) and x.alias_expire_time is null`,
    values: [environmentId, ids],
  });
  const found = new Map(rows.map((row) => [row.value, row]));
  return {
    results: ids.map((value) => {
      const row = found.get(value);
      if (row === undefined) return { value, matches: [] };
      const { id, display_name, external_id } = row;
      const match = { kind: 'organization', id: `org_${id}`, system: null, external_id, display_name, matched_by: 'external_id' };
      return { value, matches: [match] };
    }),
  };
}
