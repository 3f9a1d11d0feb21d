import type { Crosswalk, InvitationState } from '@crosswalk/sdk';
import type { KeysetPage } from '../../data/keyset-rows.ts';
import { keysetPage } from '../../records/kind.ts';
import { readNames } from '../../records/names.ts';

/** An invitation as the table shows it. */
export interface InvitationRow {
  organizationId: string;
  organizationName: string;
  userId: string;
  email: string;
  state: InvitationState;
  inviterEmail: string | null;
  /** RFC 3339, as all times here */
  createTime: string;
  /** null when it was accepted */
  expireTime: string | null;
  /** of one organization only: how often it was sent again, and when last */
  resentCount?: number;
  resentTime?: string | null;
}

/** Which invitations are looked at: of the whole environment those that wait for somebody, of one organization all. */
export type Wanted = { state: 'PENDING' | 'EXPIRED' } | { organizationId: string; state: InvitationState | '' };

/** The states, as people say them. */
export const states = {
  PENDING: { label: 'Open', color: 'blue' },
  EXPIRED: { label: 'Expired', color: 'orange' },
  ACCEPTED: { label: 'Accepted', color: 'teal' },
  REVOKED: { label: 'Revoked', color: 'gray' },
} as const;

/** The state that a text of the address names, or none. */
export function stateOf(text: string): InvitationState | '' {
  return text === 'PENDING' || text === 'EXPIRED' || text === 'ACCEPTED' || text === 'REVOKED' ? text : '';
}

type PageRequest = { pageSize: number; pageToken?: string };

/** Reads a page of invitations with the names of who is invited where. */
export async function readInvitations(
  crosswalk: Crosswalk,
  wanted: Wanted,
  request: PageRequest,
  signal: AbortSignal,
): Promise<KeysetPage<InvitationRow>> {
  return 'organizationId' in wanted
    ? readOfOrganization(crosswalk, wanted, request, signal)
    : readOfAll(crosswalk, wanted.state, request, signal);
}

async function readOfOrganization(
  crosswalk: Crosswalk,
  { organizationId, state }: { organizationId: string; state: InvitationState | '' },
  request: PageRequest,
  signal: AbortSignal,
): Promise<KeysetPage<InvitationRow>> {
  const [page, names] = await Promise.all([
    crosswalk.invitation.list(organizationId, { ...request, ...(state === '' ? {} : { state }) }, { signal }),
    readNames(crosswalk, [organizationId], signal),
  ]);
  const rows = page.invitations.map(
    (invitation): InvitationRow => ({
      organizationId,
      organizationName: names.get(organizationId) ?? organizationId,
      userId: invitation.user_id,
      email: invitation.email,
      state: invitation.state,
      inviterEmail: invitation.inviter_email,
      createTime: invitation.created_at,
      expireTime: invitation.expires_at,
      resentCount: invitation.resent_count,
      resentTime: invitation.resent_at,
    }),
  );
  return keysetPage(rows, page);
}

/** Open and expired invitations are memberships that have not begun. */
async function readOfAll(
  crosswalk: Crosswalk,
  state: 'PENDING' | 'EXPIRED',
  request: PageRequest,
  signal: AbortSignal,
): Promise<KeysetPage<InvitationRow>> {
  const status = state === 'PENDING' ? 'PENDING_INVITE' : 'INVITE_EXPIRED';
  const page = await crosswalk.membership.list({ ...request, status }, { signal });
  const names = await readNames(
    crosswalk,
    page.memberships.flatMap(({ organization_id: organization, user_id: user }) => [organization, user]),
    signal,
  );
  const now = Date.now();
  const rows = page.memberships.map(
    (membership): InvitationRow => ({
      organizationId: membership.organization_id,
      organizationName: names.get(membership.organization_id) ?? membership.organization_id,
      userId: membership.user_id,
      email: names.get(membership.user_id) ?? membership.user_id,
      // The status follows the end of an invitation within minutes.
      state: state === 'PENDING' && membership.expires_at !== null && Date.parse(membership.expires_at) <= now ? 'EXPIRED' : state,
      inviterEmail: membership.inviter_email,
      createTime: membership.create_time,
      expireTime: membership.expires_at,
    }),
  );
  return keysetPage(rows, page);
}
