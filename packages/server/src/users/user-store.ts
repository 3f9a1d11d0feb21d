import type { MatchedBy, Metadata, User } from '@crosswalk/contract';
import { batchKeys } from '../database/batch-keys.ts';
import type { Queryable } from '../database/connection.ts';
import { likePattern } from '../database/like.ts';
import { type Condition, type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { eventOf, type NewEvent } from '../events/index.ts';
import { externalIdColumns, externalIdJoin, type Found, type Move, systemIdsOf } from '../external-ids/index.ts';
import { formatId } from '../lib/id.ts';
import { type MembershipRow, membershipsJson, toMembership } from '../memberships/index.ts';
import type { SqlFilter } from '../metadata/index.ts';
import { answeredProfile, type StoredProfile } from './profile.ts';
import type { UserFields } from './user.ts';

export interface UserRow {
  id: string;
  environment_id: string;
  email: string;
  email_key: string;
  external_id: string | null;
  external_ids: Record<string, string>;
  metadata: Metadata;
  profile: StoredProfile;
  memberships: MembershipRow[];
  version: string;
  create_time: string;
  update_time: string;
}

/** SQL: what `toUser` reads of a user `t`. */
export const columns = `t.id, t.environment_id, t.email, t.email_key, t.external_id, t.external_ids, t.metadata, t.profile,
  t.version, t.create_time, t.update_time, ${membershipsJson} as memberships`;

/** The user of a row of `columns`. */
export function toUser(row: UserRow): User {
  return {
    id: formatId('usr', row.id),
    environment_id: formatId('env', row.environment_id),
    email: row.email,
    external_id: row.external_id,
    external_ids: row.external_ids,
    metadata: row.metadata,
    user_profile: answeredProfile(row.profile),
    memberships: row.memberships.map(toMembership),
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/** Users by database ID, in the order of the keys; undefined where there is none. */
export async function findUsers(db: Queryable, keys: readonly { environmentId: string; id: string }[]): Promise<(User | undefined)[]> {
  const { rows } = await db.query<UserRow & { n: string }>({
    name: 'find-users',
    text: `select k.n, ${columns} from ${batchKeys('bigint', 'bigint')} as k (environment_id, id, n)
           join lateral (select * from users where environment_id = k.environment_id and id = k.id limit 1) t on true`,
    values: [keys.map((key) => key.environmentId), keys.map((key) => key.id)],
  });
  const found = new Map(rows.map((row) => [Number(row.n) - 1, toUser(row)]));
  return keys.map((_, index) => found.get(index));
}

/** Users by external ID, aliases included, in the order of the keys; undefined where there is none. */
export async function findUsersByExternalId(
  db: Queryable,
  keys: readonly { environmentId: string; system: string; value: string }[],
): Promise<(Found<User> | undefined)[]> {
  const { rows } = await db.query<UserRow & { n: string; is_alias: boolean }>({
    name: 'find-users-by-external-id',
    text: `select k.n, x.is_alias, ${columns}
           from ${batchKeys('bigint', 'text', 'text')} as k (environment_id, system, value, n)
           join ${externalIdJoin('user')} on true
           join lateral (select * from users where environment_id = k.environment_id and id = x.record_id limit 1) t on true`,
    values: [keys.map((key) => key.environmentId), keys.map((key) => key.system), keys.map((key) => key.value)],
  });
  const found = new Map(
    rows.map((row): [number, Found<User>] => {
      const matchedBy: MatchedBy = row.is_alias ? 'alias' : 'external_id';
      return [Number(row.n) - 1, { record: toUser(row), matchedBy }];
    }),
  );
  return keys.map((_, index) => found.get(index));
}

/** A user as it is locked: with the fields that the answer shows in another form. */
export interface LockedUser {
  user: User;
  fields: UserFields;
}

/** The user, locked until the transaction ends; undefined if there is none. */
export async function lockUser(tx: Queryable, environmentId: string, id: string): Promise<LockedUser | undefined> {
  const { rows } = await tx.query<UserRow>({
    name: 'lock-user',
    text: `select ${columns} from users t where t.environment_id = $1 and t.id = $2 for update of t`,
    values: [environmentId, id],
  });
  return rows.map(toLockedUser)[0];
}

/** The locked user of a row of `columns`. */
export function toLockedUser(row: UserRow): LockedUser {
  const { email, email_key: key, external_id, external_ids, profile } = row;
  return { user: toUser(row), fields: { email: { address: email, key }, external_id, external_ids, profile } };
}

/** Gives users their new external IDs of one system; see external-ids. The events carry the records as they are then. */
export async function moveUsers(tx: Queryable, environmentId: string, system: string, moves: readonly Move[]): Promise<NewEvent[]> {
  const { rows } = await tx.query<UserRow>(
    `update users t set version = t.version + 1, update_time = now(),
       external_id = case when $2 = '' then m.value else t.external_id end,
       external_ids = case when $2 = '' then t.external_ids else t.external_ids || jsonb_build_object($2::text, m.value) end
     from unnest($3::bigint[], $4::text[]) as m (id, value)
     where t.environment_id = $1 and t.id = m.id returning ${columns}`,
    [environmentId, system, moves.map(({ id }) => id), moves.map(({ to }) => to)],
  );
  const old = new Map(moves.map(({ id, from }) => [id, from]));
  return rows.map((row) => {
    const after = toUser(row);
    const before = { ...after, ...externalIdColumns(new Map([...systemIdsOf(after), [system, old.get(row.id) ?? '']])) };
    return eventOf('user.updated', 'user', before, after);
  });
}

/** Removes a user who has no memberships and no external IDs any more. */
export async function deleteUser(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query('delete from users where environment_id = $1 and id = $2', [environmentId, id]);
}

/** The public ID of the user who has an address. */
export async function findEmailHolder(db: Queryable, environmentId: string, emailKey: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>('select id from users where environment_id = $1 and email_key = $2', [
    environmentId,
    emailKey,
  ]);
  return rows.map(({ id }) => formatId('usr', id))[0];
}

/** What a list of users is narrowed by; all of it must hold. */
export interface UsersQuery {
  /** database ID: only members of this organization */
  organizationId?: string | undefined;
  /** the primary external ID, exactly */
  externalId?: string | undefined;
  /** the key of an address, see lib/email.ts */
  emailKey?: string | undefined;
  /** SQL of a metadata filter whose parameters begin at `$2` */
  filter?: SqlFilter | undefined;
  /** text that the address, a name, an external ID or the ID contains, in any case of letters */
  search?: string | undefined;
}

/** The users of a list, as SQL. */
export function conditionOf(environmentId: string, { organizationId, externalId, emailKey, filter, search }: UsersQuery): Condition {
  const values: unknown[] = [environmentId, ...(filter?.values ?? [])];
  const where = ['t.environment_id = $1', ...(filter === undefined ? [] : [filter.sql])];
  const narrow = (value: string | undefined, condition: (parameter: string) => string) => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  narrow(organizationId, (id) => `t.id in (select user_id from memberships where environment_id = $1 and organization_id = ${id})`);
  narrow(
    externalId,
    (value) => `t.id = (select record_id from external_ids where environment_id = $1 and kind = 'user' and system = ''
    and value = ${value} and alias_expire_time is null)`,
  );
  narrow(emailKey, (key) => `t.email_key = ${key}`);
  narrow(search === undefined ? undefined : likePattern(search), (pattern) => `t.search_text like ${pattern}`);
  const indexed = filter?.indexed === true || [organizationId, externalId, emailKey, search].some((value) => value !== undefined);
  const samePlan = search === undefined && organizationId === undefined && (filter === undefined || filter.samePlan === true);
  return { where: where.join(' and '), values, indexed, samePlan, allOf: where.length === 1 ? 'user' : undefined };
}

/** One page of users, newest first. */
export async function listUsers(db: Queryable, environmentId: string, query: UsersQuery, request: PageRequest): Promise<Page<User>> {
  const page = await selectPage<UserRow>(db, { columns, table: 'users', ...conditionOf(environmentId, query) }, request);
  return { ...page, items: page.items.map(toUser) };
}
