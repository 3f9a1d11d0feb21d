import { query } from './database.ts';

/** Organizations of one insert. */
const chunk = 10_000;

/** Database ID of organization `n`, counted from 1. Below every ID that the server makes. */
export function idOf(n: number): string {
  return String(1_000_000_000_000 + n);
}

/** Its primary external ID. */
export function externalIdOf(n: number): string {
  return `CUST-${n}`;
}

/** Its ID in the system `crm`. */
export function crmIdOf(n: number): string {
  return `003${n}`;
}

/** The primary external ID it used to have: an alias. */
export function formerIdOf(n: number): string {
  return `OLD-${n}`;
}

/**
 * Fills a migrated database with organizations 1 to `count`, the same ones each time: each with a primary external
 * ID, the ID of one system, an alias and six keys of metadata. Returns the environment they are in.
 */
export async function seedRecords(url: string, count: number): Promise<string> {
  const [environment] = await query<{ id: string }>(url, 'select id from environments');
  if (environment === undefined) throw new Error('the server made no environment');
  for (let from = 1; from <= count; from += chunk) {
    await query(
      url,
      `with made as (
         insert into organizations (environment_id, id, display_name, external_id, external_ids, region_code, metadata)
         select $1, ${idOf(0)} + n, 'Customer ' || n, 'CUST-' || n, jsonb_build_object('crm', '003' || n), 'EU', jsonb_build_object(
           'plan_type', case when n % 10 = 0 then 'enterprise' else 'team' end, 'seats', n % 500, 'trial', n % 2 = 0,
           'account_manager', 'manager' || n % 200 || '@example.com', 'renewal', '2027-01-' || lpad((1 + n % 28)::text, 2, '0'),
           'address', jsonb_build_object('city', 'City ' || n % 1000, 'country', 'DE'))
         from generate_series($2::integer, $3::integer) n returning id, id - ${idOf(0)} as n)
       insert into external_ids (environment_id, kind, system, value, record_id, alias_expire_time)
       select $1::bigint, 'organization', x.system, x.value, id, x.expire_time from made cross join lateral (values
         ('', 'CUST-' || n, null::timestamptz), ('crm', '003' || n, null), ('', 'OLD-' || n, now() + interval '30 days')
       ) x (system, value, expire_time)`,
      [environment.id, from, Math.min(from + chunk - 1, count)],
    );
  }
  await query(url, 'vacuum analyze organizations');
  await query(url, 'vacuum analyze external_ids');
  return environment.id;
}
