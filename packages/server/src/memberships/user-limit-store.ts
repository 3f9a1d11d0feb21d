import type { Queryable } from '../database/connection.ts';

/**
 * The user limit of an organization; undefined if it has none. An organization with a limit is locked until the
 * transaction ends, so that those who want its last place decide one after the other; without one nothing is locked.
 */
export async function lockUserLimit(tx: Queryable, environmentId: string, organizationId: string): Promise<number | undefined> {
  const { rows } = await tx.query<{ max_allowed_users: number }>({
    name: 'lock-user-limit',
    text: `select max_allowed_users from organizations
           where environment_id = $1 and id = $2 and max_allowed_users > 0 for no key update`,
    values: [environmentId, organizationId],
  });
  return rows[0]?.max_allowed_users;
}

/** SQL: whether membership `t` takes a place of the user limit; `user-limit.ts` has the same of a membership that was read. */
const takesPlace = "(t.status = 'ACTIVE' or (t.status = 'PENDING_INVITE' and t.invite_expire_time > now()))";

/** How many memberships take a place of the user limit, counted up to `most`. */
export async function countPlaces(tx: Queryable, environmentId: string, organizationId: string, most: number): Promise<number> {
  const { rows } = await tx.query<{ count: string }>({
    name: 'count-places',
    text: `select count(*) from (
             select from memberships t where t.environment_id = $1 and t.organization_id = $2
               and ${takesPlace}
             limit $3) places`,
    values: [environmentId, organizationId, most],
  });
  return Number(rows[0]?.count ?? 0);
}

/** How many places of their user limits are taken in each of some organizations (database IDs). */
export async function countPlacesOf(
  tx: Queryable,
  environmentId: string,
  organizationIds: readonly string[],
): Promise<Map<string, number>> {
  if (organizationIds.length === 0) return new Map();
  const { rows } = await tx.query<{ organization_id: string; count: number }>({
    name: 'count-places-of',
    text: `select t.organization_id, count(*)::int as count from memberships t
           where t.environment_id = $1 and t.organization_id = any($2::bigint[])
             and ${takesPlace}
           group by t.organization_id`,
    values: [environmentId, organizationIds],
  });
  return new Map(rows.map(({ organization_id: id, count }) => [id, count]));
}
