import type { MembershipStatus } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { LinkFacts } from './invitation-link.ts';
import { columnsOf, type SettingsRow, type StoredSettings, toStored } from './invitation-settings-store.ts';

/** A message about an invitation, with all that it says and all that decides on its link. Database IDs. */
export interface InvitationMessage {
  environmentId: string;
  membershipId: string;
  /** of the token in its link */
  tokenHash: Buffer;
  link: LinkFacts;
  /** null: it is gone */
  organizationName: string | null;
  inviteeName: string | null;
  inviteeLocale: string | null;
  inviterEmail: string | null;
  settings: StoredSettings;
}

interface MessageRow extends SettingsRow {
  environment_id: string;
  membership_id: string;
  token_hash: Buffer;
  to_address: string;
  superseded: boolean;
  status: MembershipStatus | null;
  join_time: string | null;
  invite_expire_time: string | null;
  inviter_email: string | null;
  display_name: string | null;
  email: string | null;
  name: string | null;
  user_locale: string | null;
}

/** SQL: of messages `t`. */
const messageColumns = `t.environment_id, t.membership_id, t.token_hash, t.to_address, m.status, m.join_time, m.invite_expire_time, m.inviter_email,
  o.display_name, u.email, u.profile ->> 'name' as name, u.profile ->> 'locale' as user_locale, ${columnsOf('s')},
  exists (select from messages later where later.environment_id = t.environment_id and later.membership_id = t.membership_id
    and later.event_sequence > t.event_sequence) as superseded`;

/** SQL: what messages `t` are about. */
const joins = `left join memberships m on m.environment_id = t.environment_id and m.id = t.membership_id
  left join organizations o on o.environment_id = m.environment_id and o.id = m.organization_id
  left join users u on u.environment_id = m.environment_id and u.id = m.user_id
  left join invitation_settings s on s.environment_id = t.environment_id`;

function toInvitationMessage(row: MessageRow): InvitationMessage {
  const { status, join_time, invite_expire_time: expires_at } = row;
  return {
    environmentId: row.environment_id,
    membershipId: row.membership_id,
    tokenHash: row.token_hash,
    link: {
      standing: status === null ? undefined : { membership_status: status, join_time, expires_at },
      superseded: row.superseded,
      sentTo: row.to_address,
      email: row.email,
    },
    organizationName: row.display_name,
    inviteeName: row.name,
    inviteeLocale: row.user_locale,
    inviterEmail: row.inviter_email,
    settings: toStored(row),
  };
}

/** Messages by their IDs, in the order asked, each of its environment; undefined for one that is gone. */
export async function findInvitationMessages(
  db: Queryable,
  keys: readonly { environmentId: string; id: string }[],
): Promise<(InvitationMessage | undefined)[]> {
  const { rows } = await db.query<MessageRow & { place: string }>({
    name: 'find-invitation-messages',
    text: `select n.place, ${messageColumns} from unnest($1::bigint[], $2::bigint[]) with ordinality n (environment_id, id, place)
           join messages t on t.environment_id = n.environment_id and t.id = n.id ${joins}`,
    values: [keys.map(({ environmentId }) => environmentId), keys.map(({ id }) => id)],
  });
  const found = new Map(rows.map((row) => [Number(row.place), toInvitationMessage(row)]));
  return keys.map((_, index) => found.get(index + 1));
}

/** The message that has a link; undefined if none has. The hash is of 256 bits and so tells the environment too. */
export async function findLinkedMessage(db: Queryable, tokenHash: Uint8Array): Promise<InvitationMessage | undefined> {
  const { rows } = await db.query<MessageRow>({
    name: 'find-linked-message',
    text: `select ${messageColumns} from messages t ${joins} where t.token_hash = $1`,
    values: [tokenHash],
  });
  return rows.map(toInvitationMessage)[0];
}

/** What a preview shows of an organization and of a user; null for what is not there. */
export async function findPreviewNames(
  db: Queryable,
  environmentId: string,
  { organizationId, userId }: { organizationId: string | null; userId: string | null },
): Promise<{ organizationName: string | null; email: string | null; name: string | null; locale: string | null }> {
  const { rows } = await db.query<{ display_name: string | null; email: string | null; name: string | null; locale: string | null }>({
    name: 'find-preview-names',
    text: `select o.display_name, u.email, u.profile ->> 'name' as name, u.profile ->> 'locale' as locale
           from (select) one
           left join organizations o on o.environment_id = $1 and o.id = $2
           left join users u on u.environment_id = $1 and u.id = $3`,
    values: [environmentId, organizationId, userId],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('a row of outer joins vanished');
  return { organizationName: row.display_name, email: row.email, name: row.name, locale: row.locale };
}
