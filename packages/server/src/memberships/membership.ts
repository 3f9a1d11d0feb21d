import {
  type CreateMembership,
  type Membership,
  type MembershipStatus,
  type Metadata,
  roleLimits,
  type UpsertMembership,
} from '@crosswalk/contract';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { parseEmail } from '../lib/email.ts';
import { recordTag } from '../lib/version-tag.ts';
import { newMetadata } from '../metadata/index.ts';

/** The fields of a membership that are set as a whole. */
export interface MembershipFields {
  membership_status: MembershipStatus;
  /** names */
  roles: string[];
}

/** A membership that is about to be: checked, complete but for its default role. */
export interface NewMembership {
  membership_status: MembershipStatus;
  /** names; undefined: the default role of the organization */
  roles: string[] | undefined;
  /** where the request has the roles, for errors */
  rolesField: string;
  metadata: Metadata;
  inviterEmail: string | null;
  /** how long its invitation is open; null: as the environment says */
  invitationDays: number | null;
}

/** How a membership begins, by what a request says of its invitation. */
type Beginning = Pick<NewMembership, 'membership_status' | 'inviterEmail' | 'invitationDays'>;

/**
 * Checks what a request says of an invitation, whether or not it makes one; 400 names the field, prefixed with `prefix`. A membership begins
 * as an invitation unless the caller says that none is wanted, or what its status is.
 */
export function beginningOf(body: UpsertMembership, prefix = ''): Beginning {
  const status = body.membership_status ?? (body.send_invitation_email === false ? 'ACTIVE' : 'PENDING_INVITE');
  if (status !== 'PENDING_INVITE' && body.invitation_days !== undefined) {
    const reason = body.membership_status === undefined ? 'send_invitation_email is false' : `membership_status is ${status}`;
    throw invalid(`${prefix}invitation_days`, `needs an invitation, and ${reason}`, 'needs_invitation');
  }
  return {
    membership_status: status,
    inviterEmail: body.inviter_email === undefined ? null : parseEmail(body.inviter_email, `${prefix}inviter_email`).address,
    invitationDays: body.invitation_days ?? null,
  };
}

/** Checks a request to create; 400 names the field, prefixed with `prefix`. */
export function newMembership(body: CreateMembership, prefix = ''): NewMembership {
  return {
    ...beginningOf(body, prefix),
    roles: body.roles === undefined ? undefined : roleNames(body.roles, `${prefix}roles`),
    rolesField: `${prefix}roles`,
    metadata: newMetadata(body.metadata, `${prefix}metadata`),
  };
}

/**
 * Whether an invitation is wanted: `send_invitation_email` of the several places of a request that may have it;
 * undefined when none has. 400 when they differ.
 */
export function invitationWanted(...places: (boolean | undefined)[]): boolean | undefined {
  const [wanted, ...others] = places.filter((place) => place !== undefined);
  if (others.some((other) => other !== wanted)) {
    throw invalid('send_invitation_email', 'is given twice, with different values', 'same_as');
  }
  return wanted;
}

/** The names of the roles that a request gives; 400 names the field when one is there twice. */
export function roleNames(roles: readonly { name: string }[], field = 'roles'): string[] {
  const names = roles.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(field, `names ${twice} twice`, 'unique_items');
  return names;
}

/** The roles of a membership with some more; 400 when they are too many. */
export function withRoles(before: readonly string[], added: readonly string[]): string[] {
  const roles = [...new Set([...before, ...added])];
  if (roles.length > roleLimits.perMembership) {
    throw invalid(
      'roles',
      `a membership may have at most ${roleLimits.perMembership} roles; this one would have ${roles.length}`,
      'max_items',
    );
  }
  return roles;
}

/** The entity tag of a membership's answer: it shows its roles, whose names for people change without it, so they are part of it. */
export function membershipTag(membership: Membership): string {
  return recordTag(membership, membership.roles.length === 0 ? undefined : JSON.stringify(membership.roles));
}

/** The 409 of a second membership of one person in one organization. */
export function membershipExists({ organization_id, user_id, id }: Membership): ApiError {
  return new ApiError('MEMBERSHIP_EXISTS', `${user_id} is a member of ${organization_id} already`, {
    resource: { kind: 'membership', id },
  });
}

/** The 404 of a role that a membership does not have itself. */
export function roleNotAssigned({ organization_id, user_id }: Membership, name: string): ApiError {
  return new ApiError('ROLE_NOT_FOUND', `${user_id} does not have the role ${excerpt(name)} itself in ${organization_id}`, {
    resource: { kind: 'role', value: excerpt(name) },
  });
}
