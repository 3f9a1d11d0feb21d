import { eventOf } from '../events/index.ts';
import { requireId } from '../lib/id.ts';
import {
  countPlacesOf,
  deleteMemberships,
  findMembersWithTokens,
  holdOrganizations,
  lockMembershipsById,
  restoreMemberships,
  takesPlace,
} from '../memberships/index.ts';
import { lockRolesOf } from '../roles/index.ts';
import type { MembershipRestore } from './restore.ts';
import { leave, type Undo, type UndoRecord, untouched } from './undo.ts';

/** Undoes what an import did to memberships: ends those it made, gives the others what they had. */
export async function undoMemberships(undo: Undo, records: readonly UndoRecord<MembershipRestore>[]): Promise<void> {
  const { tx, context, outcomes, events } = undo;
  const { environmentId } = context;
  const ids = records.map(({ id }) => id).sort();
  const stored = await lockMembershipsById(tx, environmentId, ids);
  const found = untouched(undo, records, stored, ({ membership }) => membership.version);

  const made = found.filter(({ record }) => record.isNew);
  const tokens = await findMembersWithTokens(
    tx,
    environmentId,
    made.map(({ record }) => record.id),
  );
  const removed = made.filter(({ record }) => !tokens.has(record.id));
  for (const { record } of made) if (tokens.has(record.id)) leave(undo, record.id, 'in_use', 'tokens were made for it since');
  await deleteMemberships(
    tx,
    environmentId,
    removed.map(({ record }) => record.id),
  );
  for (const { record, now } of removed) {
    outcomes.set(record.id, { result: 'removed' });
    events.push(eventOf('user.organization_membership_deleted', 'membership', now.membership, undefined));
  }

  const changed = found.flatMap(({ record, now }) => {
    const state = record.before?.state;
    return state === undefined
      ? []
      : [{ id: record.id, state, now: now.membership, organizationId: requireId('org', now.membership.organization_id) }];
  });
  const organizationIds = [...new Set(changed.map(({ organizationId }) => organizationId))].sort();
  const organizations = await holdOrganizations(tx, environmentId, organizationIds);
  const roles = await lockRolesOf(tx, environmentId, organizationIds, [...new Set(changed.flatMap(({ state }) => state.roles))]);
  const limits = [...organizations].flatMap(([id, { limit }]) => (limit === null ? [] : [[id, limit] as const]));
  const places = await countPlacesOf(
    tx,
    environmentId,
    limits.map(([id]) => id),
  );
  const now = new Date();
  const restored = changed.filter(({ id, state, now: membership, organizationId }) => {
    const missing = state.roles.find((name) => !roles.has(`0/${name}`) && !roles.has(`${organizationId}/${name}`));
    if (missing !== undefined) {
      leave(undo, id, 'conflict', `the role ${missing}, which it had, is no longer there`);
      return false;
    }
    const wants = takesPlace({ ...membership, membership_status: state.status, expires_at: state.expireTime }, now);
    const takes = takesPlace(membership, now);
    const taken = places.get(organizationId) ?? 0;
    if (wants && !takes && taken >= (organizations.get(organizationId)?.limit ?? Number.POSITIVE_INFINITY)) {
      leave(undo, id, 'conflict', 'its organization is full');
      return false;
    }
    places.set(organizationId, taken + Number(wants) - Number(takes));
    return true;
  });
  const written = await restoreMemberships(
    tx,
    environmentId,
    restored.map(({ id, state }) => ({ id, ...state })),
  );
  for (const { id, now: membership } of restored) {
    outcomes.set(id, { result: 'restored' });
    events.push(eventOf('user.organization_membership_updated', 'membership', membership, written.get(id)));
  }
}
