import type { Membership } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { type RecordReference, resolveReference } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import { type IdGenerator, requireId } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { type Invited, invitationEvent, invitationNotFound, invitationOf, needsRenewal } from './invitation.ts';
import { countResend, findInvitation } from './invitation-store.ts';

/** What invitations need of memberships; given by that feature, which opens an invitation with each that begins with one. */
export interface InvitedMemberships {
  /** The membership of a person, locked, after its organization if that has a user limit; 404 if there is none. Database IDs. */
  lock(tx: pg.PoolClient, environmentId: string, organizationId: string, userId: string): Promise<Membership>;
  /**
   * Raises the version of a locked membership whose invitation is sent again. With `renew` it waits for the person anew,
   * until a new end, as far as the user limit lets it (400 USER_LIMIT_REACHED).
   */
  reinvite(tx: pg.PoolClient, environmentId: string, membership: Membership, renew: boolean): Promise<Membership>;
}

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

  /**
   * Sends an invitation again: one that is open keeps its end, one that has expired gets a new one. 400 INVITATION_CLOSED
   * when it was accepted; 404 when there is no such user, membership or invitation. `organizationId` is a database ID.
   */
  resend(
    context: RequestContext,
    { organizationId, user }: { organizationId: string; user: RecordReference },
    preconditions: Preconditions = {},
  ): Promise<Invited> {
    const { environmentId } = context;
    return inChange(this.#pool, context, async (tx) => {
      const userId = await resolveReference(tx, environmentId, 'user', user);
      const membership = await this.#memberships.lock(tx, environmentId, organizationId, userId);
      requireVersion(preconditions, membership);
      const id = requireId('mem', membership.id);
      const sending = await findInvitation(tx, environmentId, id);
      if (sending === undefined) throw invitationNotFound(membership);
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
}
