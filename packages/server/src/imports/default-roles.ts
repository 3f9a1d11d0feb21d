import type { Role, RoleRow } from '@crosswalk/contract';
import { eventOf, type NewEvent } from '../events/index.ts';
import { requireId } from '../lib/id.ts';
import { findDefaultsOf, lockOrganizations, setDefaultMemberRoles } from '../organizations/index.ts';
import {
  environmentScope,
  findDefaultRoles,
  findRolesById,
  type RoleState,
  roleEvent,
  setDefaultRoles,
  touchRoles,
} from '../roles/index.ts';
import type { Batch } from './batch.ts';
import type { RoleRestore } from './restore.ts';

/** Which defaults a row makes of its role that it is not yet. */
export interface NewDefaults {
  creator: boolean;
  member: boolean;
}

/** What a row makes of its role. `isDefaultOfOrganization`: it is the default of the organization whose role it is. */
export function defaultsMadeBy(row: RoleRow, before: Role | undefined, isDefaultOfOrganization: boolean): NewDefaults {
  return {
    creator: row.default_creator === true && before?.default_creator !== true,
    member: row.default_member === true && !(row.organization === undefined ? before?.default_member === true : isDefaultOfOrganization),
  };
}

/** A role that was written, and the defaults that its row makes of it. */
interface Change {
  before: Role | undefined;
  after: RoleState;
  differs: boolean;
  makes: NewDefaults;
}

/**
 * Makes roles the defaults. Each role that becomes or was a default gets its version, those that were written have it already.
 * Returns the events of what is no row of the batch: the roles that were defaults, and the organizations; and the defaults that each role
 * (database ID) replaced.
 */
export async function setDefaults(
  batch: Batch,
  changes: readonly Change[],
): Promise<{ events: NewEvent[]; replaced: Map<string, Pick<RoleRestore, 'creator' | 'member'>> }> {
  const replaced = new Map<string, Pick<RoleRestore, 'creator' | 'member'>>();
  const events = [...(await setOfEnvironment(batch, changes, replaced)), ...(await setOfOrganizations(batch, changes, replaced))];
  return { events, replaced };
}

type Replaced = Map<string, Pick<RoleRestore, 'creator' | 'member'>>;

async function setOfEnvironment(batch: Batch, changes: readonly Change[], replacedBy: Replaced): Promise<NewEvent[]> {
  const { tx, context, touched: alsoTouched } = batch;
  const { environmentId } = context;
  const own = changes.filter(({ after: { organizationId } }) => organizationId === null);
  const creator = own.findLast(({ makes }) => makes.creator)?.after.id;
  const member = own.findLast(({ makes }) => makes.member)?.after.id;
  if (creator === undefined && member === undefined) return [];
  const now = await findDefaultRoles(tx, environmentId, environmentScope);
  const [oldCreator, oldMember] = [requireId('role', now.creator.id), requireId('role', now.member.id)];
  const replaced = [...(creator === undefined ? [] : [oldCreator]), ...(member === undefined ? [] : [oldMember])];
  const old = await findRolesById(tx, environmentId, replaced);
  await setDefaultRoles(tx, environmentId, creator ?? oldCreator, member ?? oldMember);
  const isWritten = new Set(changes.filter(({ before, differs }) => before === undefined || differs).map(({ after }) => after.id));
  const isChanged = new Set(changes.map(({ after }) => after.id));
  const toTouch = [...new Set([...replaced, creator ?? [], member ?? []].flat())].filter((id) => !isWritten.has(id));
  const touched = await touchRoles(tx, environmentId, toTouch);
  alsoTouched.push(...touched.map(({ id, version }) => ({ kind: 'role' as const, id: requireId('role', id), version })));
  if (creator !== undefined) replacedBy.set(creator, { creator: oldCreator });
  if (member !== undefined) replacedBy.set(member, { ...replacedBy.get(member), member: oldMember });
  return touched.flatMap((role) => {
    const before = old.find(({ id }) => id === role.id);
    return before === undefined || isChanged.has(requireId('role', role.id)) ? [] : [roleEvent('role.updated', before, role)];
  });
}

async function setOfOrganizations({ tx, context, touched }: Batch, changes: readonly Change[], replacedBy: Replaced): Promise<NewEvent[]> {
  const { environmentId } = context;
  const defaults = new Map(
    changes.flatMap(({ makes, after: { id, organizationId } }) => (makes.member && organizationId !== null ? [[organizationId, id]] : [])),
  );
  if (defaults.size === 0) return [];
  const old = await findDefaultsOf(tx, environmentId, [...defaults.keys()]);
  for (const [organizationId, roleId] of defaults) replacedBy.set(roleId, { member: old.get(organizationId) ?? null });
  const before = await lockOrganizations(tx, environmentId, [...defaults.keys()].sort());
  const after = await setDefaultMemberRoles(
    tx,
    environmentId,
    [...defaults].map(([organizationId, roleId]) => ({ organizationId, roleId })),
  );
  touched.push(...[...after].map(([id, { version }]) => ({ kind: 'organization' as const, id, version })));
  return [...after].map(([id, organization]) => eventOf('organization.updated', 'organization', before.get(id), organization));
}
