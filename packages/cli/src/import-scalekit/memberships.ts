import { isDeepStrictEqual } from 'node:util';
import type { Membership, User } from '@crosswalk/sdk';
import { MembershipStatus, type OrganizationMembership } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import type { User as SourceUser } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import { isChange, metadataChanges } from './fields.ts';
import { counted, type Work } from './phase.ts';
import type { Outcome, Tally } from './tally.ts';
import { found, type Holders, Refusal } from './target.ts';

/** Memberships that an answer about a user shows; whoever has more is asked for the others. */
const shownMemberships = 100;

/** One membership, and what its import needs. */
interface Import {
  work: Work;
  tally: Tally;
  user: {
    source: SourceUser;
    imported: boolean;
    /** the user in Crosswalk; undefined when they were refused, or a dry run did not make them */
    after: User | undefined;
  };
  source: OrganizationMembership;
  holders: Holders;
}

/** Imports a membership. An invitation that is pending is one only on request: whoever has it would get a second one. */
export async function importMembership(one: Import): Promise<void> {
  const { work, tally, user, source } = one;
  if (source.membershipStatus === MembershipStatus.INVITE_EXPIRED) {
    tally.expired_invitations += 1;
  } else if (source.membershipStatus === MembershipStatus.PENDING_INVITE && !work.invitations) {
    tally.pending_invitations += 1;
  } else {
    await counted(work, tally, 'memberships', `${user.source.id} in ${source.organizationId}`, () => importOne(one));
  }
}

async function importOne({ work, user, source, holders }: Import): Promise<Outcome> {
  const status = statuses.get(source.membershipStatus);
  if (status === undefined) throw new Refusal('membership_status: Scalekit gives none that is known');
  if (!user.imported) throw new Refusal('its user was not imported');
  const organizationId = holders.imported('organization', source.organizationId);
  if (organizationId === undefined && (!work.dryRun || work.refused.has(source.organizationId)))
    throw new Refusal('its organization was not imported');
  if (organizationId === undefined || user.after === undefined) return 'created';
  const userId = user.after.id;
  const before = await membershipOf(work, user.after, organizationId);
  const fields = changesOf(before, source, status);
  if (before !== undefined) {
    if (!isChange(fields)) return 'unchanged';
    if (!work.dryRun) await work.crosswalk.membership.update(organizationId, userId, fields);
    return 'changed';
  }
  if (work.dryRun) return 'created';
  const { created } = await work.crosswalk.membership.upsert(organizationId, userId, {
    ...fields,
    ...(status === 'PENDING_INVITE' && source.inviterEmail ? { inviter_email: source.inviterEmail } : {}),
    send_invitation_email: status === 'PENDING_INVITE',
  });
  return created ? 'created' : 'changed';
}

const statuses = new Map<MembershipStatus, 'ACTIVE' | 'INACTIVE' | 'PENDING_INVITE'>([
  [MembershipStatus.ACTIVE, 'ACTIVE'],
  [MembershipStatus.INACTIVE, 'INACTIVE'],
  [MembershipStatus.PENDING_INVITE, 'PENDING_INVITE'],
]);

async function membershipOf({ crosswalk }: Work, user: User, organizationId: string): Promise<Membership | undefined> {
  const shown = user.memberships.find((membership) => membership.organization_id === organizationId);
  if (shown !== undefined || user.memberships.length < shownMemberships) return shown;
  return found(crosswalk.membership.get(organizationId, user.id));
}

/** The fields to write. Who accepted in Crosswalk stays a member, though the invitation is pending at Scalekit. */
function changesOf(
  before: Membership | undefined,
  { roles, metadata }: OrganizationMembership,
  status: 'ACTIVE' | 'INACTIVE' | 'PENDING_INVITE',
) {
  const names = [...new Set(roles.map(({ name }) => name))];
  const same = before !== undefined && isDeepStrictEqual(names.toSorted(), before.roles.map(({ name }) => name).sort());
  const texts = metadataChanges(before?.metadata, metadata);
  return {
    ...(same ? {} : { roles: names.map((name) => ({ name })) }),
    ...(texts === undefined ? {} : { metadata: texts }),
    ...(status === 'PENDING_INVITE' || before?.membership_status === status ? {} : { membership_status: status }),
  };
}
