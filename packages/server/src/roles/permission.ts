import type { CreatePermission, Permission, UpdatePermission } from '@crosswalk/contract';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { parseDescription } from './role.ts';

/** The fields of a permission that are set as a whole. */
export type PermissionFields = Pick<Permission, 'description'>;

/** A permission that is about to be: checked, complete. */
export interface NewPermission {
  name: string;
  fields: PermissionFields;
}

/** Checks a request to create; 400 names the field. */
export function newPermission({ name, description = '' }: CreatePermission): NewPermission {
  return { name, fields: { description: parseDescription(description) } };
}

/** The fields after a request: those it does not name stay. The name cannot change. */
export function patchPermission({ name, description }: Pick<Permission, 'name' | 'description'>, body: UpdatePermission): PermissionFields {
  if (body.name !== undefined && body.name !== name) {
    throw invalid('name', `must be ${name}, the name of the path, or left out: a name never changes`, 'same_as_path');
  }
  return { description: body.description === undefined ? description : parseDescription(body.description) };
}

/** The 404 of a permission: the same for one of another environment as for none. */
export function permissionNotFound(name: string): ApiError {
  return new ApiError('PERMISSION_NOT_FOUND', `there is no permission ${excerpt(name)}`, {
    resource: { kind: 'permission', value: excerpt(name) },
  });
}

/** The 404 of a permission that a role does not have itself. */
export function permissionNotGranted(role: string, name: string): ApiError {
  return new ApiError('PERMISSION_NOT_FOUND', `the role ${role} does not have the permission ${excerpt(name)} itself`, {
    resource: { kind: 'permission', value: excerpt(name) },
  });
}

/** The 400 of a second permission of one name. */
export function permissionNameTaken(name: string, holderId: string | undefined): ApiError {
  const description = `another permission has the name ${name}; choose another, or update that one`;
  return new ApiError('PERMISSION_NAME_TAKEN', `name: ${description}`, {
    violations: [{ field: 'name', description, constraint: 'unique' }],
    resource: { kind: 'permission', value: name, ...(holderId === undefined ? {} : { id: holderId }) },
  });
}

/** Violations listed in one error. */
const maxViolations = 20;

/** Refuses a list of names of permissions of which some are not there: 400 UNKNOWN_PERMISSION gives the position of each. */
export function checkPermissionNames(field: string, names: readonly string[], existing: ReadonlyMap<string, unknown>): void {
  const violations = names.flatMap((name, index) =>
    existing.has(name)
      ? []
      : [{ field: `${field}.${index}`, description: `there is no permission ${name}; create it first`, constraint: 'exists' }],
  );
  const [first] = violations;
  if (first === undefined) return;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  throw new ApiError('UNKNOWN_PERMISSION', `${first.field}: ${first.description}${more}`, {
    violations: violations.slice(0, maxViolations),
  });
}
