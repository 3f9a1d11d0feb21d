import type { Crosswalk, Invitation, InvitationState } from '@crosswalk/sdk';
import type { KeysetPage } from '../../data/keyset-rows.ts';
import { exampleOfReading, quoted, withQuery } from '../../elements/client-code.ts';
import type { Example } from '../../elements/code-example.tsx';
import { keysetPage } from '../../records/kind.ts';
import { readNames } from '../../records/names.ts';

/** An invitation with the name of the organization that it is to. */
export interface InvitationRow extends Invitation {
  organizationName: string;
}

/** Which invitations are looked at: of the whole environment or of one organization, of every state or one. Empty texts narrow nothing. */
export interface Wanted {
  organizationId: string;
  state: InvitationState | '';
}

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

/** Reads a page of invitations with the names of where people are invited. */
export async function readInvitations(
  crosswalk: Crosswalk,
  { organizationId, state }: Wanted,
  request: { pageSize: number; pageToken?: string },
  signal: AbortSignal,
): Promise<KeysetPage<InvitationRow>> {
  const { invitation } = crosswalk;
  const which = { ...request, ...(state === '' ? {} : { state }) };
  const page = await (organizationId === '' ? invitation.listAll(which, { signal }) : invitation.list(organizationId, which, { signal }));
  const ids = page.invitations.map(({ organization_id: id }) => id);
  const names = await readNames(crosswalk, ids, signal);
  const rows = page.invitations.map((found) => ({ ...found, organizationName: names.get(found.organization_id) ?? found.organization_id }));
  return keysetPage(rows, page);
}

/** How to read them by code. */
export function exampleOfInvitations({ organizationId, state }: Wanted): Example {
  const which = state === '' ? '' : `{ state: ${quoted(state)} }`;
  return organizationId === ''
    ? exampleOfReading(withQuery('/api/v1/invitations', { state }), `crosswalk.invitation.listAll(${which})`)
    : exampleOfReading(
        withQuery(`/api/v1/organizations/${organizationId}/invitations`, { state }),
        `crosswalk.invitation.list(${[quoted(organizationId), which].filter(Boolean).join(', ')})`,
      );
}
