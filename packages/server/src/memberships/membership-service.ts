import type {
  AssignUserRoles,
  CreateMembership,
  Membership,
  MembershipStatus,
  PermissionCheck,
  RolePermission,
  UpdateMembership,
  UpsertMembership,
  User,
  UserAndMembershipAnswer,
  UserRole,
} from '@crosswalk/contract';
import type pg from 'pg';
import { endTokensOf } from '../api-tokens/index.ts';
import type { Condition, Page, PageRequest } from '../database/page-query.ts';
import type { Reads } from '../database/reads.ts';
import { foreignKeyViolation } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import { type RequestContext, systemContext } from '../environments/index.ts';
import { appendEvents, eventOf, type NewEvent } from '../events/index.ts';
import { notFound, type RecordReference, resolveReference } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import { databaseId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireAbsenceAllowed, requireVersion } from '../lib/preconditions.ts';
import { isStorable } from '../lib/text.ts';
import { changeOf, checkStored, compileFilter, type MetadataUpdate, metadataPatch, metadataReplacement } from '../metadata/index.ts';
import {
  findEffectivePermissions,
  findRolesWithBases,
  findRoleWithPermission,
  permissionNotFound,
  requireDefaultRole,
  requireIds,
  requireRoles,
} from '../roles/index.ts';
import { beginningOf, type MembershipFields, newMembership, roleNames, roleNotAssigned, withRoles } from './membership.ts';
import { addMembership, findMember, holdUserLimit, lockMember, tryAddMembership } from './membership-change.ts';
import {
  conditionOf,
  deleteMemberships,
  describeMemberships,
  expireMemberships,
  hasMemberships,
  type LockedMembership,
  listMemberships,
  lockMembership,
  type MembershipDescription,
  type MembershipParts,
  type MembershipsQuery,
  updateMembership,
} from './membership-store.ts';
import { takesPlace } from './user-limit.ts';
import { lockUserLimit } from './user-limit-store.ts';

/** What memberships need of users, by database ID; given by the users feature. */
export interface MemberUsers {
  /** Reads users with the memberships they have now. */
  find(tx: pg.PoolClient, keys: readonly { environmentId: string; id: string }[]): Promise<(User | undefined)[]>;
  /** The user, locked until the transaction ends; undefined if there is none. */
  lock(tx: pg.PoolClient, environmentId: string, id: string): Promise<{ user: User } | undefined>;
  /** Removes a locked user with all that is theirs, and appends the events of it. */
  remove(tx: pg.PoolClient, context: RequestContext, ids: IdGenerator, user: User): Promise<void>;
}

/** Which membership: the organization by database ID, the person as the caller likes. */
export interface MembershipReference {
  organizationId: string;
  user: RecordReference;
}

/** What a list of memberships is narrowed by, as it was sent; IDs are database IDs. */
interface ListMemberships {
  organizationId?: string | undefined;
  userId?: string | undefined;
  status?: MembershipStatus | undefined;
  filter?: string | undefined;
}

/** The use cases of memberships. Each change and its events are one transaction. */
export class MembershipService {
  readonly #pool: pg.Pool;
  readonly #reads: Reads;
  readonly #ids: IdGenerator;
  readonly #users: MemberUsers;
  readonly #describe;

  constructor({ pool, reads, ids, users }: { pool: pg.Pool; reads: Reads; ids: IdGenerator; users: MemberUsers }) {
    this.#pool = pool;
    this.#reads = reads;
    this.#ids = ids;
    this.#users = users;
    this.#describe = reads.batcher(describeMemberships);
  }

  /** The membership; 404 if the person is not a member. */
  async get(context: RequestContext, { organizationId, user }: MembershipReference): Promise<Membership> {
    const { environmentId } = context;
    return this.#reads.run(context, async (db) => {
      const userId = await resolveReference(db, environmentId, 'user', user);
      return findMember(db, environmentId, organizationId, userId);
    });
  }

  /** The roles that a person has in an organization, and after them those they inherit. */
  async listRoles(context: RequestContext, reference: MembershipReference): Promise<UserRole[]> {
    const { roles } = await this.get(context, reference);
    return findRolesWithBases(this.#pool, context.environmentId, reference.organizationId, namesOf(roles));
  }

  /** What the roles of a person in an organization may do, inherited permissions included, whatever the status of the membership. */
  async listPermissions(context: RequestContext, reference: MembershipReference): Promise<RolePermission[]> {
    const { roles } = await this.get(context, reference);
    return findEffectivePermissions(this.#pool, context.environmentId, reference.organizationId, namesOf(roles));
  }

  /** The name of the organization and the effective permissions of each of the memberships of an answer, in their order. */
  async describe(context: RequestContext, memberships: readonly MembershipParts[]): Promise<MembershipDescription[]> {
    if (memberships.length === 0) return [];
    return this.#describe(context, { environmentId: context.environmentId, memberships });
  }

  /** Whether a person may do something in an organization now; 404 if there is no such permission. */
  async checkPermission(context: RequestContext, reference: MembershipReference, permission: string): Promise<PermissionCheck> {
    const { roles, membership_status: status } = await this.get(context, reference);
    const role = isStorable(permission)
      ? await findRoleWithPermission(this.#pool, context.environmentId, reference.organizationId, namesOf(roles), permission)
      : undefined;
    if (role === undefined) throw permissionNotFound(permission);
    return { allowed: role !== null && status === 'ACTIVE', role_name: role };
  }

  /** One page, narrowed by organization, user (database IDs), status or a metadata filter. */
  async list(context: RequestContext, query: ListMemberships, page: PageRequest): Promise<Page<Membership>> {
    const wanted = queryOf(query);
    return this.#reads.run(context, (db) => listMemberships(db, context.environmentId, wanted, page));
  }

  /** Makes a person a member; 409 when they are one, 400 USER_LIMIT_REACHED when the organization is full. */
  create(context: RequestContext, reference: MembershipReference, body: CreateMembership): Promise<UserAndMembershipAnswer> {
    return this.#inChange(context, reference, async (tx, userId) => {
      const added = await addMembership(tx, context, this.#ids, reference.organizationId, userId, newMembership(body));
      return { user: await this.#user(tx, context.environmentId, userId), ...added };
    });
  }

  /** Changes what the body names; its metadata merges, unless another change of metadata is given. 400 USER_LIMIT_REACHED when it would become active in an organization that is full. */
  update(
    context: RequestContext,
    reference: MembershipReference,
    body: UpdateMembership,
    preconditions: Preconditions,
    metadata: MetadataUpdate = metadataPatch(body.metadata),
  ) {
    return this.#change(context, reference, body, metadata, preconditions);
  }

  /** Puts other metadata in place of all that is there. */
  replaceMetadata(
    context: RequestContext,
    reference: MembershipReference,
    metadata: Record<string, unknown>,
    preconditions: Preconditions,
  ) {
    return this.#change(context, reference, {}, metadataReplacement(metadata), preconditions);
  }

  #change(
    context: RequestContext,
    reference: MembershipReference,
    body: UpdateMembership,
    metadata: MetadataUpdate,
    preconditions: Preconditions,
  ): Promise<{ user: User; membership: Membership }> {
    return this.#inChange(context, reference, async (tx, userId) => {
      await lockForStatus(tx, context, reference.organizationId, body);
      const changes = await this.#changes(tx, context, reference, body);
      const before = await lockMember(tx, context.environmentId, reference.organizationId, userId);
      requireVersion(preconditions, before.membership);
      const membership = await this.#updateLocked(tx, context, before, changes, metadata);
      return { user: await this.#user(tx, context.environmentId, userId), membership };
    });
  }

  /** Gives a person more roles in an organization: all that the body names, or none. `list`: what the body is called where it is part of another, for errors. */
  assignRoles(
    context: RequestContext,
    reference: MembershipReference,
    body: AssignUserRoles,
    preconditions: Preconditions,
    list = '',
  ): Promise<Membership> {
    const added = body.map(({ role_name: name }) => name);
    return this.#inChange(context, reference, async (tx, userId) => {
      await requireRoles(tx, context.environmentId, reference.organizationId, added, (index) => `${list}${index}.role_name`);
      const before = await lockMember(tx, context.environmentId, reference.organizationId, userId);
      requireVersion(preconditions, before.membership);
      const after = await this.#updateLocked(
        tx,
        context,
        before,
        { roles: withRoles(before.fields.roles, added) },
        metadataPatch(undefined),
      );
      requireIds(after.roles, body, list);
      return after;
    });
  }

  /** Takes a role from a person in an organization; 404 if they do not have it themselves. */
  async removeRole(context: RequestContext, reference: MembershipReference, name: string, preconditions: Preconditions): Promise<void> {
    await this.#inChange(context, reference, async (tx, userId) => {
      const before = await lockMember(tx, context.environmentId, reference.organizationId, userId);
      requireVersion(preconditions, before.membership);
      if (!before.fields.roles.includes(name)) throw roleNotAssigned(before.membership, name);
      const roles = before.fields.roles.filter((role) => role !== name);
      return this.#updateLocked(tx, context, before, { roles }, metadataPatch(undefined));
    });
  }

  /** Makes the person a member, or updates the membership; of many at once one creates. 412 by precondition. */
  upsert(
    context: RequestContext,
    reference: MembershipReference,
    body: UpsertMembership,
    preconditions: Preconditions,
  ): Promise<UserAndMembershipAnswer & { created: boolean }> {
    return this.#inChange(context, reference, async (tx, userId) => {
      const { environmentId } = context;
      // Whoever is a member already is not invited, but a mistake is one either way.
      beginningOf(body);
      await lockForStatus(tx, context, reference.organizationId, body);
      const changes = await this.#changes(tx, context, reference, body);
      let before = await lockMembership(tx, environmentId, reference.organizationId, userId);
      if (before === undefined) {
        requireAbsenceAllowed(preconditions);
        const wanted = newMembership(body);
        const roles = changes.roles ?? [await requireDefaultRole(tx, environmentId, reference.organizationId)];
        const fields = { membership_status: wanted.membership_status, ...changes, roles };
        const added = await tryAddMembership(tx, context, this.#ids, reference.organizationId, userId, fields, wanted);
        if (added !== undefined) return { user: await this.#user(tx, environmentId, userId), ...added, created: true };
        before = await lockMember(tx, environmentId, reference.organizationId, userId);
      }
      requireVersion(preconditions, before.membership);
      const membership = await this.#updateLocked(tx, context, before, changes, metadataPatch(body.metadata));
      return { user: await this.#user(tx, environmentId, userId), membership, invitation: null, created: false };
    });
  }

  /**
   * Ends a membership. The person stays, unless `cascade` asks to delete one who is no member of anything then. Scalekit's
   * description of the field has it default to true, but its clients rely on false: they still find the user afterwards.
   */
  async delete(
    context: RequestContext,
    reference: MembershipReference,
    preconditions: Preconditions,
    { cascade = false }: { cascade?: boolean | undefined } = {},
  ): Promise<void> {
    const { environmentId } = context;
    await this.#inChange(context, reference, async (tx, userId) => {
      // Before the membership, the order of a user's deletion. Of two last memberships that end at once, one is last.
      const locked = cascade ? await this.#users.lock(tx, environmentId, userId) : undefined;
      const { membership } = await lockMember(tx, environmentId, reference.organizationId, userId);
      requireVersion(preconditions, membership);
      const id = databaseId(membership.id);
      await endTokensOf(tx, context, this.#ids, { membershipIds: [id] });
      await deleteMemberships(tx, environmentId, [id]);
      await appendEvents(tx, context, this.#ids, [eventOf('user.organization_membership_deleted', 'membership', membership, undefined)]);
      if (locked === undefined || (await hasMemberships(tx, environmentId, userId))) return;
      await this.#users.remove(tx, context, this.#ids, { ...locked.user, memberships: [] });
    });
  }

  /** Marks memberships whose invitation was not accepted in time, up to 1,000, each with its event; returns how many there were. */
  expireInvitations(): Promise<number> {
    return inTransaction(this.#pool, async (tx) => {
      const expired = await expireMemberships(tx);
      for (const environmentId of new Set(expired.map((one) => one.environmentId))) {
        const memberships = expired.filter((one) => one.environmentId === environmentId).map(({ membership }) => membership);
        await appendEvents(tx, systemContext(environmentId, 'expire-invitations'), this.#ids, memberships.map(expiryEvent));
      }
      return expired.length;
    });
  }

  #inChange<Result>(
    context: RequestContext,
    { organizationId, user }: MembershipReference,
    work: (tx: pg.PoolClient, userId: string) => Promise<Result>,
  ): Promise<Result> {
    return namingMissing(organizationId, user, () =>
      inChange(this.#pool, context, async (tx) => work(tx, await resolveReference(tx, context.environmentId, 'user', user))),
    );
  }

  async #user(tx: pg.PoolClient, environmentId: string, id: string): Promise<User> {
    const [user] = await this.#users.find(tx, [{ environmentId, id }]);
    if (user === undefined) throw notFound('user', { id });
    return user;
  }

  /** The fields that a request changes. Its roles are there and stay, and are locked before the membership is. */
  async #changes(
    tx: pg.PoolClient,
    { environmentId }: RequestContext,
    { organizationId }: MembershipReference,
    body: UpdateMembership,
  ): Promise<Partial<MembershipFields>> {
    const roles = body.roles === undefined ? undefined : roleNames(body.roles);
    await requireRoles(tx, environmentId, organizationId, roles ?? [], (index) => `roles.${index}.name`);
    return {
      ...(roles === undefined ? {} : { roles }),
      ...(body.membership_status === undefined ? {} : { membership_status: body.membership_status }),
    };
  }

  async #updateLocked(
    tx: pg.PoolClient,
    context: RequestContext,
    { membership: before, fields }: LockedMembership,
    changes: Partial<MembershipFields>,
    metadata: MetadataUpdate,
  ): Promise<Membership> {
    const after = await updateMembership(
      tx,
      context.environmentId,
      databaseId(before.id),
      { ...fields, ...changes },
      changeOf(metadata, before.metadata),
    );
    if (after === undefined) return before;
    checkStored(after.metadata);
    const now = new Date();
    if (takesPlace(after, now) && !takesPlace(before, now)) {
      await holdUserLimit(tx, context.environmentId, databaseId(after.organization_id));
    }
    await appendEvents(tx, context, this.#ids, [eventOf('user.organization_membership_updated', 'membership', before, after)]);
    return after;
  }
}

/** Those that a list has, as SQL, for who reads all of them; 400 names what is wrong with the filter. */
export function membershipsWanted(environmentId: string, query: ListMemberships): Condition {
  return conditionOf(environmentId, queryOf(query));
}

function queryOf({ filter, ...query }: ListMemberships): MembershipsQuery {
  return { ...query, filter: filter === undefined ? undefined : compileFilter(filter, 2) };
}

function namesOf(roles: Membership['roles']): string[] {
  return roles.map(({ name }) => name);
}

/** The event of an invitation that nobody accepted in time, from the membership as it is then. */
function expiryEvent(after: Membership): NewEvent {
  return eventOf('user.organization_membership_updated', 'membership', { ...after, membership_status: 'PENDING_INVITE' }, after);
}

/** Locks an organization with a user limit before a membership of it may become active: first it, then the membership, as its deletion does. */
async function lockForStatus(
  tx: pg.PoolClient,
  { environmentId }: RequestContext,
  organizationId: string,
  { membership_status: status }: UpdateMembership,
): Promise<void> {
  if (status === 'ACTIVE') await lockUserLimit(tx, environmentId, organizationId);
}

/** Turns the database's "no such organization" or "no such user" into the 404 of that record. */
export async function namingMissing<Result>(organizationId: string, user: RecordReference, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    switch (foreignKeyViolation(error)) {
      case 'memberships_organization_fkey':
        throw notFound('organization', { id: organizationId });
      case 'memberships_user_fkey':
        throw notFound('user', user);
      default:
        throw error;
    }
  }
}
