import {
  CreatePermission,
  type ErrorCode,
  ListPermissionsQuery,
  type Permission,
  PermissionAnswer,
  PermissionPage,
  UpdatePermission,
} from '@crosswalk/contract';
import type { PageTokens } from '../lib/page-token.ts';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageRequestOf } from '../transport/pages.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { PermissionService } from './permission-service.ts';

const collection = '/api/v1/permissions';
const one = `${collection}/:permission_name`;
const tag = 'Permissions';
const notFound: ErrorCode[] = ['PERMISSION_NOT_FOUND'];

/** REST of permissions. */
export function permissionRoutes(app: Routes, permissions: PermissionService, tokens: PageTokens): void {
  const answer = (permission: Permission) => ({ status: 200, body: { permission }, tag: recordTag(permission) });
  const created = (permission: Permission) => ({ status: 201, body: { permission }, tag: recordTag(permission) });

  app.post(
    collection,
    operation(
      {
        id: 'createPermission',
        tag,
        summary: 'Create a permission',
        scope: 'write',
        answers: { 201: PermissionAnswer },
        errors: ['PERMISSION_NAME_TAKEN', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { body: CreatePermission },
    ),
    async (request, reply) => {
      const permission = await permissions.create(changeContextOf(request, created), request.body);
      return sendRecord(request, reply.code(201), recordTag(permission), { permission });
    },
  );

  app.get(
    collection,
    operation(
      {
        id: 'listPermissions',
        tag,
        summary: 'List permissions, newest first',
        scope: 'read',
        answers: { 200: PermissionPage },
        errors: ['INVALID_PAGE_TOKEN'],
      },
      { querystring: ListPermissionsQuery },
    ),
    async (request) => {
      const page = await permissions.list(contextOf(request), request.query.type ?? 'ALL', pageRequestOf(request, tokens));
      return pageAnswer(request, tokens, 'permissions', page);
    },
  );

  app.get(
    one,
    operation(
      { id: 'getPermission', tag, summary: 'Get a permission', scope: 'read', answers: { 200: PermissionAnswer }, errors: notFound },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      const permission = await permissions.get(contextOf(request), nameOf(request));
      return sendRecord(request, reply, recordTag(permission), { permission });
    },
  );

  app.put(
    one,
    operation(
      {
        id: 'updatePermission',
        tag,
        summary: 'Update a permission',
        description: 'Fields not named stay; the name never changes.',
        scope: 'write',
        answers: { 200: PermissionAnswer },
        errors: [...notFound, 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { params: paramsOf(one), body: UpdatePermission },
    ),
    async (request, reply) => {
      const permission = await permissions.update(
        changeContextOf(request, answer),
        nameOf(request),
        request.body,
        preconditionsOf(request),
      );
      return sendRecord(request, reply, recordTag(permission), { permission });
    },
  );

  app.delete(
    one,
    operation(
      {
        id: 'deletePermission',
        tag,
        summary: 'Delete a permission',
        description: 'It is taken from every role that has it.',
        scope: 'write',
        answers: { 204: null },
        errors: [...notFound, 'VERSION_MISMATCH'],
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      await permissions.delete(contextOf(request), nameOf(request), preconditionsOf(request));
      return reply.code(204).send();
    },
  );
}

function nameOf({ params }: { params: unknown }): string {
  return member(params, 'permission_name');
}
