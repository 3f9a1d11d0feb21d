import { type Static, Type } from 'typebox';
import { idSchema, Timestamp, textOf, Version } from './common.ts';
import { PermissionName, RolePermission } from './permission.ts';

/** Limits of roles. */
export const roleLimits = {
  /** roles of the environment, and as many of each organization: lists of roles have no pages */
  roles: 500,
  /** permissions that one role has itself; those it inherits come on top */
  permissions: 100,
  /** roles in a chain of `extends`, from the first to the last */
  depth: 10,
  /** roles of one membership */
  perMembership: 50,
} as const;

export const RoleId = idSchema('role', 'The ID Crosswalk gave the role.');

export const RoleName = textOf(
  { pattern: '^[a-zA-Z0-9_]{1,64}$', rule: 'must be 1 to 64 letters a to z, digits and "_", such as billing_admin' },
  {
    description:
      'How code names the role: 1 to 64 letters, digits and `_`; never changes. Unique among the roles of the environment and of each ' +
      'organization: no organization has a role of its own with the name of a role of the environment.',
    examples: ['billing_admin'],
  },
);

const displayName = Type.String({ minLength: 1, maxLength: 100, description: 'The name people see.', examples: ['Billing administrator'] });
const description = Type.String({ maxLength: 2000, description: 'What the role is for; empty when there is nothing to say.' });
const base = { description: 'The role whose permissions this one has too, and those that one inherits.' };
const permissionNames = Type.Array(PermissionName, {
  maxItems: roleLimits.permissions,
  description: 'Names of the permissions that the role itself has.',
});

/** A set of permissions that people have in an organization. */
export const Role = Type.Object({
  id: RoleId,
  environment_id: Type.String(),
  organization_id: Type.Union([Type.String(), Type.Null()], {
    description: 'The organization that the role is for alone; null: every one.',
  }),
  name: Type.String(),
  display_name: Type.String(),
  description: Type.String(),
  extends: Type.Union([Type.String(), Type.Null()], base),
  default_creator: Type.Boolean({ description: 'Meant for whoever creates an organization; one role of the environment is.' }),
  default_member: Type.Boolean({
    description:
      'New members who are given no roles get this one. Asked for an organization, it tells of that organization, which may have a default of its own.',
  }),
  is_org_role: Type.Boolean({ description: 'Whether it is a role of one organization.' }),
  dependent_roles_count: Type.Integer({ description: 'Roles that extend this one directly: exact up to 10,000.' }),
  permissions: Type.Optional(
    Type.Array(RolePermission, {
      description: 'By name; there when `include` asks for them, and in the answer to a change, which has those of the role itself.',
    }),
  ),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type Role = Static<typeof Role>;

export const CreateRole = Type.Object(
  {
    name: RoleName,
    display_name: displayName,
    description: Type.Optional(description),
    extends: Type.Optional(Type.Union([RoleName, Type.Null()], base)),
    permissions: Type.Optional(permissionNames),
  },
  {
    additionalProperties: false,
    examples: [{ name: 'billing_admin', display_name: 'Billing administrator', extends: 'member', permissions: ['invoices:read'] }],
  },
);
export type CreateRole = Static<typeof CreateRole>;

export const UpdateRole = Type.Object(
  {
    display_name: Type.Optional(displayName),
    description: Type.Optional(description),
    extends: Type.Optional(Type.Union([RoleName, Type.Null()], { description: `${base.description} \`null\`: none.` })),
    permissions: Type.Optional({
      ...permissionNames,
      description: 'The permissions to put in place of those the role itself has; an empty list takes all.',
    }),
  },
  {
    additionalProperties: false,
    description: 'Fields not named stay.',
    examples: [{ display_name: 'Billing', permissions: ['invoices:read', 'invoices:pay'] }],
  },
);
export type UpdateRole = Static<typeof UpdateRole>;

/** Which permissions an answer shows of each role: none, its own, or those it inherits too. */
export const RoleInclude = Type.Enum(['', 'permissions', 'permissions:all'], {
  description: '`permissions`: with those the role itself has. `permissions:all`: with those it inherits too.',
});
export type RoleInclude = Static<typeof RoleInclude>;

export const RoleQuery = Type.Object({ include: Type.Optional(RoleInclude) }, { additionalProperties: false });

export const DeleteRoleQuery = Type.Object(
  {
    reassign_role_name: Type.Optional({ ...RoleName, description: 'The role that everyone who has the deleted one gets in its place.' }),
    reassign_role_id: Type.Optional({
      ...RoleName,
      deprecated: true,
      description: 'What `reassign_role_name` was called before: the name of a role, too. Not another one than that.',
    }),
  },
  { additionalProperties: false },
);
export type DeleteRoleQuery = Static<typeof DeleteRoleQuery>;

export const RoleAnswer = Type.Object({ role: Role });
export type RoleAnswer = Static<typeof RoleAnswer>;

/** Every role there is: those of the environment first, each group oldest first. */
export const RoleList = Type.Object({ roles: Type.Array(Role) });
export type RoleList = Static<typeof RoleList>;

export const RoleUsersCount = Type.Object({
  count: Type.Integer({ description: 'People who have the role, whatever the status of their membership.' }),
});
export type RoleUsersCount = Static<typeof RoleUsersCount>;

const DefaultRole = Type.Object(
  { id: Type.Optional(RoleId), name: Type.Optional(RoleName) },
  {
    additionalProperties: false,
    minProperties: 1,
    deprecated: true,
    description: 'How a default role was named before there were texts for it: by its ID, by its name, or by both of the same role.',
  },
);

export const UpdateDefaultRoles = Type.Object(
  {
    default_creator_role: Type.Optional(RoleName),
    default_member_role: Type.Optional(RoleName),
    default_creator: Type.Optional(DefaultRole),
    default_member: Type.Optional(DefaultRole),
  },
  {
    additionalProperties: false,
    description: 'Names of roles of the environment; a default that is not named stays.',
    examples: [{ default_creator_role: 'admin', default_member_role: 'member' }],
  },
);
export type UpdateDefaultRoles = Static<typeof UpdateDefaultRoles>;

export const DefaultRolesAnswer = Type.Object({ default_creator: Role, default_member: Role });
export type DefaultRolesAnswer = Static<typeof DefaultRolesAnswer>;

export const UpdateOrganizationDefaultRoles = Type.Object(
  {
    default_member_role: Type.Union([RoleName, Type.Null()], {
      description: 'A role of the environment or of the organization; `null`: the default of the environment again.',
    }),
  },
  { additionalProperties: false, examples: [{ default_member_role: 'billing_admin' }] },
);
export type UpdateOrganizationDefaultRoles = Static<typeof UpdateOrganizationDefaultRoles>;

export const OrganizationDefaultRolesAnswer = Type.Object({ default_member: Role });
export type OrganizationDefaultRolesAnswer = Static<typeof OrganizationDefaultRolesAnswer>;

export const AddRolePermissions = Type.Object(
  { permission_names: { ...permissionNames, minItems: 1, description: 'Permissions to add to those the role has: all of them, or none.' } },
  { additionalProperties: false, examples: [{ permission_names: ['invoices:read', 'invoices:pay'] }] },
);
export type AddRolePermissions = Static<typeof AddRolePermissions>;

/** A role as a membership has it. */
export const AssignedRole = Type.Object({ id: RoleId, name: Type.String(), display_name: Type.String() });
export type AssignedRole = Static<typeof AssignedRole>;

/** A role as a person has it in an organization. */
export const UserRole = Type.Object({
  ...AssignedRole.properties,
  inherited: Type.Boolean({ description: 'True: not given to the person but extended by a role that is.' }),
});
export type UserRole = Static<typeof UserRole>;

export const UserRoleList = Type.Object({ roles: Type.Array(UserRole) });
export type UserRoleList = Static<typeof UserRoleList>;

const AssignUserRole = Type.Object(
  {
    id: Type.Optional({ ...RoleId, deprecated: true, description: 'Not needed: if it is there, the ID of the role that is named.' }),
    role_name: RoleName,
  },
  { additionalProperties: false },
);

/** Body: the list itself. */
export const AssignUserRoles = Type.Array(AssignUserRole, {
  minItems: 1,
  maxItems: roleLimits.perMembership,
  description: 'Roles to add to those the person has: all of them, or none.',
  examples: [[{ role_name: 'billing_admin' }]],
});
export type AssignUserRoles = Static<typeof AssignUserRoles>;

export const AssignUserRolesAnswer = Type.Object({ roles: Type.Array(AssignedRole) });
export type AssignUserRolesAnswer = Static<typeof AssignUserRolesAnswer>;

export const PermissionCheck = Type.Object({
  allowed: Type.Boolean({ description: 'Whether a role of the person has the permission and their membership is `ACTIVE`.' }),
  role_name: Type.Union([Type.String(), Type.Null()], { description: 'The role that the permission comes from; null when none has it.' }),
});
export type PermissionCheck = Static<typeof PermissionCheck>;
