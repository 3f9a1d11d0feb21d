import type { CreateMembership, Membership, MembershipStatus, Metadata } from '@crosswalk/contract';
import { ApiError, invalid } from '../lib/api-error.ts';
import { parseEmail } from '../lib/email.ts';
import { newMetadata } from '../metadata/index.ts';

/** The fields of a membership that are set as a whole. */
export interface MembershipFields {
  membership_status: MembershipStatus;
  roles: { name: string }[];
}

/** A membership that is about to be: checked, complete. */
export interface NewMembership {
  fields: MembershipFields;
  metadata: Metadata;
  inviterEmail: string | null;
}

/**
 * Checks a request to create; 400 names the field, prefixed with `prefix`. A membership begins as an
 * invitation unless the caller says that none is wanted.
 */
export function newMembership(body: CreateMembership, prefix = ''): NewMembership {
  const invited = body.send_invitation_email !== false;
  return {
    fields: { membership_status: invited ? 'PENDING_INVITE' : 'ACTIVE', roles: parseRoles(body.roles ?? [], prefix) },
    metadata: newMetadata(body.metadata, `${prefix}metadata`),
    inviterEmail: body.inviter_email === undefined ? null : parseEmail(body.inviter_email, `${prefix}inviter_email`).address,
  };
}

/** The fields after a request: those it does not name stay. */
export function patchFields(
  before: MembershipFields,
  body: { roles?: { name: string }[]; membership_status?: 'ACTIVE' | 'INACTIVE' },
): MembershipFields {
  return {
    membership_status: body.membership_status ?? before.membership_status,
    roles: body.roles === undefined ? before.roles : parseRoles(body.roles),
  };
}

function parseRoles(roles: { name: string }[], prefix = ''): { name: string }[] {
  const names = roles.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`${prefix}roles`, `names ${twice} twice`, 'unique_items');
  return roles;
}

/** The 404 of a membership: IDs are public ones. */
export function membershipNotFound(organizationId: string, userId: string): ApiError {
  return new ApiError('MEMBERSHIP_NOT_FOUND', `${userId} is not a member of ${organizationId}`, { resource: { kind: 'membership' } });
}

/** The 409 of a second membership of one person in one organization. */
export function membershipExists({ organization_id, user_id, id }: Membership): ApiError {
  return new ApiError('MEMBERSHIP_EXISTS', `${user_id} is a member of ${organization_id} already`, {
    resource: { kind: 'membership', id },
  });
}
