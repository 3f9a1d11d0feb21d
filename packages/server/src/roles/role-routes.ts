import {
  AddRolePermissions,
  CreateRole,
  DefaultRolesAnswer,
  DeleteRoleQuery,
  type ErrorCode,
  OrganizationDefaultRolesAnswer,
  type Role,
  RoleAnswer,
  RoleList,
  RolePermissionList,
  RoleQuery,
  RoleUsersCount,
  UpdateDefaultRoles,
  UpdateOrganizationDefaultRoles,
  UpdateRole,
} from '@crosswalk/contract';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, organizationOf, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { environmentScope, type RoleScope, replacementOf, roleTag } from './role.ts';
import type { RoleService } from './role-service.ts';

const collection = '/api/v1/roles';
const organizationCollection = '/api/v1/organizations/:organization_id/roles';
const tag = 'Roles';

/** The two collections of roles: the same operations, named apart. */
interface Collection {
  url: string;
  /** in the names of the operations: `createRole`, `createOrganizationRole` */
  infix: '' | 'Organization';
  /** whose role, for people */
  of: string;
  /** errors of every operation, beside those of the operation itself */
  errors: ErrorCode[];
  scope: (request: { params: unknown }) => RoleScope;
}

const collections: Collection[] = [
  { url: collection, infix: '', of: 'the environment', errors: [], scope: () => environmentScope },
  {
    url: organizationCollection,
    infix: 'Organization',
    of: 'an organization',
    errors: ['INVALID_ID', 'ORGANIZATION_NOT_FOUND'],
    scope: (request) => ({ organizationId: organizationOf(request) }),
  },
];

const changeErrors: ErrorCode[] = ['VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'];

/** REST of roles. */
export function roleRoutes(app: Routes, roles: RoleService): void {
  const answer = (role: Role) => ({ status: 200, body: { role }, tag: roleTag(role) });
  const created = (role: Role) => ({ status: 201, body: { role }, tag: roleTag(role) });
  const granted = (role: Role) => ({ status: 200, body: { permissions: role.permissions ?? [] }, tag: roleTag(role) });
  const same = <Body>(body: Body) => ({ status: 200, body });

  for (const { url, infix, of, errors, scope } of collections) {
    const one = `${url}/:role_name`;
    const params = paramsOf(one);

    app.post(
      url,
      operation(
        {
          id: `create${infix}Role`,
          tag,
          summary: `Create a role of ${of}`,
          scope: 'write',
          answers: { 201: RoleAnswer },
          errors: [
            ...errors,
            'ROLE_NAME_TAKEN',
            'UNKNOWN_ROLE',
            'UNKNOWN_PERMISSION',
            'INVALID_ROLE_BASE',
            'TOO_MANY_ROLES',
            'IDEMPOTENCY_KEY_REUSED',
          ],
        },
        { params: paramsOf(url), body: CreateRole },
      ),
      async (request, reply) => {
        const role = await roles.create(changeContextOf(request, created), scope(request), request.body);
        return sendRecord(request, reply.code(201), roleTag(role), { role });
      },
    );

    app.get(
      url,
      operation(
        {
          id: `list${infix}Roles`,
          tag,
          summary: `List the roles of ${of}, oldest first`,
          ...(infix === '' ? {} : { description: 'Those of the environment come first: its members may have them too.' }),
          scope: 'read',
          answers: { 200: RoleList },
          errors,
        },
        { params: paramsOf(url), querystring: RoleQuery },
      ),
      async (request) => ({ roles: await roles.list(contextOf(request), scope(request), request.query.include) }),
    );

    app.get(
      one,
      operation(
        {
          id: `get${infix}Role`,
          tag,
          summary: `Get a role of ${of}`,
          ...(infix === '' ? {} : { description: 'Or one of the environment, which its members may have too.' }),
          scope: 'read',
          answers: { 200: RoleAnswer },
          errors: [...errors, 'ROLE_NOT_FOUND'],
        },
        { params, querystring: RoleQuery },
      ),
      async (request, reply) => {
        const role = await roles.get(contextOf(request), scope(request), nameOf(request), request.query.include);
        return sendRecord(request, reply, roleTag(role), { role });
      },
    );

    app.put(
      one,
      operation(
        {
          id: `update${infix}Role`,
          tag,
          summary: `Update a role of ${of}`,
          description: 'Fields not named stay; the name never changes.',
          scope: 'write',
          answers: { 200: RoleAnswer },
          errors: [...errors, 'ROLE_NOT_FOUND', 'UNKNOWN_ROLE', 'UNKNOWN_PERMISSION', 'INVALID_ROLE_BASE', ...changeErrors],
        },
        { params, body: UpdateRole },
      ),
      async (request, reply) => {
        const role = await roles.update(
          changeContextOf(request, answer),
          scope(request),
          nameOf(request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply, roleTag(role), { role });
      },
    );

    app.delete(
      one,
      operation(
        {
          id: `delete${infix}Role`,
          tag,
          summary: `Delete a role of ${of}`,
          description:
            'With `reassign_role_name` everyone who has it gets that role in its place. Refused as long as other roles extend it or it is a default.',
          scope: 'write',
          answers: { 204: null },
          errors: [
            ...errors,
            'ROLE_NOT_FOUND',
            'UNKNOWN_ROLE',
            'ROLE_HAS_USERS',
            'ROLE_HAS_DEPENDENTS',
            'ROLE_IS_DEFAULT',
            'VERSION_MISMATCH',
          ],
        },
        { params, querystring: DeleteRoleQuery },
      ),
      async (request, reply) => {
        const other = replacementOf(request.query);
        await roles.delete(contextOf(request), scope(request), nameOf(request), other, preconditionsOf(request));
        return reply.code(204).send();
      },
    );

    app.get(
      `${one}/users::count`,
      operation(
        {
          id: `count${infix}RoleUsers`,
          tag,
          summary: `Count the users who have a role${infix === '' ? '' : ' in an organization'}`,
          scope: 'read',
          answers: { 200: RoleUsersCount },
          errors: [...errors, 'ROLE_NOT_FOUND'],
        },
        { params },
      ),
      async (request) => ({ count: await roles.countUsers(contextOf(request), scope(request), nameOf(request)) }),
    );

    app.get(
      `${one}/dependents`,
      operation(
        {
          id: `list${infix}DependentRoles`,
          tag,
          summary: `List the roles that extend a role of ${of} directly`,
          description: 'The first 1,000.',
          scope: 'read',
          answers: { 200: RoleList },
          errors: [...errors, 'ROLE_NOT_FOUND'],
        },
        { params },
      ),
      async (request) => ({ roles: await roles.listDependents(contextOf(request), scope(request), nameOf(request)) }),
    );

    app.delete(
      `${one}/base`,
      operation(
        {
          id: `delete${infix}RoleBase`,
          tag,
          summary: `Make a role of ${of} extend none`,
          scope: 'write',
          answers: { 204: null },
          errors: [...errors, 'ROLE_NOT_FOUND', 'VERSION_MISMATCH'],
        },
        { params },
      ),
      async (request, reply) => {
        await roles.removeBase(contextOf(request), scope(request), nameOf(request), preconditionsOf(request));
        return reply.code(204).send();
      },
    );

    for (const { path, id, summary, include } of [
      { path: 'permissions', id: 'Permissions', summary: 'has itself', include: 'permissions' },
      { path: 'permissions::all', id: 'EffectivePermissions', summary: 'has, inherited ones included', include: 'permissions:all' },
    ] as const) {
      app.get(
        `${one}/${path}`,
        operation(
          {
            id: `list${infix}Role${id}`,
            tag,
            summary: `List the permissions that a role of ${of} ${summary}`,
            scope: 'read',
            answers: { 200: RolePermissionList },
            errors: [...errors, 'ROLE_NOT_FOUND'],
          },
          { params },
        ),
        async (request) => ({ permissions: await roles.listPermissions(contextOf(request), scope(request), nameOf(request), include) }),
      );
    }

    app.post(
      `${one}/permissions`,
      operation(
        {
          id: `add${infix}RolePermissions`,
          tag,
          summary: `Add permissions to a role of ${of}`,
          description: 'Answers with all that the role has itself.',
          scope: 'write',
          answers: { 200: RolePermissionList },
          errors: [...errors, 'ROLE_NOT_FOUND', 'UNKNOWN_PERMISSION', ...changeErrors],
        },
        { params, body: AddRolePermissions },
      ),
      async (request, reply) => {
        const role = await roles.addPermissions(
          changeContextOf(request, granted),
          scope(request),
          nameOf(request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply, roleTag(role), granted(role).body);
      },
    );

    app.delete(
      `${one}/permissions/:permission_name`,
      operation(
        {
          id: `remove${infix}RolePermission`,
          tag,
          summary: `Take a permission from a role of ${of}`,
          scope: 'write',
          answers: { 204: null },
          errors: [...errors, 'ROLE_NOT_FOUND', 'PERMISSION_NOT_FOUND', 'VERSION_MISMATCH'],
        },
        { params: paramsOf(`${one}/permissions/:permission_name`) },
      ),
      async (request, reply) => {
        const permission = member(request.params, 'permission_name');
        await roles.removePermission(contextOf(request), scope(request), nameOf(request), permission, preconditionsOf(request));
        return reply.code(204).send();
      },
    );
  }

  app.patch(
    `${collection}::set_defaults`,
    operation(
      {
        id: 'updateDefaultRoles',
        tag,
        summary: 'Set the default roles of the environment',
        scope: 'write',
        answers: { 200: DefaultRolesAnswer },
        errors: ['UNKNOWN_ROLE', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { body: UpdateDefaultRoles },
    ),
    async (request) => roles.setDefaults(changeContextOf(request, same<DefaultRolesAnswer>), request.body),
  );

  app.patch(
    `${organizationCollection}::set_defaults`,
    operation(
      {
        id: 'updateDefaultOrganizationRoles',
        tag,
        summary: 'Set the role that new members of an organization get',
        scope: 'write',
        answers: { 200: OrganizationDefaultRolesAnswer },
        errors: ['INVALID_ID', 'ORGANIZATION_NOT_FOUND', 'UNKNOWN_ROLE', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { params: paramsOf(organizationCollection), body: UpdateOrganizationDefaultRoles },
    ),
    async (request) =>
      roles.setOrganizationDefault(
        changeContextOf(request, same<OrganizationDefaultRolesAnswer>),
        organizationOf(request),
        request.body.default_member_role,
      ),
  );
}

function nameOf({ params }: { params: unknown }): string {
  return member(params, 'role_name');
}
