import type { JsonValue, RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { likePattern } from '../database/like.ts';
import { tableOf } from '../database/record-tables.ts';
import { primarySystem, resolves } from '../external-ids/index.ts';
import type { Found, Hit } from './search.ts';

/** Behind every text that begins with the same characters, byte by byte. */
const last = '\u{10ffff}';

interface HitRow {
  kind: RecordKind;
  id: string;
  matched_by: Hit['matchedBy'];
  system: string;
  value: string | null;
  exact: boolean;
}

/** SQL: all texts and numbers within the metadata; the expression of the indexes. */
const values = `jsonb_path_query_array(t.metadata, 'strict $.** ? (@.type() == "string" || @.type() == "number")')`;

/**
 * Records whose slug or metadata has exactly the text (metadata: one of `wanted`), or of which an external ID, name or address begins with it:
 * up to `limit` of each. Each part is a search of one index.
 */
export async function findBeginning(
  db: Queryable,
  environmentId: string,
  text: string,
  wanted: readonly JsonValue[],
  limit: number,
): Promise<Hit[]> {
  const lower = text.toLowerCase();
  const withValue = (kind: RecordKind) => `
    (select '${kind}' as kind, t.id, 'metadata' as matched_by, '' as system, null as value, true as exact
     from ${tableOf[kind]} t where t.environment_id = $1 and ${values} @> any($6::jsonb[]) limit $7)`;
  const { rows } = await db.query<HitRow>({
    name: 'search-beginning',
    text: `
      (select 'organization' as kind, t.id, 'slug' as matched_by, '' as system, t.slug as value, true as exact
       from organizations t where t.environment_id = $1 and t.slug = $4)
      union all
      (select 'organization', t.id, 'name', '', t.display_name, lower(t.display_name) = $4
       from organizations t where t.environment_id = $1 and lower(t.display_name) ~>=~ $4 and lower(t.display_name) ~<~ $5
       order by lower(t.display_name) using ~<~ limit $7)
      union all ${withValue('organization')}
      union all ${withValue('user')}
      union all
      (select 'user', t.id, 'email', '', t.email, false
       from users t where t.environment_id = $1 and t.email_key ~>=~ $4 and t.email_key ~<~ $5
       order by t.email_key using ~<~ limit $7)
      union all
      (select x.kind, x.record_id, case when x.alias_expire_time is null then 'external_id' else 'alias' end, x.system, x.value, x.value = $2
       from external_ids x where x.environment_id = $1 and x.value >= $2 and x.value < $3
         and ${resolves('x')}
       order by x.value limit $7)`,
    values: [environmentId, text, text + last, lower, lower + last, wanted.map((value) => JSON.stringify([value])), limit],
  });
  return rows.map(({ matched_by: matchedBy, value, ...row }) => ({ ...row, matchedBy, value: value ?? undefined }));
}

/** Records that have a text within a name, an address or an external ID, in any case of letters: up to `limit` of each kind. */
export async function findWithin(db: Queryable, environmentId: string, text: string, limit: number): Promise<Hit[]> {
  const within = (kind: RecordKind) =>
    `(select '${kind}' as kind, t.id from ${tableOf[kind]} t where t.environment_id = $1 and t.search_text like $2 limit $3)`;
  const { rows } = await db.query<{ kind: RecordKind; id: string }>(`${within('organization')} union all ${within('user')}`, [
    environmentId,
    likePattern(text),
    limit,
  ]);
  return rows.map((row) => ({ ...row, matchedBy: 'name', system: primarySystem, value: undefined, exact: false }));
}

/** What matches show of their records. Database IDs. */
export async function readFound(
  db: Queryable,
  environmentId: string,
  organizations: readonly string[],
  users: readonly string[],
): Promise<Found[]> {
  const { rows } = await db.query<Found>({
    name: 'search-found',
    text: `
      select 'organization' as kind, t.id, t.display_name, t.external_id, t.external_ids, t.metadata, '{}'::text[] as names
      from organizations t where t.environment_id = $1 and t.id = any($2::bigint[])
      union all
      select 'user', t.id, t.email, t.external_id, t.external_ids, t.metadata,
        array_remove(array[t.profile ->> 'name', concat_ws(' ', t.profile ->> 'given_name', t.profile ->> 'family_name')], null)
      from users t where t.environment_id = $1 and t.id = any($3::bigint[])`,
    values: [environmentId, organizations, users],
  });
  return rows;
}
