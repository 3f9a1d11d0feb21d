import { type Role, type RoleRow, roleLimits } from '@crosswalk/contract';
import { notFound } from '../external-ids/index.ts';
import { invalid } from '../lib/api-error.ts';
import { formatId, requireId } from '../lib/id.ts';
import { isStorable } from '../lib/text.ts';
import {
  checkBase,
  checkPermissionNames,
  environmentScope,
  findKnownRoles,
  findPermissionIds,
  findRolesById,
  insertRoles,
  type KnownRole,
  lockScopes,
  patchRole,
  type RoleFields,
  type RoleState,
  replacePermissionsOf,
  roleEvent,
  roleNameTaken,
  tooManyRoles,
  unknownRole,
  updateRoles,
} from '../roles/index.ts';
import { type Batch, checkMode, deciding, type PendingRow, record, resolveReferences, settle } from './batch.ts';
import { defaultsMadeBy, type NewDefaults, setDefaults } from './default-roles.ts';
import type { RoleRestore } from './restore.ts';

type Pending = PendingRow<RoleRow>;

/** A row and the scope of its role: the database ID of an organization, null for the environment. */
interface Meant {
  pending: Pending;
  organizationId: string | null;
}

/** What rows name, as it stands. IDs are database IDs. */
interface Known {
  /** each with the default role that it has of its own */
  organizations: ReadonlyMap<string, string | null>;
  /** roles of the scopes of rows, those of any scope that have a name of rows, and those that extend another */
  roles: readonly KnownRole[];
  /** the same; has the roles of rows that are decided, too */
  tree: Tree;
  /** roles that rows are about, by ID */
  existing: ReadonlyMap<string, Role>;
  /** IDs by name */
  permissions: ReadonlyMap<string, string>;
}

interface Change {
  pending: Pending;
  before: Role | undefined;
  /** database ID of the role that it extended before */
  baseBefore: string | null;
  after: RoleState;
  permissionIds: string[] | undefined;
  /** whether anything but its being a default differs */
  differs: boolean;
  makes: NewDefaults;
}

/** Puts in rows of roles of different names. Nothing is left for later: names tell them apart. */
export async function putRoles(batch: Batch, rows: readonly Pending[]): Promise<Pending[]> {
  if (rows.length === 0) return [];
  const { meant, known } = await lookUp(batch, rows);
  const changes = meant.flatMap((row) => decide(batch, row, known));
  await write(batch, changes);
  return [];
}

/** Finds what rows mean and name, and locks their scopes. */
async function lookUp(batch: Batch, rows: readonly Pending[]): Promise<{ meant: Meant[]; known: Known }> {
  const { tx, context } = batch;
  const { environmentId } = context;
  const organizationOf = await resolveReferences(
    batch,
    'organization',
    rows.flatMap(({ row }) => row.organization ?? []),
  );
  const meant = rows.flatMap((pending) => {
    const { organization } = pending.row;
    const found = deciding(batch, pending, () => ({
      organizationId: organization === undefined ? null : organizationOf(organization, 'organization'),
    }));
    return found === undefined ? [] : [{ pending, ...found }];
  });
  const organizationIds = [...new Set(meant.flatMap(({ organizationId }) => organizationId ?? []))].sort();
  const isOfEnvironment = meant.some(({ organizationId }) => organizationId === null);
  const organizations = await lockScopes(tx, environmentId, organizationIds, isOfEnvironment);
  const roles = await findKnownRoles(
    tx,
    environmentId,
    organizationIds,
    rows.map(({ row }) => row.name),
  );
  const permissions = await findPermissionIds(tx, environmentId, rows.flatMap(({ row }) => row.permissions ?? []).filter(isStorable));
  const existing = await findRolesById(
    tx,
    environmentId,
    meant.flatMap(({ pending, organizationId }) => roleOf(roles, organizationId, pending.row.name)?.id ?? []),
  );
  const byId = new Map(existing.map((role) => [requireId('role', role.id), role]));
  return { meant, known: { organizations, roles, tree: new Tree(roles), existing: byId, permissions } };
}

/** The role that a scope has of its own by a name. */
function roleOf(roles: readonly KnownRole[], organizationId: string | null, name: string): KnownRole | undefined {
  return roles.find((role) => role.organizationId === organizationId && role.name === name);
}

/** The change that a row makes; none if it is rejected or changes nothing. */
function decide(batch: Batch, meant: Meant, known: Known): Change[] {
  const { pending, organizationId } = meant;
  const { row } = pending;
  const match = roleOf(known.roles, organizationId, row.name);
  const before = match === undefined ? undefined : known.existing.get(match.id);
  const decided = deciding(batch, pending, () => stateAfter(batch, meant, match, before, known));
  if (decided === undefined) return [];
  const { fields, baseId, permissionIds } = decided;
  const makes = defaultsMadeBy(row, before, match !== undefined && known.organizations.get(organizationId ?? '') === match.id);
  const differs = before === undefined || !isSame(before, fields, permissionIds);
  const id = match?.id ?? pending.newId;
  if (before !== undefined && !differs && !makes.creator && !makes.member) {
    settle(batch, pending, 'unchanged', id, before.version);
    return [];
  }
  const { display_name, description } = fields;
  const after: RoleState = { id, organizationId, name: row.name, baseId, display_name, description };
  known.tree.put(after);
  return [{ pending, before, baseBefore: match?.baseId ?? null, after, permissionIds, differs, makes }];
}

/**
 * The role after a row: its fields, the role that it extends, and the permissions in place of those that it has (undefined: they stay). Database
 * IDs. Throws the error of the row.
 */
function stateAfter(
  batch: Batch,
  { pending: { row }, organizationId }: Meant,
  match: KnownRole | undefined,
  before: Role | undefined,
  { organizations, roles, tree, permissions }: Known,
): { fields: RoleFields; baseId: string | null; permissionIds: string[] | undefined } {
  if (organizationId !== null && !organizations.has(organizationId)) throw notFound('organization', { id: organizationId });
  checkMode(batch, 'role', before?.id);
  if (before === undefined) checkNew(row, organizationId, roles, tree);
  if (organizationId !== null && row.default_creator === true) {
    throw invalid('default_creator', 'is for roles of the environment; an organization has a default of its members alone', 'scope');
  }
  const { name, display_name, description, extends: base } = row;
  const fields = patchRole(before ?? { display_name: '', description: '', extends: null }, {
    ...(display_name === undefined ? {} : { display_name }),
    ...(description === undefined ? {} : { description }),
    ...(base === undefined ? {} : { extends: base }),
  });
  const baseRole =
    fields.extends === null ? undefined : (roleOf(roles, organizationId, fields.extends) ?? roleOf(roles, null, fields.extends));
  if (fields.extends !== null && baseRole === undefined) throw unknownRole('extends', fields.extends);
  if (baseRole !== undefined && fields.extends !== null && fields.extends !== before?.extends) {
    checkBase(name, fields.extends, tree.chain(match?.id, baseRole.id));
  }
  checkPermissionNames('permissions', row.permissions ?? [], permissions);
  const permissionIds = row.permissions?.flatMap((permission) => permissions.get(permission) ?? []);
  return { fields, baseId: baseRole?.id ?? null, permissionIds: permissionIds && [...new Set(permissionIds)] };
}

/** Checks what a role must be that is not there yet. Throws the error of the row. */
function checkNew(row: RoleRow, organizationId: string | null, roles: readonly KnownRole[], tree: Tree): void {
  const holder = roles.find((role) => role.name === row.name && (role.organizationId === null) !== (organizationId === null));
  if (holder !== undefined) {
    throw roleNameTaken(row.name, {
      id: formatId('role', holder.id),
      organization_id: holder.organizationId === null ? null : formatId('org', holder.organizationId),
    });
  }
  if (row.display_name === undefined) throw invalid('display_name', 'is required, as there is no such role yet', 'required');
  if (tree.countOf(organizationId) >= roleLimits.roles) throw tooManyRoles(organizationId === null ? environmentScope : { organizationId });
}

/** Writes changes, and notes what their rows have come to. */
async function write(batch: Batch, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const { tx, context } = batch;
  const { environmentId } = context;
  await insertRoles(
    tx,
    environmentId,
    changes.filter(({ before }) => before === undefined).map(({ after }) => after),
  );
  await updateRoles(
    tx,
    environmentId,
    changes.filter(({ before, differs }) => before !== undefined && differs).map(({ after }) => after),
  );
  await replacePermissionsOf(
    tx,
    environmentId,
    changes.flatMap(({ after: { id }, permissionIds }) => (permissionIds === undefined ? [] : [{ id, permissionIds }])),
  );
  const { events, replaced } = await setDefaults(batch, changes);
  const written = new Map(
    (
      await findRolesById(
        tx,
        environmentId,
        changes.map(({ after }) => after.id),
      )
    ).map((role) => [requireId('role', role.id), role]),
  );
  for (const {
    pending,
    before,
    baseBefore,
    after: { id },
  } of changes) {
    const after = written.get(id);
    if (after === undefined) throw new Error('a role that was written did not come back');
    settle(batch, pending, before === undefined ? 'created' : 'updated', id, after.version, {
      version: before?.version ?? null,
      ...(before === undefined ? {} : { state: stateOf(before, baseBefore) }),
      ...replaced.get(id),
    });
    const type = before === undefined ? 'role.created' : 'role.updated';
    if (before?.version !== after.version) record(batch, pending, roleEvent(type, before, after), before === undefined ? null : after.id);
  }
  batch.events.push(...events);
}

function stateOf({ display_name, description, permissions = [] }: Role, baseId: string | null): NonNullable<RoleRestore['state']> {
  return { display_name, description, baseId, permissionIds: permissions.map(({ id }) => requireId('perm', id)) };
}

function isSame(before: Role, fields: RoleFields, permissionIds: string[] | undefined): boolean {
  const had = (before.permissions ?? []).map(({ id }) => requireId('perm', id));
  return (
    before.display_name === fields.display_name &&
    before.description === fields.description &&
    before.extends === fields.extends &&
    (permissionIds === undefined || (permissionIds.length === had.length && permissionIds.every((id) => had.includes(id))))
  );
}

/** What extends what, as it is and as the rows before have made it. */
class Tree {
  readonly #roles = new Map<string, KnownRole>();

  constructor(roles: readonly KnownRole[]) {
    for (const role of roles) this.#roles.set(role.id, role);
  }

  put(role: KnownRole): void {
    this.#roles.set(role.id, role);
  }

  /** How many roles a scope has of its own. */
  countOf(organizationId: string | null): number {
    return [...this.#roles.values()].filter((role) => role.organizationId === organizationId).length;
  }

  /** Where a role (undefined: a new one) would be if it extended another. */
  chain(id: string | undefined, base: string): { above: number; below: number; circular: boolean } {
    const above: string[] = [];
    for (let next: string | null = base; next !== null && above.length <= roleLimits.depth; next = this.#roles.get(next)?.baseId ?? null)
      above.push(next);
    return { above: above.length, below: id === undefined ? 1 : this.#depthBelow(id, 1), circular: id !== undefined && above.includes(id) };
  }

  #depthBelow(id: string, depth: number): number {
    if (depth > roleLimits.depth) return depth;
    const dependents = [...this.#roles.values()].filter(({ baseId }) => baseId === id);
    return dependents.reduce((deepest, role) => Math.max(deepest, this.#depthBelow(role.id, depth + 1)), depth);
  }
}
