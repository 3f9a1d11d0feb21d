import type { Role } from '@crosswalk/contract';
import { eventOf } from '../events/index.ts';
import { requireId } from '../lib/id.ts';
import { findDefaultsOf, lockOrganizations, setDefaultMemberRoles } from '../organizations/index.ts';
import {
  deleteRoles,
  environmentScope,
  findDefaultRoles,
  findRolesById,
  findRoleUses,
  lockPermissionsById,
  lockRoles,
  lockScopes,
  replacePermissionsOf,
  roleEvent,
  setDefaultRoles,
  touchRoles,
  updateRoles,
} from '../roles/index.ts';
import type { RoleRestore } from './restore.ts';
import { leave, type Undo, type UndoRecord, type Untouched, untouched } from './undo.ts';

type Found = Untouched<Role, RoleRestore>;

/** The defaults of new members and of creators, as database IDs of roles. */
interface Defaults {
  creator: string;
  member: string;
  /** of organizations that have one of their own: database ID to that of the role */
  ofOrganizations: Map<string, string>;
}

/** Undoes what an import did to roles: the defaults it made first, then removes those it made and gives the others what they had. */
export async function undoRoles(undo: Undo, records: readonly UndoRecord<RoleRestore>[]): Promise<void> {
  const { tx, context, outcomes, events } = undo;
  const { environmentId } = context;
  const ids = records.map(({ id }) => id);
  const organizationIds = [...new Set((await findRolesById(tx, environmentId, ids)).flatMap((role) => organizationOf(role) ?? []))].sort();
  await lockScopes(tx, environmentId, organizationIds, true);
  await lockRoles(tx, environmentId, ids);
  const stored = new Map((await findRolesById(tx, environmentId, ids)).map((role) => [requireId('role', role.id), role]));
  const before = await readDefaults(undo, organizationIds);
  const found = await withoutUsed(
    undo,
    untouched(undo, records, stored, ({ version }) => version),
    before,
  );

  const after = defaultsBefore(before, found);
  const touched = await setDefaults(undo, before, after, new Set(found.map(({ record }) => record.id)));
  const restored = found.flatMap(({ record, now }) => {
    const state = record.before?.state;
    return state === undefined ? [] : [{ id: record.id, state, now }];
  });
  await updateRoles(
    tx,
    environmentId,
    restored.map(({ id, state, now }) => ({ id, ...state, name: now.name, organizationId: organizationOf(now) ?? null })),
  );
  await replacePermissionsOf(
    tx,
    environmentId,
    restored.map(({ id, state: { permissionIds } }) => ({ id, permissionIds })),
  );
  const removed = found.filter(({ record }) => record.isNew);
  await deleteRoles(
    tx,
    environmentId,
    removed.map(({ record }) => record.id),
  );
  for (const { record, now } of removed) {
    outcomes.set(record.id, { result: 'removed' });
    events.push(roleEvent('role.deleted', now, undefined));
  }
  const written = new Map(
    (
      await findRolesById(
        tx,
        environmentId,
        restored.map(({ id }) => id),
      )
    ).map((role) => [role.id, role]),
  );
  for (const { id, now } of restored) {
    outcomes.set(id, { result: 'restored' });
    events.push(roleEvent('role.updated', now, written.get(now.id)));
  }
  events.push(...touched);
}

function organizationOf({ organization_id: id }: Role): string | undefined {
  return id === null ? undefined : requireId('org', id);
}

async function readDefaults({ tx, context: { environmentId } }: Undo, organizationIds: readonly string[]): Promise<Defaults> {
  const { creator, member } = await findDefaultRoles(tx, environmentId, environmentScope);
  return {
    creator: requireId('role', creator.id),
    member: requireId('role', member.id),
    ofOrganizations: await findDefaultsOf(tx, environmentId, organizationIds),
  };
}

/** Those that nothing made since keeps from being undone; the others are left. */
async function withoutUsed(undo: Undo, found: readonly Found[], defaults: Defaults): Promise<Found[]> {
  const { tx, context } = undo;
  const { environmentId } = context;
  const uses = await findRoleUses(
    tx,
    environmentId,
    found.map(({ record }) => record.id),
  );
  const needed = found.flatMap(({ record: { before, rows } }) => [
    before?.state?.baseId ?? [],
    ...rows.flatMap(({ restore }) => [restore?.creator ?? [], restore?.member ?? []].flat()),
  ]);
  const roles = new Set((await findRolesById(tx, environmentId, [...new Set(needed.flat())])).map(({ id }) => requireId('role', id)));
  const permissionIds = [...new Set(found.flatMap(({ record }) => record.before?.state?.permissionIds ?? []))].sort();
  const permissions = await lockPermissionsById(tx, environmentId, permissionIds);
  return found.filter(({ record, now }) => {
    const { id, isNew, rows, before } = record;
    const use = uses.get(id);
    const makes = (which: 'creator' | 'member') => rows.some(({ restore }) => restore?.[which] !== undefined);
    const isOtherDefault =
      (defaults.creator === id && !makes('creator')) ||
      (defaults.member === id && !makes('member')) ||
      (use?.isOrganizationDefault === true && !(makes('member') && organizationOf(now) !== undefined));
    if (isNew && use?.isUsed === true) leave(undo, id, 'in_use', 'someone has it, or another role extends it');
    else if (isNew && isOtherDefault) leave(undo, id, 'in_use', 'it was made a default since');
    else if (
      [before?.state?.baseId, ...rows.flatMap(({ restore }) => [restore?.creator, restore?.member])].some(
        (other) => typeof other === 'string' && !roles.has(other),
      )
    )
      leave(undo, id, 'conflict', 'a role that it extended, or that was the default, is no longer there');
    else if (before?.state?.permissionIds.some((permission) => !permissions.has(permission)) === true)
      leave(undo, id, 'conflict', 'a permission that it had is no longer there');
    else return true;
    return false;
  });
}

/** The defaults as they were before the rows: those that later rows made are taken back first. */
function defaultsBefore(now: Defaults, found: readonly Found[]): Defaults {
  const { creator, member } = now;
  const before = { creator, member, ofOrganizations: new Map(now.ofOrganizations) };
  const rows = found.flatMap(({ record, now: role }) => record.rows.map((row) => ({ ...row, organizationId: organizationOf(role) })));
  for (const { recordId, restore, organizationId } of rows.sort((a, b) => b.line - a.line)) {
    if (restore?.creator !== undefined && before.creator === recordId) before.creator = restore.creator;
    if (restore?.member === undefined) continue;
    if (organizationId === undefined) {
      if (before.member === recordId && restore.member !== null) before.member = restore.member;
    } else if (before.ofOrganizations.get(organizationId) === recordId) {
      if (restore.member === null) before.ofOrganizations.delete(organizationId);
      else before.ofOrganizations.set(organizationId, restore.member);
    }
  }
  return before;
}

/** Sets defaults that differ. Returns the events of records other than `undone`, whose versions this raises. */
async function setDefaults(undo: Undo, before: Defaults, after: Defaults, undone: ReadonlySet<string>) {
  const { tx, context, touched } = undo;
  const { environmentId } = context;
  const changed = [...(before.creator === after.creator ? [] : [after.creator]), ...(before.member === after.member ? [] : [after.member])];
  const others = [...new Set(changed)].filter((id) => !undone.has(id));
  const old = new Map((await findRolesById(tx, environmentId, others)).map((role) => [role.id, role]));
  if (changed.length > 0) await setDefaultRoles(tx, environmentId, after.creator, after.member);
  const roles = others.length === 0 ? [] : await touchRoles(tx, environmentId, others);
  touched.push(...roles.map(({ id, version }) => ({ kind: 'role' as const, id: requireId('role', id), version })));

  const moved = [...before.ofOrganizations.keys()].filter((id) => before.ofOrganizations.get(id) !== after.ofOrganizations.get(id)).sort();
  const owners = await lockOrganizations(tx, environmentId, moved);
  const organizations = await setDefaultMemberRoles(
    tx,
    environmentId,
    moved.map((organizationId) => ({ organizationId, roleId: after.ofOrganizations.get(organizationId) ?? null })),
  );
  touched.push(...[...organizations].map(([id, { version }]) => ({ kind: 'organization' as const, id, version })));
  return [
    ...roles.map((role) => roleEvent('role.updated', old.get(role.id), role)),
    ...[...organizations].map(([id, organization]) => eventOf('organization.updated', 'organization', owners.get(id), organization)),
  ];
}
