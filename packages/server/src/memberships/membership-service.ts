import type {
  CreateMembership,
  Invitation,
  Membership,
  MembershipStatus,
  UpdateMembership,
  UpsertMembership,
  User,
  UserAndMembershipAnswer,
} from '@crosswalk/contract';
import type pg from 'pg';
import type { Page, PageRequest } from '../database/page-query.ts';
import { foreignKeyViolation } from '../database/sql-error.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { notFound, type RecordReference, resolveReference } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import { insertInvitation } from '../invitations/index.ts';
import { formatId, type IdGenerator, requireId } from '../lib/id.ts';
import { type Preconditions, requireAbsenceAllowed, requireVersion } from '../lib/preconditions.ts';
import { checkStored, compileFilter, type MetadataChange, metadataPatch, metadataReplacement } from '../metadata/index.ts';
import { membershipExists, membershipNotFound, type NewMembership, newMembership, patchFields } from './membership.ts';
import {
  deleteMembership,
  deleteSomeMemberships,
  findMembership,
  insertMembership,
  listMemberships,
  lockMembership,
  type MembershipOwner,
  updateMembership,
} from './membership-store.ts';

/** Reads users, with the memberships they have now, by database ID; given by the users feature. */
export type FindUsers = (tx: pg.PoolClient, keys: readonly { environmentId: string; id: string }[]) => Promise<(User | undefined)[]>;

/** Which membership: the organization by database ID, the person as the caller likes. */
export interface MembershipReference {
  organizationId: string;
  user: RecordReference;
}

/** The use cases of memberships. Each change and its events are one transaction. */
export class MembershipService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #findUsers: FindUsers;

  constructor({ pool, ids, findUsers }: { pool: pg.Pool; ids: IdGenerator; findUsers: FindUsers }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#findUsers = findUsers;
  }

  /** The membership; 404 if the person is not a member. */
  async get({ environmentId }: RequestContext, { organizationId, user }: MembershipReference): Promise<Membership> {
    const userId = await resolveReference(this.#pool, environmentId, 'user', user);
    const membership = await findMembership(this.#pool, environmentId, organizationId, userId);
    if (membership === undefined) throw membershipNotFound(formatId('org', organizationId), formatId('usr', userId));
    return membership;
  }

  /** One page, narrowed by organization, user (database IDs), status or a metadata filter. */
  async list(
    { environmentId }: RequestContext,
    query: {
      organizationId?: string | undefined;
      userId?: string | undefined;
      status?: MembershipStatus | undefined;
      filter?: string | undefined;
    },
    page: PageRequest,
  ): Promise<Page<Membership>> {
    const filter = query.filter === undefined ? undefined : compileFilter(query.filter, 2);
    return listMemberships(this.#pool, environmentId, { ...query, filter }, page);
  }

  /** Makes a person a member; 409 when they are one. */
  create(context: RequestContext, reference: MembershipReference, body: CreateMembership): Promise<UserAndMembershipAnswer> {
    return this.#inChange(context, reference, async (tx, userId) => {
      const added = await addMembership(tx, context, this.#ids, reference.organizationId, userId, newMembership(body));
      return { user: await this.#user(tx, context.environmentId, userId), ...added };
    });
  }

  /** Changes what the body names; metadata merges. */
  update(context: RequestContext, reference: MembershipReference, body: UpdateMembership, preconditions: Preconditions) {
    return this.#change(context, reference, body, metadataPatch(body.metadata), preconditions);
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
    metadata: MetadataChange,
    preconditions: Preconditions,
  ): Promise<{ user: User; membership: Membership }> {
    return this.#inChange(context, reference, async (tx, userId) => {
      const before = await this.#lock(tx, context, reference.organizationId, userId);
      requireVersion(preconditions, before);
      const membership = await this.#updateLocked(tx, context, before, body, metadata);
      return { user: await this.#user(tx, context.environmentId, userId), membership };
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
      let before = await lockMembership(tx, environmentId, reference.organizationId, userId);
      if (before === undefined) {
        requireAbsenceAllowed(preconditions);
        const wanted = newMembership(body);
        const status = body.membership_status ?? wanted.fields.membership_status;
        const added = await tryAddMembership(tx, context, this.#ids, reference.organizationId, userId, {
          ...wanted,
          fields: { ...wanted.fields, membership_status: status },
        });
        if (added !== undefined) return { user: await this.#user(tx, environmentId, userId), ...added, created: true };
        before = await this.#lock(tx, context, reference.organizationId, userId);
      }
      requireVersion(preconditions, before);
      const membership = await this.#updateLocked(tx, context, before, body, metadataPatch(body.metadata));
      return { user: await this.#user(tx, environmentId, userId), membership, invitation: null, created: false };
    });
  }

  /** Ends a membership. The person stays. */
  async delete(context: RequestContext, reference: MembershipReference, preconditions: Preconditions): Promise<void> {
    await this.#inChange(context, reference, async (tx, userId) => {
      const membership = await this.#lock(tx, context, reference.organizationId, userId);
      requireVersion(preconditions, membership);
      await deleteMembership(tx, context.environmentId, requireId('mem', membership.id));
      await appendEvents(tx, context, this.#ids, [eventOf('user.organization_membership_deleted', 'membership', membership, undefined)]);
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
    const [user] = await this.#findUsers(tx, [{ environmentId, id }]);
    if (user === undefined) throw notFound('user', { id });
    return user;
  }

  async #lock(tx: pg.PoolClient, { environmentId }: RequestContext, organizationId: string, userId: string): Promise<Membership> {
    const membership = await lockMembership(tx, environmentId, organizationId, userId);
    if (membership === undefined) throw membershipNotFound(formatId('org', organizationId), formatId('usr', userId));
    return membership;
  }

  async #updateLocked(
    tx: pg.PoolClient,
    context: RequestContext,
    before: Membership,
    body: UpdateMembership,
    metadata: MetadataChange,
  ): Promise<Membership> {
    const after = await updateMembership(tx, context.environmentId, requireId('mem', before.id), patchFields(before, body), metadata);
    if (after === undefined) return before;
    checkStored(after.metadata);
    await appendEvents(tx, context, this.#ids, [eventOf('user.organization_membership_updated', 'membership', before, after)]);
    return after;
  }
}

/** Makes a person a member within a change, with its invitation and events; 409 when they are one. IDs are database IDs. */
export async function addMembership(
  tx: pg.PoolClient,
  context: RequestContext,
  ids: IdGenerator,
  organizationId: string,
  userId: string,
  added: NewMembership,
): Promise<{ membership: Membership; invitation: Invitation | null }> {
  const result = await tryAddMembership(tx, context, ids, organizationId, userId, added);
  if (result !== undefined) return result;
  const existing = await findMembership(tx, context.environmentId, organizationId, userId);
  throw existing === undefined ? membershipNotFound(formatId('org', organizationId), formatId('usr', userId)) : membershipExists(existing);
}

async function tryAddMembership(
  tx: pg.PoolClient,
  context: RequestContext,
  ids: IdGenerator,
  organizationId: string,
  userId: string,
  added: NewMembership,
): Promise<{ membership: Membership; invitation: Invitation | null } | undefined> {
  const { environmentId } = context;
  const id = ids.next();
  const membership = await insertMembership(tx, environmentId, id, organizationId, userId, added);
  if (membership === undefined) return undefined;
  const events = [eventOf('user.organization_membership_created', 'membership', undefined, membership)];
  if (membership.membership_status !== 'PENDING_INVITE') {
    await appendEvents(tx, context, ids, events);
    return { membership, invitation: null };
  }
  const invitation = await insertInvitation(tx, environmentId, id, membership);
  await appendEvents(tx, context, ids, [...events, eventOf('user.organization_invitation', 'membership', undefined, membership)]);
  return { membership, invitation };
}

/** Ends all memberships of an owner within a change, in batches, each with its event. */
export async function deleteMembershipsOf(
  tx: pg.PoolClient,
  context: RequestContext,
  ids: IdGenerator,
  owner: MembershipOwner,
): Promise<void> {
  for (;;) {
    const ended = await deleteSomeMemberships(tx, context.environmentId, owner);
    if (ended.length === 0) return;
    await appendEvents(
      tx,
      context,
      ids,
      ended.map((membership) => eventOf('user.organization_membership_deleted', 'membership', membership, undefined)),
    );
  }
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
