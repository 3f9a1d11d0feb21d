import type { RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { resolves } from './external-id-store.ts';

/** One question of a resolve; what is undefined is not narrowed. */
export interface Question {
  value: string;
  kind: RecordKind | undefined;
  system: string | undefined;
}

/** An external ID or alias that answers question `n` (from 0). IDs are database IDs. */
export interface ExternalIdHit {
  n: number;
  kind: RecordKind;
  system: string;
  recordId: string;
  aliasExpireTime: string | null;
}

/** Matches of one value at most; more would mean that many systems number their records alike. */
const maxMatches = 100;

/** Every external ID and alias that answers one of the questions, in one statement. */
export async function findExternalIds(db: Queryable, environmentId: string, questions: readonly Question[]): Promise<ExternalIdHit[]> {
  const { rows } = await db.query<{ n: string; kind: RecordKind; system: string; record_id: string; alias_expire_time: string | null }>({
    name: 'find-external-ids',
    text: `select k.n, x.kind, x.system, x.record_id, x.alias_expire_time
           from unnest($2::text[], $3::text[], $4::text[]) with ordinality as k (value, kind, system, n)
           join lateral (
             select * from external_ids e where e.environment_id = $1 and e.value = k.value
               and (k.kind is null or e.kind = k.kind) and (k.system is null or e.system = k.system) and ${resolves('e')}
             order by e.kind, e.system limit ${maxMatches}) x on true
           order by k.n, x.alias_expire_time is not null, x.kind, x.system`,
    values: [
      environmentId,
      questions.map(({ value }) => value),
      questions.map(({ kind }) => kind ?? null),
      questions.map(({ system }) => system ?? null),
    ],
  });
  return rows.map((row) => ({
    n: Number(row.n) - 1,
    kind: row.kind,
    system: row.system,
    recordId: row.record_id,
    aliasExpireTime: row.alias_expire_time,
  }));
}

/** What a match says of its record. `id` is a database ID. */
export interface Summary {
  id: string;
  name: string;
  external_id: string | null;
  external_ids: Record<string, string>;
}

/** Organizations by database ID. */
export async function summarizeOrganizations(db: Queryable, environmentId: string, ids: readonly string[]): Promise<Map<string, Summary>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<Summary>({
    name: 'summarize-organizations',
    text: 'select id, display_name as name, external_id, external_ids from organizations where environment_id = $1 and id = any($2::bigint[])',
    values: [environmentId, ids],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

/** Users by database ID or by the key of their address. */
export async function summarizeUsers(
  db: Queryable,
  environmentId: string,
  ids: readonly string[],
  emailKeys: readonly string[],
): Promise<{ byId: Map<string, Summary>; byEmailKey: Map<string, Summary> }> {
  const byId = new Map<string, Summary>();
  const byEmailKey = new Map<string, Summary>();
  if (ids.length === 0 && emailKeys.length === 0) return { byId, byEmailKey };
  const { rows } = await db.query<Summary & { email_key: string }>({
    name: 'summarize-users',
    text: `select id, email as name, email_key, external_id, external_ids from users where environment_id = $1 and id = any($2::bigint[])
           union
           select id, email, email_key, external_id, external_ids from users where environment_id = $1 and email_key = any($3::text[])`,
    values: [environmentId, ids, emailKeys],
  });
  for (const row of rows) {
    byId.set(row.id, row);
    byEmailKey.set(row.email_key, row);
  }
  return { byId, byEmailKey };
}
