import type { Invitation, Membership, Role } from '@crosswalk/contract';
import type pg from 'pg';
import { endTokensOf } from '../api-tokens/index.ts';
import type { Queryable } from '../database/connection.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { membershipNotFound } from '../external-ids/index.ts';
import { type InvitedMemberships, insertInvitation, invitationEvent, invitationOf } from '../invitations/index.ts';
import { databaseId, formatId, type IdGenerator } from '../lib/id.ts';
import { type RoleScope, requireDefaultRole, requireRoles } from '../roles/index.ts';
import { type MembershipFields, membershipExists, type NewMembership } from './membership.ts';
import {
  acceptMembership,
  deleteMemberships,
  findMembership,
  insertMembership,
  type LockedMembership,
  lockMembership,
  lockSomeMemberships,
  type MembershipOwner,
  reassignSomeMemberships,
  reinviteMembership,
  revokeMembership,
} from './membership-store.ts';
import { takesPlace, userLimitReached } from './user-limit.ts';
import { countPlaces, lockUserLimit } from './user-limit-store.ts';

// What is done to memberships within a change, of this feature or another.

/** Makes a person a member within a change, with its invitation and events; 409 when they are one. IDs are database IDs. */
export async function addMembership(
  tx: pg.PoolClient,
  context: RequestContext,
  ids: IdGenerator,
  organizationId: string,
  userId: string,
  added: NewMembership,
): Promise<{ membership: Membership; invitation: Invitation | null }> {
  const { environmentId } = context;
  const roles = added.roles ?? [await requireDefaultRole(tx, environmentId, organizationId)];
  if (added.roles !== undefined)
    await requireRoles(tx, environmentId, organizationId, roles, (index) => `${added.rolesField}.${index}.name`);
  const fields = { membership_status: added.membership_status, roles };
  const result = await tryAddMembership(tx, context, ids, organizationId, userId, fields, added);
  if (result !== undefined) return result;
  const existing = await findMembership(tx, environmentId, organizationId, userId);
  throw existing === undefined ? membershipNotFound(formatId('org', organizationId), formatId('usr', userId)) : membershipExists(existing);
}

/** The roles of `fields` are there and stay; undefined if the person is a member already. */
export async function tryAddMembership(
  tx: pg.PoolClient,
  context: RequestContext,
  ids: IdGenerator,
  organizationId: string,
  userId: string,
  fields: MembershipFields,
  added: NewMembership,
): Promise<{ membership: Membership; invitation: Invitation | null } | undefined> {
  const { environmentId } = context;
  const id = ids.next();
  const inserted = await insertMembership(tx, environmentId, id, organizationId, userId, fields, added);
  if (inserted === undefined) return undefined;
  const { membership, limited } = inserted;
  if (limited && takesPlace(membership, new Date())) await holdUserLimit(tx, environmentId, organizationId);
  const begun = eventOf('user.organization_membership_created', 'membership', undefined, membership);
  if (membership.membership_status !== 'PENDING_INVITE') {
    await appendEvents(tx, context, ids, [begun]);
    return { membership, invitation: null };
  }
  const invitation = invitationOf(membership, await insertInvitation(tx, environmentId, id, added.invitationDays));
  await appendEvents(tx, context, ids, [begun, invitationEvent(undefined, { membership, invitation })]);
  return { membership, invitation };
}

/**
 * Holds an organization to its user limit after a change that took a place of it: whoever took one too many gets 400
 * USER_LIMIT_REACHED, and the change is undone with its transaction. The count is of a statement that begins when the
 * lock is ours, so it sees every place that was taken before.
 */
export async function holdUserLimit(tx: pg.PoolClient, environmentId: string, organizationId: string): Promise<void> {
  const limit = await lockUserLimit(tx, environmentId, organizationId);
  if (limit === undefined) return;
  if ((await countPlaces(tx, environmentId, organizationId, limit + 1)) > limit) throw userLimitReached(organizationId, limit);
}

/** The membership of a person; 404 if there is none. Database IDs. */
export async function findMember(db: Queryable, environmentId: string, organizationId: string, userId: string): Promise<Membership> {
  const membership = await findMembership(db, environmentId, organizationId, userId);
  if (membership === undefined) throw membershipNotFound(formatId('org', organizationId), formatId('usr', userId));
  return membership;
}

/** The membership of a person, locked until the transaction ends; 404 if there is none. Database IDs. */
export async function lockMember(
  tx: pg.PoolClient,
  environmentId: string,
  organizationId: string,
  userId: string,
): Promise<LockedMembership> {
  const locked = await lockMembership(tx, environmentId, organizationId, userId);
  if (locked === undefined) throw membershipNotFound(formatId('org', organizationId), formatId('usr', userId));
  return locked;
}

/** What the invitations feature needs of memberships. An acceptance takes no place of the user limit: it was taken by the invitation. */
export const invitedMemberships: InvitedMemberships = {
  find: findMember,
  accept: acceptMembership,
  revoke: (tx, environmentId, { id }) => revokeMembership(tx, environmentId, databaseId(id)),
  async lock(tx, environmentId, organizationId, userId) {
    await lockUserLimit(tx, environmentId, organizationId);
    const { membership } = await lockMember(tx, environmentId, organizationId, userId);
    return membership;
  },
  async reinvite(tx, environmentId, { id, organization_id: organizationId }, renew) {
    const membership = await reinviteMembership(tx, environmentId, databaseId(id), renew);
    if (renew) await holdUserLimit(tx, environmentId, databaseId(organizationId));
    return membership;
  },
};

/** Ends all memberships of an owner and their API tokens within a change, in batches, each with its event. */
export async function deleteMembershipsOf(
  tx: pg.PoolClient,
  context: RequestContext,
  ids: IdGenerator,
  owner: MembershipOwner,
): Promise<void> {
  for (;;) {
    const membershipIds = await lockSomeMemberships(tx, context.environmentId, owner);
    if (membershipIds.length === 0) return;
    await endTokensOf(tx, context, ids, { membershipIds });
    const ended = await deleteMemberships(tx, context.environmentId, membershipIds);
    await appendEvents(
      tx,
      context,
      ids,
      ended.map((membership) => eventOf('user.organization_membership_deleted', 'membership', membership, undefined)),
    );
  }
}

/** Gives everyone who has one role of a scope another in its place within a change, in batches, each with its event. */
export async function reassignRole(
  tx: pg.PoolClient,
  context: RequestContext,
  ids: IdGenerator,
  scope: RoleScope,
  from: Role,
  to: Role,
): Promise<void> {
  for (let last = '0'; ; ) {
    const reassigned = await reassignSomeMemberships(tx, context.environmentId, scope, from.name, to.name, last);
    const end = reassigned.at(-1);
    if (end === undefined) return;
    last = databaseId(end.membership.id);
    const events = reassigned.map(({ membership, before }) => {
      const known = new Map([from, ...membership.roles].map(({ id, name, display_name }) => [name, { id, name, display_name }]));
      const roles = before.flatMap((name) => known.get(name) ?? []);
      return eventOf('user.organization_membership_updated', 'membership', { ...membership, roles }, membership);
    });
    await appendEvents(tx, context, ids, events);
  }
}
