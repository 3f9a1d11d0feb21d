import {
  CascadeQuery,
  CreateMembership,
  type ErrorCode,
  InvitationQuery,
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
import type { FeedService } from '../feed/index.ts';
import { requireId } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageContextOf, pageRequestOf } from '../transport/pages.ts';
import { flag, member, type RecordPath, recordPaths, withQuery } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { invitationWanted, membershipTag } from './membership.ts';
import type { MembershipReference, MembershipService } from './membership-service.ts';

const collection = '/api/v1/memberships/organizations/:organization_id/users';
const tag = 'Memberships';
const createErrors: ErrorCode[] = [
  'ORGANIZATION_NOT_FOUND',
  'USER_NOT_FOUND',
  'INVALID_METADATA',
  'UNKNOWN_ROLE',
  'IDEMPOTENCY_KEY_REUSED',
];
const changeErrors: ErrorCode[] = [...createErrors, 'VERSION_MISMATCH'];

/** REST of memberships. */
export function membershipRoutes(app: Routes, memberships: MembershipService, tokens: PageTokens, feed: FeedService): void {
  const created = (body: UserAndMembershipAnswer) => ({ status: 201, body, tag: membershipTag(body.membership) });
  const changed = (body: UserMembershipAnswer) => ({ status: 200, body, tag: membershipTag(body.membership) });
  const upserted = (body: UpsertMembershipAnswer) => ({ status: body.created ? 201 : 200, body, tag: membershipTag(body.membership) });

  app.get(
    '/api/v1/memberships',
    operation(
      {
        id: 'listMemberships',
        tag,
        summary: 'List memberships, newest first',
        scope: 'read',
        replica: true,
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
      const wanted = pageRequestOf(request, tokens);
      const context = pageContextOf(request, wanted);
      const snapshot = await feed.snapshot(context, wanted);
      const page = await memberships.list(context, query, wanted);
      return { ...pageAnswer(request, tokens, 'memberships', page), ...snapshot };
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
          replica: true,
          answers: { 200: MembershipAnswer },
          errors: ['USER_NOT_FOUND', 'MEMBERSHIP_NOT_FOUND', 'INVALID_ID'],
        },
        path.parts,
      ),
      async (request, reply) => {
        const membership = await memberships.get(contextOf(request), referenceOf(path, request));
        return sendRecord(request, reply, membershipTag(membership), { membership });
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
          errors: [...createErrors, 'INVALID_EMAIL', 'USER_LIMIT_REACHED', 'MEMBERSHIP_EXISTS'],
        },
        { ...withQuery(path.parts, InvitationQuery), body: CreateMembership },
      ),
      async (request, reply) => {
        const wanted = invitationWanted(flag(request.query, 'send_invitation_email'), request.body.send_invitation_email);
        const body = { ...request.body, send_invitation_email: wanted ?? true };
        const result = await memberships.create(changeContextOf(request, created), referenceOf(path, request), body);
        return sendRecord(request, reply.code(201), membershipTag(result.membership), result);
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
          errors: [...changeErrors, 'INVALID_EMAIL', 'USER_LIMIT_REACHED', 'ALREADY_EXISTS', 'DOES_NOT_EXIST'],
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
        return sendRecord(request, reply.code(upserted(result).status), membershipTag(result.membership), result);
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
          errors: [...changeErrors, 'USER_LIMIT_REACHED', 'MEMBERSHIP_NOT_FOUND'],
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
        return sendRecord(request, reply, membershipTag(result.membership), result);
      },
    );

    app.put(
      path.partUrl('metadata'),
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
        return sendRecord(request, reply, membershipTag(result.membership), result);
      },
    );

    app.delete(
      path.url,
      operation(
        {
          id: `deleteMembership${path.suffix}`,
          tag,
          summary: `End the membership of the user named by ${path.by}`,
          description: 'The user stays, unless `cascade` is true and they have no other membership.',
          scope: 'write',
          answers: { 204: null },
          errors: ['USER_NOT_FOUND', 'MEMBERSHIP_NOT_FOUND', 'VERSION_MISMATCH'],
        },
        withQuery(path.parts, CascadeQuery),
      ),
      async (request, reply) => {
        const options = { cascade: flag(request.query, 'cascade') };
        await memberships.delete(contextOf(request), referenceOf(path, request), preconditionsOf(request), options);
        return reply.code(204).send();
      },
    );
  }
}

/** The membership that a path names. */
export function referenceOf(path: RecordPath, request: { params: unknown; query: unknown }): MembershipReference {
  return { organizationId: requireId('org', member(request.params, 'organization_id'), 'organization_id'), user: path.reference(request) };
}
