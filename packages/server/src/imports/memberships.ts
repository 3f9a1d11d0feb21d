import type { MembershipRow, MembershipStatus, Metadata } from '@crosswalk/contract';
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
  type MemberOrganization,
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

/** What rows name, as it stands. */
interface Known {
  /** by database ID */
  organizations: ReadonlyMap<string, MemberOrganization>;
  /** whether there is a user of a database ID */
  isUser: (id: string) => boolean;
  /** `organization ID/name`; ID 0: of the environment */
  roles: ReadonlySet<string>;
  /** by `organization ID/user ID` */
  locked: ReadonlyMap<string, LockedMembership>;
  /** places taken in organizations with a user limit; each row that is decided counts */
  places: Map<string, number>;
  now: Date;
}

interface Change {
  pending: Pending;
  before: LockedMembership | undefined;
  after: MembershipState;
}

/** Puts in rows. Returns those that must wait for an earlier row about the same record (among these or in `ahead`). */
export async function putMemberships(batch: Batch, rows: readonly Pending[], ahead: readonly Pending[]): Promise<Pending[]> {
  if (rows.length === 0) return [];
  const { meant, later, known } = await lookUp(batch, rows, ahead);
  const changes = meant.flatMap((row) => decide(batch, row, known));
  await write(batch, changes);
  return later;
}

/** Finds what rows mean and name, and locks it. */
async function lookUp(
  batch: Batch,
  rows: readonly Pending[],
  ahead: readonly Pending[],
): Promise<{ meant: Meant[]; later: Pending[]; known: Known }> {
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
  return { meant, later, known: { organizations, isUser, roles, locked, places, now: new Date() } };
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
  const seen = new Set<string>();
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
      if (seen.has(key)) later.push(pending);
      else meant.push({ pending, ...found });
    }
    seen.add(key);
  }
  return { meant, later };
}

/** The change that a row makes; none if it is rejected or changes nothing. */
function decide(batch: Batch, meant: Meant, known: Known): Change[] {
  const { pending, organizationId, userId } = meant;
  const before = known.locked.get(`${organizationId}/${userId}`);
  const state = deciding(batch, pending, () => stateAfter(batch, meant, before, known));
  if (state === undefined) return [];
  if (before !== undefined && isSame(before, state)) {
    settle(batch, pending, 'unchanged', databaseId(before.membership.id), before.membership.version);
    return [];
  }
  const id = before === undefined ? pending.newId : databaseId(before.membership.id);
  return [{ pending, before, after: { ...state, id, organizationId, userId } }];
}

type State = Pick<MembershipState, 'fields' | 'metadata' | 'inviterEmail'>;

/** The membership after a row, which takes its place. Throws the error of the row. */
function stateAfter(
  batch: Batch,
  { pending: { row }, organizationId, userId }: Meant,
  before: LockedMembership | undefined,
  known: Known,
): State {
  const { organizations, isUser, roles } = known;
  const organization = organizations.get(organizationId);
  if (organization === undefined) throw notFound('organization', { id: organizationId });
  if (!isUser(userId)) throw notFound('user', { id: userId });
  checkMode(batch, 'membership', before?.membership.id);
  row.roles?.forEach((name, index) => {
    if (!roles.has(`${organizationId}/${name}`) && !roles.has(`0/${name}`)) throw unknownRole(`roles.${index}`, name);
  });
  const fields = fieldsAfter(batch, row, before?.fields, organization.defaultRole);
  const metadata = metadataAfter(row, before);
  const inviterEmail =
    row.inviter_email === undefined ? (before?.membership.inviter_email ?? null) : parseEmail(row.inviter_email, 'inviter_email').address;
  takePlace(known, organizationId, organization.limit, before, fields.membership_status);
  return { fields, metadata, inviterEmail };
}

function metadataAfter({ metadata: patch }: MembershipRow, before: LockedMembership | undefined): Metadata {
  if (before === undefined) return newMetadata(patch);
  return patch === undefined ? before.membership.metadata : mergeMetadata(before.membership.metadata, patch, 'metadata');
}

/** Counts the place that a membership takes or frees by getting a status. 409 USER_LIMIT_REACHED when none is left. */
function takePlace(
  { places, now }: Known,
  organizationId: string,
  limit: number | null,
  before: LockedMembership | undefined,
  status: MembershipStatus,
): void {
  const tookPlace = before !== undefined && takesPlace(before.membership, now);
  const isSameStatus = before !== undefined && before.fields.membership_status === status;
  const wants = isSameStatus ? tookPlace : status === 'ACTIVE' || status === 'PENDING_INVITE';
  const taken = places.get(organizationId) ?? 0;
  if (limit !== null && wants && !tookPlace && taken >= limit) throw userLimitReached(organizationId, limit);
  places.set(organizationId, taken + Number(wants) - Number(tookPlace));
}

function isSame({ fields, membership }: LockedMembership, after: State): boolean {
  return sameJson(fields, after.fields) && sameJson(membership.metadata, after.metadata) && membership.inviter_email === after.inviterEmail;
}

/** Status and roles after a row. 400 for a status that a membership cannot have. */
function fieldsAfter({ options }: Batch, row: MembershipRow, before: MembershipFields | undefined, defaultRole: string): MembershipFields {
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

/** Writes changes, and notes what their rows have come to. */
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
