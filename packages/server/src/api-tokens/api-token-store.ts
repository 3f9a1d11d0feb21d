import type { ApiToken } from '@crosswalk/contract';
import { batchKeys } from '../database/batch-keys.ts';
import type { Queryable } from '../database/connection.ts';
import { type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { formatId } from '../lib/id.ts';
import type { ApiTokenFields, ApiTokenKey, NewApiToken } from './api-token.ts';

interface ApiTokenRow {
  id: string;
  organization_id: string;
  organization_external_id: string | null;
  user_id: string | null;
  user_external_id: string | null;
  email: string | null;
  roles: string[] | null;
  custom_claims: Record<string, string>;
  description: string | null;
  token_suffix: string;
  expire_time: string | null;
  version: string;
  create_time: string;
  last_used_time: string | null;
}

/** What belongs to the organization, the user and the membership is read from them, each by its key. */
const columns = `t.id, t.organization_id, t.user_id, t.custom_claims, t.description, t.token_suffix, t.expire_time, t.version,
  t.create_time, t.last_used_time,
  (select external_id from organizations where environment_id = t.environment_id and id = t.organization_id) as organization_external_id,
  (select external_id from users where environment_id = t.environment_id and id = t.user_id) as user_external_id,
  (select email from users where environment_id = t.environment_id and id = t.user_id) as email,
  (select roles from memberships where environment_id = t.environment_id and organization_id = t.organization_id
     and user_id = t.user_id) as roles`;

/** SQL: token `t` has not expired. */
const unexpired = '(t.expire_time is null or t.expire_time > now())';

/** SQL: the member whose token `t` is, if it is a member's, is an active one. */
const memberActive = `(t.user_id is null or exists (select from memberships where environment_id = t.environment_id
  and organization_id = t.organization_id and user_id = t.user_id and status = 'ACTIVE'))`;

function toApiToken(row: ApiTokenRow): ApiToken {
  return {
    token_id: formatId('apit', row.id),
    organization_id: formatId('org', row.organization_id),
    organization_external_id: row.organization_external_id,
    user_id: row.user_id === null ? null : formatId('usr', row.user_id),
    user_external_id: row.user_external_id,
    email: row.email,
    roles: row.roles ?? [],
    custom_claims: row.custom_claims,
    description: row.description,
    token_suffix: row.token_suffix,
    expiry: row.expire_time,
    version: Number(row.version),
    created_at: row.create_time,
    last_used_at: row.last_used_time,
  };
}

/** Tokens that are valid now, by hash, in the order of the keys; undefined where there is none. */
export async function findValidTokensByHash(
  db: Queryable,
  keys: readonly { environmentId: string; hash: Buffer }[],
): Promise<(ApiToken | undefined)[]> {
  const { rows } = await db.query<ApiTokenRow & { n: string }>({
    name: 'find-valid-tokens-by-hash',
    text: `select k.n, ${columns} from ${batchKeys('bigint', 'bytea')} as k (environment_id, token_hash, n)
           join lateral (select * from api_tokens where environment_id = k.environment_id and token_hash = k.token_hash limit 1) t on true
           where ${unexpired} and ${memberActive}`,
    values: [keys.map((key) => key.environmentId), keys.map((key) => key.hash)],
  });
  return inOrder(keys, rows);
}

/** Tokens that are valid now, by database ID, in the order of the keys; undefined where there is none. */
export async function findValidTokens(
  db: Queryable,
  keys: readonly { environmentId: string; id: string }[],
): Promise<(ApiToken | undefined)[]> {
  const { rows } = await db.query<ApiTokenRow & { n: string }>({
    name: 'find-valid-tokens',
    text: `select k.n, ${columns} from ${batchKeys('bigint', 'bigint')} as k (environment_id, id, n)
           join lateral (select * from api_tokens where environment_id = k.environment_id and id = k.id limit 1) t on true
           where ${unexpired} and ${memberActive}`,
    values: [keys.map((key) => key.environmentId), keys.map((key) => key.id)],
  });
  return inOrder(keys, rows);
}

function inOrder(keys: readonly unknown[], rows: (ApiTokenRow & { n: string })[]): (ApiToken | undefined)[] {
  const found = new Map(rows.map((row) => [Number(row.n) - 1, toApiToken(row)]));
  return keys.map((_, index) => found.get(index));
}

/**
 * Notes that tokens were used, each at most once a minute. A token that is being changed or removed just now is passed
 * over: to answer that it is valid must not wait for that.
 */
export async function touchTokens(db: Queryable, keys: readonly { environmentId: string; id: string }[]): Promise<void> {
  await db.query({
    name: 'touch-api-tokens',
    text: `update api_tokens t set last_used_time = now() from (
             select a.environment_id, a.id from unnest($1::bigint[], $2::bigint[]) as k (environment_id, id)
             join api_tokens a on a.environment_id = k.environment_id and a.id = k.id
             where a.last_used_time is null or a.last_used_time <= now() - interval '1 minute'
             for update of a skip locked) used
           where t.environment_id = used.environment_id and t.id = used.id`,
    values: [keys.map((key) => key.environmentId), keys.map((key) => key.id)],
  });
}

/** The token that is not expired, locked until the transaction ends; undefined if there is none. */
export async function lockToken(tx: Queryable, environmentId: string, key: ApiTokenKey): Promise<ApiToken | undefined> {
  const [column, value] = 'id' in key ? ['id', key.id] : ['token_hash', key.hash];
  const { rows } = await tx.query<ApiTokenRow>(
    `select ${columns} from api_tokens t where t.environment_id = $1 and t.${column} = $2 and ${unexpired} for update of t`,
    [environmentId, value],
  );
  return rows.map(toApiToken)[0];
}

/**
 * Writes a new token; undefined if the user is a member who is not active. That an organization or a membership is
 * missing is a violation of `api_tokens_organization_fkey` or `api_tokens_membership_fkey`.
 */
export async function insertToken(
  tx: Queryable,
  environmentId: string,
  id: string,
  { organizationId, userId, fields, expiry }: NewApiToken,
  tokenHash: Buffer,
  tokenSuffix: string,
): Promise<ApiToken | undefined> {
  const { rows } = await tx.query<ApiTokenRow>({
    name: 'insert-api-token',
    text: `insert into api_tokens as t (environment_id, id, organization_id, user_id, token_hash, token_suffix, description, custom_claims,
             expire_time)
           select $1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bytea, $6::text, $7::text, $8::jsonb, $9::timestamptz
           where not exists (select from memberships where environment_id = $1 and organization_id = $3 and user_id = $4 and status <> 'ACTIVE')
           returning ${columns}`,
    values: [
      environmentId,
      id,
      organizationId,
      userId,
      tokenHash,
      tokenSuffix,
      fields.description,
      JSON.stringify(fields.custom_claims),
      expiry?.toISOString() ?? null,
    ],
  });
  return rows.map(toApiToken)[0];
}

/** Sets the fields of a locked token and raises its version; undefined if that changes nothing. */
export async function updateToken(
  tx: Queryable,
  environmentId: string,
  id: string,
  { description, custom_claims }: ApiTokenFields,
): Promise<ApiToken | undefined> {
  const { rows } = await tx.query<ApiTokenRow>(
    `update api_tokens t set description = $3, custom_claims = $4, version = t.version + 1
     where t.environment_id = $1 and t.id = $2 and (t.description, t.custom_claims) is distinct from ($3, $4::jsonb) returning ${columns}`,
    [environmentId, id, description, JSON.stringify(custom_claims)],
  );
  return rows.map(toApiToken)[0];
}

/** Removes a token: it is not valid from now on. */
export async function deleteToken(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('delete from api_tokens where environment_id = $1 and id = $2', [environmentId, id]);
}

/** Whose tokens: all of one organization, those of its members included, or those of memberships. Database IDs. */
export type TokenOwner = { organizationId: string } | { membershipIds: readonly string[] };

/** Removes up to 1,000 tokens of an owner that are not expired, and returns them; none when all are gone. */
export async function deleteSomeTokens(tx: Queryable, environmentId: string, owner: TokenOwner): Promise<ApiToken[]> {
  const [name, of, value] =
    'organizationId' in owner
      ? ['organization', 'api_tokens t where t.organization_id = $2', owner.organizationId]
      : [
          'memberships',
          `memberships m join api_tokens t on t.environment_id = m.environment_id and t.organization_id = m.organization_id and t.user_id = m.user_id
           where m.environment_id = $1 and m.id = any($2::bigint[])`,
          owner.membershipIds,
        ];
  const { rows } = await tx.query<ApiTokenRow>({
    name: `delete-tokens-of-${name}`,
    text: `delete from api_tokens t using (
             select t.id from ${of} and t.environment_id = $1 and ${unexpired} order by t.id limit 1000) ended
           where t.environment_id = $1 and t.id = ended.id returning ${columns}`,
    values: [environmentId, value],
  });
  return rows.map(toApiToken);
}

/** Removes up to 1,000 expired tokens; returns how many there were. They stopped being valid when they expired. */
export async function purgeTokens(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `delete from api_tokens where expire_time < now() and (environment_id, id) in (
       select environment_id, id from api_tokens where expire_time < now() limit 1000)`,
  );
  return rowCount ?? 0;
}

/** What a list of tokens is narrowed by. IDs are database IDs. */
export interface ApiTokensQuery {
  organizationId: string;
  userId: string | undefined;
}

/** One page of the tokens that are not expired, newest first. */
export async function listTokens(
  db: Queryable,
  environmentId: string,
  { organizationId, userId }: ApiTokensQuery,
  request: PageRequest,
): Promise<Page<ApiToken>> {
  const ofUser = userId === undefined ? '' : 'and t.user_id = $3';
  const page = await selectPage<ApiTokenRow>(
    db,
    {
      columns,
      table: 'api_tokens',
      where: `t.environment_id = $1 and t.organization_id = $2 ${ofUser} and ${unexpired}`,
      values: [environmentId, organizationId, ...(userId === undefined ? [] : [userId])],
      indexed: false,
    },
    request,
  );
  return { ...page, items: page.items.map(toApiToken) };
}
