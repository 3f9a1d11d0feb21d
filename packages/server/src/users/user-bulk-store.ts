import type { User } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { MetadataChange } from '../metadata/index.ts';
import type { NewUser, UserFields } from './user.ts';
import { columns, type LockedUser, toLockedUser, toUser, type UserRow } from './user-store.ts';

/** A user as they are to be, by database ID. */
export interface UserState extends NewUser {
  id: string;
}

/** SQL: the states of `$2`. */
const states = `jsonb_to_recordset($2::jsonb) as s (id bigint, email text, email_key text, external_id text, external_ids jsonb,
  profile jsonb, metadata jsonb)`;

function json(users: readonly UserState[]): string {
  return JSON.stringify(
    users.map(({ id, fields: { email, ...fields }, metadata }) => ({
      id,
      ...fields,
      email: email.address,
      email_key: email.key,
      metadata,
    })),
  );
}

/** Users, locked until the transaction ends, by database ID; in the order of IDs, so that two writers of many wait for each other. */
export async function lockUsers(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<Map<string, LockedUser>> {
  if (ids.length === 0) return new Map();
  const { rows } = await tx.query<UserRow>({
    name: 'lock-users',
    text: `select ${columns} from users t where t.environment_id = $1 and t.id = any($2::bigint[]) order by t.id for update of t`,
    values: [environmentId, ids],
  });
  return new Map(rows.map((row) => [row.id, toLockedUser(row)]));
}

/** Writes new users. Their external IDs are claimed before. */
export async function insertUsers(tx: Queryable, environmentId: string, users: readonly UserState[]): Promise<Map<string, User>> {
  if (users.length === 0) return new Map();
  // What the database adds is the same of all of them, and the rest is known.
  const { rows } = await tx.query<Pick<UserRow, 'version' | 'create_time' | 'update_time'>>({
    name: 'insert-users',
    text: `with made as (
             insert into users (environment_id, id, email, email_key, external_id, external_ids, profile, metadata)
             select $1, s.id, s.email, s.email_key, s.external_id, s.external_ids, s.profile, s.metadata from ${states}
             returning version, create_time, update_time)
           select distinct version, create_time, update_time from made`,
    values: [environmentId, json(users)],
  });
  const [made] = rows;
  if (made === undefined) throw new Error('users were written and did not come back');
  const { version, create_time, update_time } = made;
  return new Map(
    users.map(({ id, fields: { email, external_id, external_ids, profile }, metadata }): [string, User] => {
      const own = {
        id,
        environment_id: environmentId,
        email: email.address,
        email_key: email.key,
        external_id,
        external_ids,
        profile,
        metadata,
      };
      return [id, toUser({ ...own, memberships: [], version, create_time, update_time })];
    }),
  );
}

/** A change of a locked user: their fields as they are to be, and what becomes of their metadata. */
export interface UserChange {
  id: string;
  fields: UserFields;
  metadata: MetadataChange;
}

/**
 * Sets the fields and changes the metadata of locked users, no two of them the same, and raises their versions. Returns those that it
 * changed, by database ID. Metadata is merged by the database, so that no key of another writer is lost.
 */
export async function changeUsers(tx: Queryable, environmentId: string, changes: readonly UserChange[]): Promise<Map<string, User>> {
  const rowOf = ({ id, fields: { email, ...fields }, metadata }: UserChange) => ({
    id,
    email: email.address,
    email_key: email.key,
    ...fields,
    ...metadata,
  });
  const { rows } = await tx.query<UserRow>({
    name: 'change-users',
    text: `update users t set email = s.email, email_key = s.email_key, external_id = s.external_id, external_ids = s.external_ids,
             profile = s.profile, metadata = n.metadata, version = t.version + 1, update_time = now()
           from jsonb_to_recordset($2::jsonb) as s (id bigint, email text, email_key text, external_id text, external_ids jsonb, profile jsonb,
             metadata jsonb, replace boolean)
           cross join lateral (
             select case when s.replace then s.metadata else crosswalk_merge_patch(o.metadata, s.metadata) end as metadata
             from users o where o.environment_id = $1 and o.id = s.id) n
           where t.environment_id = $1 and t.id = s.id
             and (t.email, t.external_id, t.external_ids, t.profile, t.metadata)
               is distinct from (s.email, s.external_id, s.external_ids, s.profile, n.metadata)
           returning ${columns}`,
    values: [environmentId, JSON.stringify(changes.map(rowOf))],
  });
  return new Map(rows.map((row) => [row.id, toUser(row)]));
}

/** Gives locked users other fields and metadata, and raises their versions. */
export async function updateUsers(tx: Queryable, environmentId: string, users: readonly UserState[]): Promise<Map<string, User>> {
  if (users.length === 0) return new Map();
  const { rows } = await tx.query<UserRow>({
    name: 'update-users',
    text: `update users t set email = s.email, email_key = s.email_key, external_id = s.external_id, external_ids = s.external_ids,
             profile = s.profile, metadata = s.metadata, version = t.version + 1, update_time = now()
           from ${states} where t.environment_id = $1 and t.id = s.id returning ${columns}`,
    values: [environmentId, json(users)],
  });
  return new Map(rows.map((row) => [row.id, toUser(row)]));
}

/** Removes locked users who have no memberships and external IDs any more. */
export async function deleteUsers(tx: Queryable, environmentId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query({
    name: 'delete-users',
    text: 'delete from users where environment_id = $1 and id = any($2::bigint[])',
    values: [environmentId, ids],
  });
}

/** Who has which of some addresses: key of the address to database ID. */
export async function findEmailHolders(db: Queryable, environmentId: string, keys: readonly string[]): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map();
  const { rows } = await db.query<{ email_key: string; id: string }>({
    name: 'find-email-holders',
    text: 'select email_key, id from users where environment_id = $1 and email_key = any($2::text[])',
    values: [environmentId, keys],
  });
  return new Map(rows.map(({ email_key: key, id }) => [key, id]));
}
