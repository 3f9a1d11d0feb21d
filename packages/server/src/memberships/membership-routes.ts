import {
  CreateMembership,
  type ErrorCode,
  ListMembershipsQuery,
  MembershipAnswer,
  MembershipPage,
  MetadataSchema,
  UpdateMembership,
  UpsertMembership,
  UpsertMembershipAnswer,
  UserAndMembershipAnswer,
  UserMembershipAnswer,
} from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageRequestOf } from '../transport/pages.ts';
import { member, type RecordPath, recordPaths } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { MembershipReference, MembershipService } from './membership-service.ts';

const collection = '/api/v1/memberships/organizations/:organization_id/users';
const tag = 'Memberships';
const changeErrors: ErrorCode[] = [
  'ORGANIZATION_NOT_FOUND',
  'USER_NOT_FOUND',
  'INVALID_EMAIL',
  'INVALID_METADATA',
  'VERSION_MISMATCH',
  'RECORD_BUSY',
  'IDEMPOTENCY_KEY_REUSED',
];

/** REST of memberships. */
export function membershipRoutes(app: Routes, memberships: MembershipService, tokens: PageTokens): void {
  const created = (body: UserAndMembershipAnswer) => ({ status: 201, body });
  const changed = (body: UserMembershipAnswer) => ({ status: 200, body });
  const upserted = (body: UpsertMembershipAnswer) => ({ status: body.created ? 201 : 200, body });

  app.get(
    '/api/v1/memberships',
    operation(
      {
        id: 'listMemberships',
        tag,
        summary: 'List memberships, newest first',
        scope: 'read',
        answers: { 200: MembershipPage },
        errors: ['INVALID_ID', 'INVALID_FILTER', 'INVALID_PAGE_TOKEN', 'QUERY_TOO_SLOW'],
      },
      { querystring: ListMembershipsQuery },
    ),
    async (request) => {
      const { organization_id: organizationId, user_id: userId, membership_status: status, filter } = request.query;
      const query = {
        organizationId: organizationId === undefined ? undefined : requireId('org', organizationId, 'organization_id'),
        userId: userId === undefined ? undefined : requireId('usr', userId, 'user_id'),
        status,
        filter,
      };
      const page = await memberships.list(contextOf(request), query, pageRequestOf(request, tokens));
      return pageAnswer(request, tokens, 'memberships', page);
    },
  );

  for (const path of recordPaths(collection, 'usr')) {
    app.get(
      path.url,
      operation(
        {
          id: `getMembership${path.suffix}`,
          tag,
          summary: `Get the membership of the user named by ${path.by}`,
          scope: 'read',
          answers: { 200: MembershipAnswer },
          errors: ['USER_NOT_FOUND', 'MEMBERSHIP_NOT_FOUND', 'INVALID_ID'],
        },
        path.parts,
      ),
      async (request, reply) => {
        const membership = await memberships.get(contextOf(request), referenceOf(path, request));
        return sendRecord(request, reply, membership.version, { membership });
      },
    );

    app.post(
      path.url,
      operation(
        {
          id: `createMembership${path.suffix}`,
          tag,
          summary: `Make the user named by ${path.by} a member`,
          scope: 'write',
          answers: { 201: UserAndMembershipAnswer },
          errors: [...changeErrors, 'MEMBERSHIP_EXISTS'],
        },
        { ...path.parts, body: CreateMembership },
      ),
      async (request, reply) => {
        const result = await memberships.create(changeContextOf(request, created), referenceOf(path, request), request.body);
        return sendRecord(request, reply.code(201), result.membership.version, result);
      },
    );

    app.put(
      path.url,
      operation(
        {
          id: `upsertMembership${path.suffix}`,
          tag,
          summary: `Create or update the membership of the user named by ${path.by}`,
          scope: 'write',
          answers: { 200: UpsertMembershipAnswer, 201: UpsertMembershipAnswer },
          errors: [...changeErrors, 'ALREADY_EXISTS', 'DOES_NOT_EXIST'],
        },
        { ...path.parts, body: UpsertMembership },
      ),
      async (request, reply) => {
        const result = await memberships.upsert(
          changeContextOf(request, upserted),
          referenceOf(path, request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply.code(upserted(result).status), result.membership.version, result);
      },
    );

    app.patch(
      path.url,
      operation(
        {
          id: `updateMembership${path.suffix}`,
          tag,
          summary: `Update the membership of the user named by ${path.by}`,
          scope: 'write',
          answers: { 200: UserMembershipAnswer },
          errors: [...changeErrors, 'MEMBERSHIP_NOT_FOUND'],
        },
        { ...path.parts, body: UpdateMembership },
      ),
      async (request, reply) => {
        const result = await memberships.update(
          changeContextOf(request, changed),
          referenceOf(path, request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply, result.membership.version, result);
      },
    );

    app.put(
      path.below('metadata'),
      operation(
        {
          id: `replaceMembershipMetadata${path.suffix}`,
          tag,
          summary: `Replace the whole metadata of the membership of the user named by ${path.by}`,
          scope: 'write',
          answers: { 200: UserMembershipAnswer },
          errors: [...changeErrors, 'MEMBERSHIP_NOT_FOUND'],
        },
        { ...path.parts, body: MetadataSchema },
      ),
      async (request, reply) => {
        const result = await memberships.replaceMetadata(
          changeContextOf(request, changed),
          referenceOf(path, request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply, result.membership.version, result);
      },
    );

    app.delete(
      path.url,
      operation(
        {
          id: `deleteMembership${path.suffix}`,
          tag,
          summary: `End the membership of the user named by ${path.by}`,
          description: 'The user stays.',
          scope: 'write',
          answers: { 204: null },
          errors: ['USER_NOT_FOUND', 'MEMBERSHIP_NOT_FOUND', 'VERSION_MISMATCH'],
        },
        path.parts,
      ),
      async (request, reply) => {
        await memberships.delete(contextOf(request), referenceOf(path, request), preconditionsOf(request));
        return reply.code(204).send();
      },
    );
  }
}

function referenceOf(path: RecordPath, request: { params: unknown; query: unknown }): MembershipReference {
  return { organizationId: requireId('org', member(request.params, 'organization_id'), 'organization_id'), user: path.reference(request) };
}
