import type { MembershipRow } from '@crosswalk/contract';
import { eventOf } from '../events/index.ts';
import { notFound } from '../external-ids/index.ts';
import { insertInvitations, invitationEvent, invitationOf } from '../invitations/index.ts';
import { invalid } from '../lib/api-error.ts';
import { parseEmail } from '../lib/email.ts';
import { databaseId, formatId } from '../lib/id.ts';
import {
  countPlacesOf,
  holdOrganizations,
  holdUsers,
  insertMemberships,
  type LockedMembership,
  lockMemberships,
  type MembershipFields,
  type MembershipState,
  takesPlace,
  updateMemberships,
  userLimitReached,
} from '../memberships/index.ts';
import { mergeMetadata, newMetadata } from '../metadata/index.ts';
import { lockRolesOf, unknownRole } from '../roles/index.ts';
import { type Batch, checkMode, deciding, type PendingRow, record, resolveReferences, sameJson, settle } from './batch.ts';
import { inOrder, meaningIfAny } from './identity.ts';
import type { MembershipRestore } from './restore.ts';

type Pending = PendingRow<MembershipRow>;

interface Meant {
  pending: Pending;
  organizationId: string;
  userId: string;
}

interface Change {
  pending: Pending;
  before: LockedMembership | undefined;
  after: MembershipState;
}

/**
 * Puts in rows of memberships that name different things. Returns those that turn out to mean what a row before them means, which is among them
 * or `ahead` of them and waits: they are next.
 */
export async function putMemberships(batch: Batch, rows: readonly Pending[], ahead: readonly Pending[]): Promise<Pending[]> {
  if (rows.length === 0) return [];
  const { tx, context } = batch;
  const { environmentId } = context;
  const { meant, later } = await resolve(batch, rows, ahead);
  const organizations = await holdOrganizations(tx, environmentId, distinct(meant.map(({ organizationId }) => organizationId)));
  const held = await holdUsers(tx, environmentId, distinct(meant.flatMap(({ userId }) => (batch.madeUsers.has(userId) ? [] : [userId]))));
  const isUser = (id: string) => held.has(id) || batch.madeUsers.has(id);
  const roles = await lockRolesOf(
    tx,
    environmentId,
    [...organizations.keys()],
    distinct(meant.flatMap(({ pending }) => pending.row.roles ?? [])),
  );
  const there = meant.filter((one) => organizations.has(one.organizationId) && isUser(one.userId));
  const locked = await lockMemberships(
    tx,
    environmentId,
    there.filter(({ organizationId, userId }) => held.has(userId) || batch.madeMemberships.has(`${organizationId}/${userId}`)),
  );
  const limited = [...organizations].flatMap(([id, { limit }]) => (limit === null ? [] : [id]));
  const places = await countPlacesOf(tx, environmentId, limited);
  const now = new Date();

  const changes: Change[] = [];
  for (const { pending, organizationId, userId } of meant) {
    const { row } = pending;
    const before = locked.get(`${organizationId}/${userId}`);
    const decided = deciding(batch, pending, () => {
      const organization = organizations.get(organizationId);
      if (organization === undefined) throw notFound('organization', { id: organizationId });
      if (!isUser(userId)) throw notFound('user', { id: userId });
      checkMode(batch, 'membership', before?.membership.id);
      row.roles?.forEach((name, index) => {
        if (!roles.has(`${organizationId}/${name}`) && !roles.has(`0/${name}`)) throw unknownRole(`roles.${index}`, name);
      });
      const state = stateAfter(batch, row, before?.fields, organization.defaultRole);
      const metadata =
        before === undefined
          ? newMetadata(row.metadata)
          : row.metadata === undefined
            ? before.membership.metadata
            : mergeMetadata(before.membership.metadata, row.metadata, 'metadata');
      const inviterEmail =
        row.inviter_email === undefined
          ? (before?.membership.inviter_email ?? null)
          : parseEmail(row.inviter_email, 'inviter_email').address;
      const tookPlace = before !== undefined && takesPlace(before.membership, now);
      const isSameStatus = before !== undefined && before.fields.membership_status === state.membership_status;
      const wants = isSameStatus ? tookPlace : state.membership_status === 'ACTIVE' || state.membership_status === 'PENDING_INVITE';
      const taken = places.get(organizationId) ?? 0;
      if (organization.limit !== null && wants && !tookPlace && taken >= organization.limit)
        throw userLimitReached(organizationId, organization.limit);
      places.set(organizationId, taken + Number(wants) - Number(tookPlace));
      return { fields: state, metadata, inviterEmail };
    });
    if (decided === undefined) continue;
    const isSame =
      before !== undefined &&
      sameJson(before.fields, decided.fields) &&
      sameJson(before.membership.metadata, decided.metadata) &&
      before.membership.inviter_email === decided.inviterEmail;
    if (isSame) settle(batch, pending, 'unchanged', databaseId(before.membership.id), before.membership.version);
    else {
      const id = before === undefined ? pending.newId : databaseId(before.membership.id);
      changes.push({ pending, before, after: { ...decided, id, organizationId, userId } });
    }
  }
  await write(batch, changes);
  return later;
}

/** Finds the organizations and users of rows. */
async function resolve(batch: Batch, rows: readonly Pending[], ahead: readonly Pending[]): Promise<{ meant: Meant[]; later: Pending[] }> {
  const all = inOrder(rows, ahead);
  const organizationOf = await resolveReferences(
    batch,
    'organization',
    all.map(({ row }) => row.organization),
  );
  const userOf = await resolveReferences(
    batch,
    'user',
    all.map(({ row }) => row.user),
  );
  const touched = new Set<string>();
  const later: Pending[] = [];
  const meant: Meant[] = [];
  const waits = new Set(ahead);
  for (const pending of all) {
    const find = () => ({
      organizationId: organizationOf(pending.row.organization, 'organization'),
      userId: userOf(pending.row.user, 'user'),
    });
    const found = waits.has(pending) ? meaningIfAny(find) : deciding(batch, pending, find);
    if (found === undefined) continue;
    const key = `${found.organizationId}/${found.userId}`;
    if (!waits.has(pending)) {
      if (touched.has(key)) later.push(pending);
      else meant.push({ pending, ...found });
    }
    touched.add(key);
  }
  return { meant, later };
}

/** Status and roles after a row. 400 for a status that a membership cannot have. */
function stateAfter({ options }: Batch, row: MembershipRow, before: MembershipFields | undefined, defaultRole: string): MembershipFields {
  const wanted = row.membership_status;
  if (before === undefined) {
    return { membership_status: wanted ?? (options.send_invitations ? 'PENDING_INVITE' : 'ACTIVE'), roles: row.roles ?? [defaultRole] };
  }
  if (wanted === 'PENDING_INVITE' && before.membership_status !== 'PENDING_INVITE') {
    throw invalid(
      'membership_status',
      `is ${before.membership_status} and cannot become PENDING_INVITE; send the invitation again instead`,
      'transition',
    );
  }
  if (wanted === 'INVITE_EXPIRED' && !wasInvited(before.membership_status)) {
    throw invalid('membership_status', `is ${before.membership_status} and cannot become INVITE_EXPIRED`, 'transition');
  }
  return { membership_status: wanted ?? before.membership_status, roles: row.roles ?? before.roles };
}

function wasInvited(status: MembershipFields['membership_status']): boolean {
  return status === 'PENDING_INVITE' || status === 'INVITE_EXPIRED';
}

async function write(batch: Batch, changes: readonly Change[]): Promise<void> {
  const { tx, context, options } = batch;
  const { environmentId } = context;
  const isNew = ({ before }: Change) => before === undefined;
  const inserted = await insertMemberships(
    tx,
    environmentId,
    changes.filter(isNew).map(({ after }) => after),
  );
  const updated = await updateMemberships(
    tx,
    environmentId,
    changes.filter((change) => !isNew(change)).map(({ after }) => after),
  );
  const invited = [...inserted].flatMap(([id, { membership_status: status }]) => (wasInvited(status) ? [id] : []));
  const sendings = await insertInvitations(tx, environmentId, invited);
  for (const {
    pending,
    before,
    after: { id, organizationId, userId },
  } of changes) {
    const after = inserted.get(id) ?? updated.get(id);
    if (after === undefined) throw new Error('a membership that was written did not come back');
    settle(batch, pending, before === undefined ? 'created' : 'updated', id, after.version, restoreOf(before));
    if (batch.madeUsers.has(userId)) batch.madeMemberships.add(`${organizationId}/${userId}`);
    const type = before === undefined ? 'user.organization_membership_created' : 'user.organization_membership_updated';
    record(batch, pending, eventOf(type, 'membership', before?.membership, after), before === undefined ? null : formatId('mem', id));
    const sending = sendings.get(id);
    // Without this event an invitation is open and not sent: it can be, later, by sending it again.
    if (sending !== undefined && options.send_invitations && after.membership_status === 'PENDING_INVITE') {
      batch.events.push(invitationEvent(undefined, { membership: after, invitation: invitationOf(after, sending) }));
    }
  }
}

function restoreOf(before: LockedMembership | undefined): MembershipRestore {
  if (before === undefined) return { version: null };
  const { membership, fields } = before;
  return {
    version: membership.version,
    state: {
      status: fields.membership_status,
      roles: fields.roles,
      metadata: membership.metadata,
      inviterEmail: membership.inviter_email,
      joinTime: membership.join_time,
      expireTime: membership.expires_at,
    },
  };
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)].sort();
}
