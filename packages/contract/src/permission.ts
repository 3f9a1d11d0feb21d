import { type Static, Type } from 'typebox';
import { idSchema, PageQuery, pageOf, Timestamp, textOf, Version } from './common.ts';

export const PermissionId = idSchema('perm', 'The ID Crosswalk gave the permission.');

export const PermissionName = textOf(
  { pattern: '^[a-zA-Z0-9_:]{1,64}$', rule: 'must be 1 to 64 letters a to z, digits, "_" and ":", such as invoices:read' },
  {
    description: 'How code names the permission: 1 to 64 letters, digits, `_` and `:`; unique in the environment; never changes.',
    examples: ['invoices:read'],
  },
);

const description = Type.String({ maxLength: 2000, description: 'What it lets people do; empty when there is nothing to say.' });

/** Something that a person may be allowed to do. What it means is up to the product. */
export const Permission = Type.Object({
  id: PermissionId,
  environment_id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type Permission = Static<typeof Permission>;

/** A permission as a role has it. */
export const RolePermission = Type.Object({
  id: PermissionId,
  name: Type.String(),
  description: Type.String(),
  create_time: Timestamp,
  update_time: Timestamp,
  role_name: Type.String({ description: 'The role that it comes from: the role itself or one that it extends.' }),
});
export type RolePermission = Static<typeof RolePermission>;

export const CreatePermission = Type.Object(
  { name: PermissionName, description: Type.Optional(description) },
  { additionalProperties: false, examples: [{ name: 'invoices:read', description: 'See invoices.' }] },
);
export type CreatePermission = Static<typeof CreatePermission>;

/** Body of PUT. The name is taken so that a permission can be sent back as it was answered; it cannot change. */
export const UpdatePermission = Type.Object(
  {
    name: Type.Optional({ ...PermissionName, description: 'The name that the path has, or left out: a name never changes.' }),
    description: Type.Optional(description),
  },
  { additionalProperties: false, examples: [{ description: 'See and download invoices.' }] },
);
export type UpdatePermission = Static<typeof UpdatePermission>;

export const PermissionAnswer = Type.Object({ permission: Permission });
export type PermissionAnswer = Static<typeof PermissionAnswer>;

export const PermissionPage = pageOf('permissions', Permission);
export type PermissionPage = Static<typeof PermissionPage>;

/** Whose permissions a list shows. */
export const PermissionType = Type.Enum(['ALL', 'SCALEKIT', 'ENVIRONMENT'], {
  default: 'ALL',
  description: '`SCALEKIT`: those that the service itself would bring, which are none. There are no others than those of the environment.',
});
export type PermissionType = Static<typeof PermissionType>;

export const ListPermissionsQuery = Type.Object({ ...PageQuery, type: Type.Optional(PermissionType) }, { additionalProperties: false });

/** Permissions of a role or a person, by name. */
export const RolePermissionList = Type.Object({ permissions: Type.Array(RolePermission) });
export type RolePermissionList = Static<typeof RolePermissionList>;
