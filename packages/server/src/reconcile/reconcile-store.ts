import { type RecordKind, reconcileLimits } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { tableOf } from '../database/record-tables.ts';
import { externalIdJoin } from '../external-ids/index.ts';
import type { Entry } from './reconcile.ts';

/** The kind of record and the system whose IDs a list has (`primarySystem` for the primary one). */
export interface Subject {
  kind: RecordKind;
  system: string;
}

/** The record that an entry leads to. IDs are database IDs. */
export interface Link {
  /** place among the entries asked for */
  n: number;
  recordId: string;
  isAlias: boolean;
  /** the record's ID of the system now */
  currentId: string | null;
  /** fields that differ: `name`, `email`, `metadata.KEY` */
  differing: string[];
}

/** SQL: the ID of the system `$2` that a record `t` has. */
const currentId = "case when $2 = '' then t.external_id else t.external_ids ->> $2 end";

/** SQL: what people call a record `t`. */
const displayName: Record<RecordKind, string> = { organization: 't.display_name', user: 't.email' };
/** SQL: what is compared with the name of an entry. */
const comparedName: Record<RecordKind, string> = { organization: 't.display_name', user: "t.profile ->> 'name'" };

/** SQL: entries as rows `k`: system ID, name, address key, metadata as they should be. What an entry does not tell has no row in `told`. */
const entryRows =
  'unnest($3::text[], $4::boolean[], $5::text[], $6::boolean[], $7::text[], $8::text[]) with ordinality as k (value, tells_name, name, tells_email, email, metadata, n)';

/** SQL: what an entry `k` leads to, as `x`. */
const entryLink = (kind: RecordKind) => externalIdJoin(kind, { environmentId: '$1', system: '$2', value: 'k.value' });

function entryColumns(entries: readonly Entry[]): unknown[] {
  return [
    entries.map(({ id }) => id),
    entries.map(({ name }) => name !== undefined),
    entries.map(({ name }) => name ?? null),
    entries.map(({ email }) => email !== undefined),
    // An address that nobody can have differs from everybody's.
    entries.map(({ email, emailKey }) => emailKey ?? email ?? null),
    entries.map(({ metadata }) => (Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata))),
  ];
}

/** SQL: the fields in which an entry `k` and its record `t` differ, as rows of name and both sides as JSON. */
function differences(kind: RecordKind): string {
  const email =
    kind === 'user'
      ? "union all select 'email', to_jsonb(t.email), to_jsonb(k.email) where k.tells_email and t.email_key is distinct from k.email"
      : '';
  return `(select 'name' as field, to_jsonb(${comparedName[kind]}) as here, to_jsonb(k.name) as there
      where k.tells_name and ${comparedName[kind]} is distinct from k.name
    ${email}
    union all
    select 'metadata.' || f.key, t.metadata -> f.key, nullif(f.value, 'null'::jsonb) from jsonb_each(k.metadata::jsonb) f
      where (t.metadata -> f.key) is distinct from nullif(f.value, 'null'::jsonb)) d`;
}

/** The record each entry leads to, in one statement. */
export async function findLinks(
  db: Queryable,
  environmentId: string,
  { kind, system }: Subject,
  entries: readonly Entry[],
): Promise<Link[]> {
  const { rows } = await db.query<{ n: string; record_id: string; is_alias: boolean; current_id: string | null; differing: string[] }>(
    `select k.n, x.record_id, x.is_alias, ${currentId} as current_id, array(select d.field from ${differences(kind)} order by d.field) as differing
     from ${entryRows}
     join ${entryLink(kind)} on true
     join lateral (select * from ${tableOf[kind]} where environment_id = $1 and id = x.record_id limit 1) t on true
     order by k.n`,
    [environmentId, system, ...entryColumns(entries)],
  );
  return rows.map((row) => ({
    n: Number(row.n) - 1,
    recordId: row.record_id,
    isAlias: row.is_alias,
    currentId: row.current_id,
    differing: row.differing,
  }));
}

/** What a field of a record and of an entry hold. */
export type Sides = Record<string, { here: unknown; there: unknown }>;

/** In what some entries, of which each leads to a record, differ from it: for the few that are shown. */
export async function findDifferences(
  db: Queryable,
  environmentId: string,
  { kind, system }: Subject,
  entries: readonly Entry[],
): Promise<Sides[]> {
  if (entries.length === 0) return [];
  const { rows } = await db.query<{ n: string; field: string; here: unknown; there: unknown }>(
    `select k.n, d.field, d.here, d.there from ${entryRows}
     join ${entryLink(kind)} on true
     join lateral (select * from ${tableOf[kind]} where environment_id = $1 and id = x.record_id limit 1) t on true
     join lateral ${differences(kind)} on true
     order by k.n, d.field`,
    [environmentId, system, ...entryColumns(entries)],
  );
  const sides: Sides[] = entries.map(() => ({}));
  for (const { n, field, here, there } of rows) {
    const of = sides[Number(n) - 1];
    // The address as that system has it, not the key that it was compared by.
    if (of !== undefined) of[field] = { here, there: field === 'email' ? (entries[Number(n) - 1]?.email ?? null) : there };
  }
  return sides;
}

/** A record that has an ID of the system which the list does not have. `recordId` is a database ID. */
export interface Unlisted {
  recordId: string;
  value: string;
  name: string;
}

/** Records with an ID of the system that is not among `listed`, but for some records: how many, and the first by their ID there. */
export async function findUnlisted(
  db: Queryable,
  environmentId: string,
  { kind, system }: Subject,
  listed: readonly string[],
  except: readonly string[],
): Promise<{ total: number; first: Unlisted[] }> {
  const { rows } = await db.query<{ total: string; record_id: string; value: string; name: string }>(
    `with unlisted as materialized (
       select x.record_id, x.value from external_ids x
       where x.environment_id = $1 and x.kind = '${kind}' and x.system = $2 and x.alias_expire_time is null
         and not exists (select from unnest($3::text[]) as l (value) where l.value = x.value)
         and not exists (select from unnest($4::bigint[]) as e (id) where e.id = x.record_id))
     select (select count(*) from unlisted) as total, u.record_id, u.value, ${displayName[kind]} as name
     from (select * from unlisted order by value limit ${reconcileLimits.shown}) u
     join lateral (select * from ${tableOf[kind]} where environment_id = $1 and id = u.record_id limit 1) t on true
     order by u.value`,
    [environmentId, system, listed, except],
  );
  return {
    total: Number(rows[0]?.total ?? 0),
    first: rows.map((row) => ({ recordId: row.record_id, value: row.value, name: row.name })),
  };
}

/** A record that an entry may mean. IDs are database IDs. */
export interface Suggestion {
  /** place among the entries asked for */
  n: number;
  recordId: string;
  name: string;
  by: 'email' | 'domain' | 'name';
  linkedAs: string | null;
}

/** Records that entries without a link may mean, up to five for each: users by address; organizations by a domain of theirs, else by name. */
export async function findSuggestions(
  db: Queryable,
  environmentId: string,
  { kind, system }: Subject,
  entries: readonly Entry[],
): Promise<Suggestion[]> {
  if (entries.length === 0) return [];
  const { rows } = await db.query<{ n: string; id: string; name: string; by: Suggestion['by']; linked_as: string | null }>(
    kind === 'user' ? usersByEmail : organizationsByDomainOrName,
    kind === 'user'
      ? [environmentId, system, entries.map(({ emailKey }) => emailKey ?? null)]
      : [environmentId, system, entries.map(({ domain }) => domain ?? null), entries.map(({ name }) => name ?? null)],
  );
  return rows.map((row) => ({ n: Number(row.n) - 1, recordId: row.id, name: row.name, by: row.by, linkedAs: row.linked_as }));
}

const usersByEmail = `select k.n, t.id, t.email as name, 'email' as by, ${currentId} as linked_as
  from unnest($3::text[]) with ordinality as k (email, n)
  join lateral (select * from users where environment_id = $1 and email_key = k.email limit 1) t on true
  order by k.n`;

// Names are folded as the search folds them. One pass over the organizations serves all entries.
const organizationsByDomainOrName = `with k as materialized (select * from unnest($3::text[], $4::text[]) with ordinality as k (domain, name, n)),
    by_domain as (
      select k.n, o.organization_id as id, 'domain' as by from k
      join lateral (select organization_id from domains where environment_id = $1 and domain = k.domain
        and domain_type = 'ORGANIZATION_DOMAIN' limit 1) o on true),
    by_name as (
      select k.n, o.id, 'name' as by from k join organizations o on o.environment_id = $1 and lower(o.display_name) = lower(k.name)
      where not exists (select from by_domain d where d.n = k.n)),
    ranked as (
      select n, id, by, row_number() over (partition by n order by id) as place
      from (select * from by_domain union all select * from by_name) either)
  select r.n, t.id, t.display_name as name, r.by, ${currentId} as linked_as
  from ranked r join lateral (select * from organizations where environment_id = $1 and id = r.id limit 1) t on true
  where r.place <= ${reconcileLimits.candidates}
  order by r.n, r.place`;
