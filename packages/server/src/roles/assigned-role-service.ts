import type { AssignedRole, AssignUserRoles } from '@crosswalk/contract';
import type pg from 'pg';
import { requireOrganization } from '../external-ids/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { findSomeRoleNames, holdDefaultRole, holdRoles } from './assigned-role-store.ts';
import { contradiction, unknownRole } from './role.ts';

/**
 * Holds a change of a membership to roles that its organization (database ID) has or sees, which stay until the transaction
 * ends: 400 UNKNOWN_ROLE names the field, by its place in the list. Must come before the membership is locked.
 */
export async function requireRoles(
  tx: pg.PoolClient,
  environmentId: string,
  organizationId: string,
  names: readonly string[],
  fieldOf: (index: number) => string,
): Promise<void> {
  if (names.length === 0) return;
  const found = await holdRoles(tx, environmentId, organizationId, names);
  const index = names.findIndex((name) => !found.has(name));
  const missing = names[index];
  if (missing === undefined) return;
  await requireOrganization(tx, environmentId, organizationId);
  throw unknownRole(fieldOf(index), missing, await findSomeRoleNames(tx, environmentId, organizationId, suggestedRoles));
}

/** Throws 400 where a role that was asked for is sent with the ID of another; `list`: what the list is called where it is part of another. */
export function requireIds(assigned: readonly AssignedRole[], asked: AssignUserRoles, list: string): void {
  for (const [index, { id, role_name: name }] of asked.entries()) {
    if (id === undefined || assigned.some((role) => role.id === id && role.name === name)) continue;
    throw contradiction(`${list}${index}.id`, 'role_name');
  }
}

/** Roles that an error suggests. */
const suggestedRoles = 10;

/** A default that is replaced and deleted again and again while we look is tried this often. */
const defaultAttempts = 5;

/** The role of new members of an organization (database ID), which stays until the transaction ends. 404 if there is no such organization. */
export async function requireDefaultRole(tx: pg.PoolClient, environmentId: string, organizationId: string): Promise<string> {
  for (let attempt = 1; attempt <= defaultAttempts; attempt += 1) {
    const name = await holdDefaultRole(tx, environmentId, organizationId);
    if (name !== undefined) return name;
    await requireOrganization(tx, environmentId, organizationId);
  }
  throw new ApiError('RECORD_BUSY', 'the default role is being replaced; try again', { retryAfter: 1 });
}
