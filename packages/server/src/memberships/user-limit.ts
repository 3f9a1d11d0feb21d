import type { Membership } from '@crosswalk/contract';
import { ApiError } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';

/**
 * Whether a membership takes one of the places that an organization's user limit gives: it is active, or it waits
 * for a person who can still accept. `countPlaces` says the same in SQL.
 */
export function takesPlace({ membership_status: status, expires_at }: Membership, now: Date): boolean {
  if (status === 'PENDING_INVITE') return expires_at !== null && Date.parse(expires_at) > now.getTime();
  return status === 'ACTIVE';
}

/** The error of one user too many. `organizationId` is a database ID. */
export function userLimitReached(organizationId: string, limit: number): ApiError {
  const id = formatId('org', organizationId);
  return new ApiError(
    'USER_LIMIT_REACHED',
    `${id} is full: max_allowed_users is ${limit}; raise it, or end or deactivate another membership first`,
    { resource: { kind: 'organization', id } },
  );
}
