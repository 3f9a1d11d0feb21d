import { type Alias, aliasLimit, type RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { tableOf } from '../database/record-tables.ts';
import { primarySystem, resolves } from '../external-ids/index.ts';

/** The aliases of a record (a database ID) that have not ended, those that end last first; undefined if there is no such record. */
export async function listAliases(db: Queryable, environmentId: string, kind: RecordKind, recordId: string): Promise<Alias[] | undefined> {
  const { rows } = await db.query<{ system: string | null; value: string; alias_expire_time: string | null }>({
    name: `list-aliases-${kind}`,
    text: `select x.system, x.value, x.alias_expire_time from ${tableOf[kind]} r
           left join external_ids x on x.environment_id = r.environment_id and x.record_id = r.id and x.kind = '${kind}'
             and x.alias_expire_time is not null and ${resolves('x')}
           where r.environment_id = $1 and r.id = $2
           order by x.alias_expire_time desc, x.system, x.value limit ${aliasLimit}`,
    values: [environmentId, recordId],
  });
  if (rows.length === 0) return undefined;
  return rows.flatMap(({ system, value, alias_expire_time: end }) =>
    end === null ? [] : [{ system: system === primarySystem ? null : system, value, expires_at: end }],
  );
}
