import pg from 'pg';
import { query } from './database.ts';
import { idOf } from './records.ts';

/** Records of each kind of one insert. */
const chunk = 50_000;

/** Records that have the same value of `group`, are of a rare status, or are below a number, however many there are. */
export const groupSize = 50;

/** Members of an ordinary organization. */
const members = 10;

/** Database IDs of users and memberships: in ranges of their own, as IDs are unique across kinds. */
export function userIdOf(n: number): string {
  return String(1_200_000_000_000 + n);
}

/** Its address. */
export function emailOf(n: number): string {
  return `person-${n}@example.com`;
}

/** The organization that user `n` is a member of, of `count`. */
export function organizationOf(n: number, count: number): number {
  return 1 + (n % Math.max(1, Math.floor(count / members)));
}

const tables = ['organizations', 'users', 'memberships', 'external_ids'];

/**
 * Fills a migrated, empty database with `count` organizations, as many users, and their memberships: the same ones each time. Each organization
 * and user has a primary external ID, the ID of one system, an alias and six keys of metadata. A user is a member of an organization of ten;
 * every tenth is also one of the largest, which is the last. Returns the environment they are in.
 *
 * The rows go straight into the tables, and indexes that no constraint needs are built when they are there, which is quicker.
 */
export async function seedDirectory(url: string, count: number): Promise<string> {
  const [environment] = await query<{ id: string }>(url, 'select id from environments');
  if (environment === undefined) throw new Error('the server made no environment');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("set synchronous_commit = off; set maintenance_work_mem = '512MB'; set work_mem = '64MB'");
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select quote_ident(i.indexname) as name, i.indexdef as definition from pg_indexes i
       where i.schemaname = 'public' and i.tablename = any($1) and not exists (select from pg_constraint c where c.conname = i.indexname)`,
      [tables],
    );
    for (const { name } of indexes) await client.query(`drop index ${name}`);
    for (let from = 1; from <= count; from += chunk) {
      const values = [environment.id, from, Math.min(from + chunk - 1, count), Math.max(1, Math.floor(count / groupSize))];
      for (const [kind, table, columns, own] of [
        ['organization', 'organizations', 'display_name', "'Customer ' || n"],
        ['user', 'users', 'email, email_key', "'person-' || n || '@example.com', 'person-' || n || '@example.com'"],
      ] as const) {
        const first = kind === 'organization' ? idOf(0) : userIdOf(0);
        await client.query(
          `with made as (
             insert into ${table} (environment_id, id, ${columns}, external_id, external_ids, metadata)
             select $1, ${first} + n, ${own}, 'CUST-' || n, jsonb_build_object('crm', '003' || n), jsonb_build_object(
               'plan_type', case when n % 10 = 0 then 'enterprise' else 'team' end, 'seats', n % 500, 'number', n, 'group', 'g' || n % $4::integer,
               'account_manager', 'manager' || n % 200 || '@example.com',
               'address', jsonb_build_object('city', 'City ' || n % 1000, 'country', 'DE'))
             from generate_series($2::integer, $3::integer) n returning id, id - ${first} as n)
           insert into external_ids (environment_id, kind, system, value, record_id, alias_expire_time)
           select $1::bigint, '${kind}', x.system, x.value, id, x.expire_time from made cross join lateral (values
             ('', 'CUST-' || n, null::timestamptz), ('crm', '003' || n, null), ('', 'OLD-' || n, now() + interval '30 days')
           ) x (system, value, expire_time)`,
          values,
        );
      }
    }
    // A rare status is spread over all of them, as it is in life.
    await client.query(
      `insert into memberships (environment_id, id, organization_id, user_id, status, roles, join_time)
       select $1, m.id, ${idOf(0)} + m.organization, ${userIdOf(0)} + m.n, case when m.n % $3 = 0 then 'INACTIVE' else 'ACTIVE' end, '{member}', now()
       from (select n, 1 + n % $4::integer as organization, 1400000000000 + n as id from generate_series(1, $2::integer) n
             union all select n, $2::integer, 1500000000000 + n from generate_series(1, $2::integer) n where n % 10 = 0) m
       on conflict do nothing`,
      [environment.id, count, Math.max(1, Math.floor(count / groupSize)), Math.max(1, Math.floor(count / members))],
    );
    for (const { definition } of indexes) await client.query(definition);
    for (const table of tables) await client.query(`vacuum (analyze) ${table}`);
    await client.query(
      `insert into system_counts (environment_id, kind, system, count)
       select $1, kind, system, $2 from (values ('organization'), ('user')) k (kind) cross join (values (''), ('crm')) s (system)
       on conflict (environment_id, kind, system) do update set count = excluded.count`,
      [environment.id, count],
    );
    // Written last: where there is a count, all is there.
    await client.query(
      `insert into record_counts (environment_id, kind, count) values
         ($1, 'organization', $2), ($1, 'user', $2), ($1, 'membership', (select count(*) from memberships where environment_id = $1))
       on conflict (environment_id, kind) do update set count = excluded.count`,
      [environment.id, count],
    );
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
  return environment.id;
}
