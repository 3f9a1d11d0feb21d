import type { Invitation, InvitationState, Membership } from '@crosswalk/contract';
import type pg from 'pg';
import type { Page, PageRequest } from '../database/page-query.ts';
import { inTransaction } from '../database/transaction.ts';
import { type RequestContext, systemContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { type RecordReference, requireOrganization, resolveReference } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import { databaseId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import {
  closingEvent,
  type Invited,
  invitationClosed,
  invitationEvent,
  invitationNotFound,
  invitationOf,
  needsRenewal,
  type Sending,
  stateOf,
} from './invitation.ts';
import { isLinkToken, type LinkState, linkStateOf, linkTokenHash } from './invitation-link.ts';
import { countResend, findInvitation, listInvitations } from './invitation-store.ts';
import { findLinkedMessage, type InvitationMessage } from './link-store.ts';

/** What invitations need of memberships; given by that feature, which opens an invitation with each that begins with one. */
export interface InvitedMemberships {
  /** The membership of a person; 404 if there is none. Database IDs. */
  find(db: pg.Pool, environmentId: string, organizationId: string, userId: string): Promise<Membership>;
  /** The same, locked, after its organization if that has a user limit. */
  lock(tx: pg.PoolClient, environmentId: string, organizationId: string, userId: string): Promise<Membership>;
  /**
   * Raises the version of a locked membership whose invitation is sent again. With `renew` it waits for the person anew,
   * until a new end, as far as the user limit lets it (400 USER_LIMIT_REACHED).
   */
  reinvite(tx: pg.PoolClient, environmentId: string, membership: Membership, renew: boolean): Promise<Membership>;
  /**
   * Begins a membership that waits for the person and whose invitation has not expired: one conditional update, so of many at once
   * one succeeds. undefined: it does not wait. `id` is a database ID.
   */
  accept(tx: pg.PoolClient, environmentId: string, id: string): Promise<{ before: Membership; after: Membership } | undefined>;
  /** Makes a locked membership that never began inactive. */
  revoke(tx: pg.PoolClient, environmentId: string, membership: Membership): Promise<Membership>;
}

/** Which invitation: its organization by database ID, the person as the caller likes. */
export interface InvitationReference {
  organizationId: string;
  user: RecordReference;
}

/** The one state whose invitations are listed; without it those of every state. */
export interface StateWanted {
  state?: InvitationState;
}

/** A link that was followed: the message it came with, and what it is good for. undefined: nobody was sent such a link. */
export type Followed = { message: InvitationMessage; state: LinkState } | undefined;

/** The use cases of invitations. Each change and its events are one transaction; mail is sent later, from the events. */
export class InvitationService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #memberships: InvitedMemberships;

  constructor({ pool, ids, memberships }: { pool: pg.Pool; ids: IdGenerator; memberships: InvitedMemberships }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#memberships = memberships;
  }

  /** The invitation; 404 when there is no such user, membership or invitation. */
  async get({ environmentId }: RequestContext, { organizationId, user }: InvitationReference): Promise<Invited> {
    const userId = await resolveReference(this.#pool, environmentId, 'user', user);
    const membership = await this.#memberships.find(this.#pool, environmentId, organizationId, userId);
    const sending = await findInvitation(this.#pool, environmentId, databaseId(membership.id));
    if (sending === undefined) throw invitationNotFound(membership);
    return { membership, invitation: invitationOf(membership, sending) };
  }

  /** One page of the invitations of the environment, newest first, all or those in one state. */
  list({ environmentId }: RequestContext, wanted: StateWanted, page: PageRequest): Promise<Page<Invitation>> {
    return listInvitations(this.#pool, environmentId, wanted, page);
  }

  /** The same of one organization; 404 if there is no such organization. */
  async listOfOrganization(
    { environmentId }: RequestContext,
    reference: RecordReference,
    wanted: StateWanted,
    page: PageRequest,
  ): Promise<Page<Invitation>> {
    const organizationId = await resolveReference(this.#pool, environmentId, 'organization', reference);
    await requireOrganization(this.#pool, environmentId, organizationId);
    return listInvitations(this.#pool, environmentId, { organizationId, ...wanted }, page);
  }

  /**
   * Sends an invitation again: one that is open keeps its end, one that has expired gets a new one; links that were sent before are of no
   * use any more. 400 INVITATION_CLOSED when it was accepted or revoked; 404 when there is no such user, membership or invitation.
   */
  resend(context: RequestContext, reference: InvitationReference, preconditions: Preconditions): Promise<Invited> {
    const { environmentId } = context;
    return this.#change(context, reference, preconditions, async (tx, membership, sending) => {
      const id = databaseId(membership.id);
      const renewed = await this.#memberships.reinvite(tx, environmentId, membership, needsRenewal(membership, new Date()));
      const before = { membership, invitation: invitationOf(membership, sending) };
      const after = { membership: renewed, invitation: invitationOf(renewed, await countResend(tx, environmentId, id)) };
      const reopened = membership.membership_status !== renewed.membership_status;
      await appendEvents(tx, context, this.#ids, [
        ...(reopened ? [eventOf('user.organization_membership_updated', 'membership', membership, renewed)] : []),
        invitationEvent(before, after),
      ]);
      return after;
    });
  }

  /**
   * Takes an invitation back that was not accepted: its links are of no use any more, its place in the user limit is free, and the
   * membership stays, INACTIVE, with what was reserved for it. Again, it changes nothing. 400 INVITATION_CLOSED when it was accepted.
   */
  revoke(context: RequestContext, reference: InvitationReference, preconditions: Preconditions): Promise<Invited> {
    return this.#change(context, reference, preconditions, async (tx, membership, sending) => {
      const state = stateOf(membership, new Date());
      if (state === 'ACCEPTED') throw invitationClosed(membership, new Date());
      if (state === 'REVOKED') return { membership, invitation: invitationOf(membership, sending) };
      const after = await this.#memberships.revoke(tx, context.environmentId, membership);
      await appendEvents(tx, context, this.#ids, [closingEvent(membership, after)]);
      return { membership: after, invitation: invitationOf(after, sending) };
    });
  }

  /** Accepts an invitation for the person, who has proved to be that person elsewhere. 400 INVITATION_CLOSED unless it is open. */
  accept(context: RequestContext, reference: InvitationReference, preconditions: Preconditions): Promise<Invited> {
    return this.#change(context, reference, preconditions, async (tx, membership, sending) => {
      const accepted = await this.#memberships.accept(tx, context.environmentId, databaseId(membership.id));
      if (accepted === undefined) throw invitationClosed(membership, new Date());
      await appendEvents(tx, context, this.#ids, [closingEvent(accepted.before, accepted.after)]);
      return { membership: accepted.after, invitation: invitationOf(accepted.after, sending) };
    });
  }

  /** Runs `work` on a locked membership that began with an invitation. */
  #change(
    context: RequestContext,
    { organizationId, user }: InvitationReference,
    preconditions: Preconditions,
    work: (tx: pg.PoolClient, membership: Membership, sending: Sending) => Promise<Invited>,
  ): Promise<Invited> {
    const { environmentId } = context;
    return inChange(this.#pool, context, async (tx) => {
      const userId = await resolveReference(tx, environmentId, 'user', user);
      const membership = await this.#memberships.lock(tx, environmentId, organizationId, userId);
      requireVersion(preconditions, membership);
      const sending = await findInvitation(tx, environmentId, databaseId(membership.id));
      if (sending === undefined) throw invitationNotFound(membership);
      return work(tx, membership, sending);
    });
  }

  /** Looks where a link leads, and changes nothing. */
  async follow(token: string): Promise<Followed> {
    if (!isLinkToken(token)) return undefined;
    const message = await findLinkedMessage(this.#pool, linkTokenHash(token));
    return message === undefined ? undefined : { message, state: linkStateOf(message.link, new Date()) };
  }

  /**
   * Accepts the invitation that a link opens, for whoever has the link: it went to the address alone. `accepted` tells whether it was
   * this call that did; the rest is as before it. The system is the actor: no client of the API has asked for it.
   */
  async acceptByLink(token: string, requestId: string): Promise<{ accepted: boolean; followed: Followed }> {
    const followed = await this.follow(token);
    if (followed?.state !== 'PENDING') return { accepted: false, followed };
    const { environmentId, membershipId } = followed.message;
    const accepted = await inTransaction(this.#pool, async (tx) => {
      const change = await this.#memberships.accept(tx, environmentId, membershipId);
      if (change === undefined) return false;
      const context = systemContext(environmentId, requestId);
      await appendEvents(tx, context, this.#ids, [closingEvent(change.before, change.after)]);
      return true;
    });
    // Another was faster: what the link is good for now is for them to be told.
    return accepted ? { accepted, followed } : { accepted, followed: await this.follow(token) };
  }
}
