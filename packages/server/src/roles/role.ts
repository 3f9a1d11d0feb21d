import {
  type CreateRole,
  type DeleteRoleQuery,
  type Role,
  roleLimits,
  type UpdateDefaultRoles,
  type UpdateRole,
} from '@crosswalk/contract';
import { eventOf, type NewEvent } from '../events/index.ts';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';
import { textProblem } from '../lib/text.ts';
import { recordTag } from '../lib/version-tag.ts';

/** Whose roles: those of the environment (null), or of one organization (its database ID), which sees those of the environment too. */
export interface RoleScope {
  organizationId: string | null;
}

/** The scope of the environment. */
export const environmentScope: RoleScope = { organizationId: null };

/** The fields of a role that are set as a whole. */
export type RoleFields = Pick<Role, 'display_name' | 'description' | 'extends'>;

/** A role that is about to be: checked, complete. */
export interface NewRole {
  name: string;
  fields: RoleFields;
  /** names of permissions */
  permissions: string[];
}

/** The fields of a role that does not exist yet. */
const blank: RoleFields = { display_name: '', description: '', extends: null };

/** Checks a request to create; 400 names the field. */
export function newRole({ name, permissions = [], ...fields }: CreateRole): NewRole {
  return { name, fields: patchFields(blank, fields), permissions };
}

/** The fields after a request: those it does not name stay. */
export function patchFields(before: RoleFields, body: Omit<UpdateRole, 'permissions'>): RoleFields {
  return {
    display_name: body.display_name === undefined ? before.display_name : parseName(body.display_name),
    description: body.description === undefined ? before.description : parseDescription(body.description),
    extends: body.extends === undefined ? before.extends : body.extends,
  };
}

function parseName(name: string): string {
  const problem = textProblem(name, 'name');
  if (problem !== undefined) throw invalid('display_name', problem.description, problem.constraint);
  if (name.trim() === '') throw invalid('display_name', 'must not be blank', 'min_length');
  return name;
}

/** Checks the description of a role or a permission; 400 names the field. */
export function parseDescription(description: string): string {
  const problem = textProblem(description, 'data');
  if (problem !== undefined) throw invalid('description', problem.description, problem.constraint);
  return description;
}

/** Where a role would be in the tree of roles. */
export interface Chain {
  /** roles from the base up, the base among them; 0 when there is no such base */
  above: number;
  /** roles of the longest chain from the role itself down */
  below: number;
  /** whether the role is one of those above */
  circular: boolean;
}

/** Holds a role to what it may extend: 400 UNKNOWN_ROLE or INVALID_ROLE_BASE. */
export function checkBase(name: string, base: string, { above, below, circular }: Chain): void {
  if (above === 0) throw unknownRole('extends', base);
  if (circular) throw invalid('extends', `${base} extends ${name} itself, directly or through others`, 'acyclic', 'INVALID_ROLE_BASE');
  if (above + below > roleLimits.depth) {
    const description = `this would make a chain of more than ${roleLimits.depth} roles`;
    throw invalid('extends', description, 'max_depth', 'INVALID_ROLE_BASE');
  }
}

/** The entity tag of a role's answer: defaults, dependents and inherited permissions change without the role, so they are part of it. */
export function roleTag(role: Role): string {
  return recordTag(role, JSON.stringify(role));
}

/** The event of a change to a role. It carries the role's own permissions by ID and name, and not how many roles extend it. */
export function roleEvent(
  type: 'role.created' | 'role.updated' | 'role.deleted',
  before: Role | undefined,
  after: Role | undefined,
): NewEvent {
  return eventOf(type, 'role', before && eventRecord(before), after && eventRecord(after));
}

function eventRecord({ dependent_roles_count: _, permissions = [], ...role }: Role) {
  return { ...role, permissions: permissions.map(({ id, name }) => ({ id, name })) };
}

/** The 404 of a role: the same for one of another organization or environment as for none. */
export function roleNotFound(name: string, { organizationId }: RoleScope): ApiError {
  const place = organizationId === null ? 'this environment' : formatId('org', organizationId);
  return new ApiError('ROLE_NOT_FOUND', `there is no role ${excerpt(name)} in ${place}`, {
    resource: { kind: 'role', value: excerpt(name) },
  });
}

/** The 404 of a change, in the name of an organization, to a role of the environment. */
export function notOwnRole(name: string): ApiError {
  return new ApiError(
    'ROLE_NOT_FOUND',
    `${name} is a role of the environment, not of the organization; change it at /api/v1/roles/${name}`,
    {
      resource: { kind: 'role', value: name },
    },
  );
}

/** The name of the role that takes the place of one that is deleted, as far as one does. 400 when its two fields name different ones. */
export function replacementOf({ reassign_role_name: name, reassign_role_id: older }: DeleteRoleQuery): string | undefined {
  return agreed('reassign_role_id', older, 'reassign_role_name', name);
}

/** A default role as a request names it, by its field. */
export interface ChosenRole {
  field: string;
  name: string | undefined;
  id: string | undefined;
}

/** Which role a request makes a default; undefined when that stays. 400 when its two fields name different ones. */
export function chosenDefault(body: UpdateDefaultRoles, which: 'default_creator' | 'default_member'): ChosenRole | undefined {
  const field = `${which}_role` as const;
  const older = body[which];
  const name = agreed(`${which}.name`, older?.name, field, body[field]);
  if (name === undefined && older?.id === undefined) return undefined;
  return { field: older === undefined ? field : which, name, id: older?.id };
}

/** What two fields say that must say the same where both are there; 400 names the older one. */
function agreed(olderField: string, older: string | undefined, field: string, text: string | undefined): string | undefined {
  if (older !== undefined && text !== undefined && older !== text) throw contradiction(olderField, field);
  return text ?? older;
}

/** The 400 of a field that names another role than the one beside it. */
export function contradiction(field: string, other: string): ApiError {
  return invalid(field, `is another role than ${other} says: leave one of them out`, 'contradiction');
}

/** The 400 of a request that names a role which is not there. `known` are some that are. */
export function unknownRole(field: string, name: string, known: readonly string[] = []): ApiError {
  const others = known.length === 0 ? '' : `, or use one of those there are: ${known.join(', ')}`;
  return invalid(field, `there is no role ${excerpt(name)} here; create it first${others}`, 'exists', 'UNKNOWN_ROLE');
}

/** The 400 of a role that cannot be deleted: existing clients know this message by heart. */
export function roleHasUsers({ id, name }: Role): ApiError {
  return new ApiError('ROLE_HAS_USERS', 'role cannot be deleted as it is assigned to users', {
    violations: [
      { field: 'reassign_role_name', description: `name the role that those who have ${name} get in its place`, constraint: 'required' },
    ],
    resource: { id, kind: 'role' },
  });
}

/** The 400 of a role that cannot be deleted as others are built on it. */
export function roleHasDependents(name: string): ApiError {
  return new ApiError('ROLE_HAS_DEPENDENTS', `${name} cannot be deleted as other roles extend it; remove their base first`, {
    resource: { kind: 'role', value: name },
  });
}

/** The 400 of a role that cannot be deleted as it is a default; `what` tells which. */
export function roleIsDefault(name: string, what: string): ApiError {
  return new ApiError('ROLE_IS_DEFAULT', `${name} cannot be deleted as it is ${what}; make another role the default first`, {
    resource: { kind: 'role', value: name },
  });
}

/** The 400 of a second role of one name; `holder` is the first. */
export function roleNameTaken(name: string, holder: Pick<Role, 'id' | 'organization_id'> | undefined): ApiError {
  const whose = holder?.organization_id ?? 'this environment';
  const description = `a role of ${whose} has the name ${name}; choose another, or update that role`;
  return new ApiError('ROLE_NAME_TAKEN', `name: ${description}`, {
    violations: [{ field: 'name', description, constraint: 'unique' }],
    resource: { kind: 'role', value: name, ...(holder === undefined ? {} : { id: holder.id }) },
  });
}

/** The 400 of one role too many. */
export function tooManyRoles({ organizationId }: RoleScope): ApiError {
  const whose = organizationId === null ? 'an environment' : 'an organization';
  return new ApiError('TOO_MANY_ROLES', `${whose} may have ${roleLimits.roles} roles of its own; delete one that nobody has first`);
}

/** The 400 of a role with more permissions than it may have. */
export function checkPermissionCount(field: string, count: number): void {
  if (count <= roleLimits.permissions) return;
  const description = `a role may have ${roleLimits.permissions} permissions of its own; this one would have ${count}`;
  throw invalid(field, description, 'max_items');
}
