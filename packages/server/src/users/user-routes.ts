import {
  CreateUser,
  CreateUserAndMembership,
  type ErrorCode,
  InvitationQuery,
  ListUsersQuery,
  MetadataSchema,
  SearchQuery,
  UpdateUser,
  UpsertUserAnswer,
  type User,
  UserAndMembershipAnswer,
  UserAnswer,
  UserPage,
} from '@crosswalk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Found } from '../external-ids/index.ts';
import type { FeedService } from '../feed/index.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { invitationWanted } from '../memberships/index.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageContextOf, pageRequestOf } from '../transport/pages.ts';
import { externalPaths, organizationOf, paramsOf, recordPaths } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { answerForm, userTag } from './user.ts';
import type { UserService } from './user-service.ts';

const collection = '/api/v1/users';
const members = '/api/v1/organizations/:organization_id/users';
const tag = 'Users';
const createErrors: ErrorCode[] = [
  'INVALID_EMAIL',
  'INVALID_EXTERNAL_ID',
  'INVALID_METADATA',
  'EXTERNAL_ID_TAKEN',
  'EMAIL_TAKEN',
  'IDEMPOTENCY_KEY_REUSED',
];
const changeErrors: ErrorCode[] = [...createErrors, 'VERSION_MISMATCH'];

/** REST of users. */
export function userRoutes(app: Routes, users: UserService, tokens: PageTokens, feed: FeedService): void {
  const answer = (found: Found<User>) => ({ status: 200, ...answerForm.make(found) });
  const sendFound = (request: FastifyRequest, reply: FastifyReply, found: Found<User>) => {
    const { tag, body } = found.answer ?? answerForm.make(found);
    return sendRecord(request, reply, tag, body);
  };
  const created = (user: User) => ({ status: 201, body: { user }, tag: userTag(user) });

  app.post(
    collection,
    operation(
      { id: 'createUser', tag, summary: 'Create a user', scope: 'write', answers: { 201: UserAnswer }, errors: createErrors },
      { body: CreateUser },
    ),
    async (request, reply) => {
      const user = await users.create(changeContextOf(request, created), request.body);
      return sendRecord(request, reply.code(201), userTag(user), { user });
    },
  );

  app.get(
    collection,
    operation(
      {
        id: 'listUsers',
        tag,
        summary: 'List users, newest first',
        scope: 'read',
        replica: true,
        answers: { 200: UserPage },
        errors: ['INVALID_FILTER', 'INVALID_PAGE_TOKEN', 'QUERY_TOO_SLOW'],
      },
      { querystring: ListUsersQuery },
    ),
    async (request) => {
      const { filter, external_id: externalId, email } = request.query;
      const wanted = pageRequestOf(request, tokens);
      const context = pageContextOf(request, wanted);
      const snapshot = await feed.snapshot(context, wanted);
      const page = await users.list(context, { filter, externalId, email }, wanted);
      return { ...pageAnswer(request, tokens, 'users', page), ...snapshot };
    },
  );

  app.post(
    members,
    operation(
      {
        id: 'createUserAndMembership',
        tag,
        summary: 'Create a user and their membership of the organization',
        scope: 'write',
        answers: { 201: UserAndMembershipAnswer },
        errors: [...createErrors, 'USER_LIMIT_REACHED', 'ORGANIZATION_NOT_FOUND', 'UNKNOWN_ROLE'],
      },
      {
        params: paramsOf(members),
        querystring: Type.Object(InvitationQuery, { additionalProperties: false }),
        body: CreateUserAndMembership,
      },
    ),
    async (request, reply) => {
      const joined = (body: UserAndMembershipAnswer) => ({ status: 201, body, tag: userTag(body.user) });
      const wanted = invitationWanted(request.query.send_invitation_email, request.body.send_invitation_email);
      const body = wanted === undefined ? request.body : { ...request.body, send_invitation_email: wanted };
      const result = await users.createWithMembership(changeContextOf(request, joined), organizationOf(request), body);
      return sendRecord(request, reply.code(201), userTag(result.user), result);
    },
  );

  app.get(
    members,
    operation(
      {
        id: 'listOrganizationUsers',
        tag,
        summary: 'List the users of an organization, newest first',
        scope: 'read',
        replica: true,
        answers: { 200: UserPage },
        errors: ['INVALID_ID', 'INVALID_FILTER', 'INVALID_PAGE_TOKEN', 'QUERY_TOO_SLOW', 'ORGANIZATION_NOT_FOUND'],
      },
      { params: paramsOf(members), querystring: ListUsersQuery },
    ),
    async (request) => {
      const { filter, external_id: externalId, email } = request.query;
      const page = await users.listOf(
        contextOf(request),
        organizationOf(request),
        { filter, externalId, email },
        pageRequestOf(request, tokens),
      );
      return pageAnswer(request, tokens, 'users', page);
    },
  );

  app.get(
    `${members}::search`,
    operation(
      {
        id: 'searchOrganizationUsers',
        tag,
        summary: 'Find users of an organization by a part of their address, name or an ID',
        scope: 'read',
        replica: true,
        answers: { 200: UserPage },
        errors: ['INVALID_ID', 'INVALID_PAGE_TOKEN', 'QUERY_TOO_SLOW', 'ORGANIZATION_NOT_FOUND'],
      },
      { params: paramsOf(members), querystring: SearchQuery },
    ),
    async (request) => {
      const page = await users.listOf(
        contextOf(request),
        organizationOf(request),
        { search: request.query.query },
        pageRequestOf(request, tokens),
      );
      return pageAnswer(request, tokens, 'users', page);
    },
  );

  for (const path of recordPaths(members, 'usr')) {
    app.get(
      path.url,
      operation(
        {
          id: `getOrganizationUser${path.suffix}`,
          tag,
          summary: `Get a user of the organization by ${path.by}`,
          description: 'A user who is not a member is as absent as none.',
          scope: 'read',
          replica: true,
          answers: { 200: UserAnswer },
          errors: ['USER_NOT_FOUND', 'INVALID_ID'],
        },
        path.parts,
      ),
      async (request, reply) => {
        const found = await users.getMember(contextOf(request), organizationOf(request), path.reference(request));
        return sendFound(request, reply, found);
      },
    );
  }

  app.get(
    `${collection}::search`,
    operation(
      {
        id: 'searchUsers',
        tag,
        summary: 'Find users by a part of their address, name or an ID',
        scope: 'read',
        replica: true,
        answers: { 200: UserPage },
        errors: ['INVALID_PAGE_TOKEN', 'QUERY_TOO_SLOW'],
      },
      { querystring: SearchQuery },
    ),
    async (request) => {
      const page = await users.list(contextOf(request), { search: request.query.query }, pageRequestOf(request, tokens));
      return pageAnswer(request, tokens, 'users', page);
    },
  );

  for (const path of recordPaths(collection, 'usr')) {
    app.get(
      path.url,
      operation(
        {
          id: `getUser${path.suffix}`,
          tag,
          summary: `Get a user by ${path.by}`,
          scope: 'read',
          replica: true,
          answers: { 200: UserAnswer },
          errors: ['USER_NOT_FOUND', 'INVALID_ID'],
        },
        path.parts,
      ),
      async (request, reply) => {
        const found = await users.get(contextOf(request), path.reference(request));
        return sendFound(request, reply, found);
      },
    );

    app.patch(
      path.url,
      operation(
        {
          id: `updateUser${path.suffix}`,
          tag,
          summary: `Update a user, named by ${path.by}`,
          scope: 'write',
          answers: { 200: UserAnswer },
          errors: ['USER_NOT_FOUND', ...changeErrors],
        },
        { ...path.parts, body: UpdateUser },
      ),
      async (request, reply) => {
        const found = await users.update(changeContextOf(request, answer), path.reference(request), request.body, preconditionsOf(request));
        return sendFound(request, reply, found);
      },
    );

    app.put(
      path.partUrl('metadata'),
      operation(
        {
          id: `replaceUserMetadata${path.suffix}`,
          tag,
          summary: `Replace the whole metadata of a user, named by ${path.by}`,
          scope: 'write',
          answers: { 200: UserAnswer },
          errors: ['USER_NOT_FOUND', ...changeErrors],
        },
        { ...path.parts, body: MetadataSchema },
      ),
      async (request, reply) => {
        const found = await users.replaceMetadata(
          changeContextOf(request, answer),
          path.reference(request),
          request.body,
          preconditionsOf(request),
        );
        return sendFound(request, reply, found);
      },
    );

    app.delete(
      path.url,
      operation(
        {
          id: `deleteUser${path.suffix}`,
          tag,
          summary: `Delete a user and their memberships, named by ${path.by}`,
          scope: 'write',
          answers: { 204: null },
          errors: ['USER_NOT_FOUND', 'VERSION_MISMATCH'],
        },
        path.parts,
      ),
      async (request, reply) => {
        await users.delete(contextOf(request), path.reference(request), preconditionsOf(request));
        return reply.code(204).send();
      },
    );
  }

  for (const path of externalPaths(collection)) {
    app.put(
      path.url,
      operation(
        {
          id: `upsertUser${path.suffix}`,
          tag,
          summary: `Create or update the user who has ${path.by}`,
          scope: 'write',
          answers: { 200: UpsertUserAnswer, 201: UpsertUserAnswer },
          errors: [...changeErrors, 'ALREADY_EXISTS', 'DOES_NOT_EXIST'],
        },
        { ...path.parts, body: UpdateUser },
      ),
      async (request, reply) => {
        const upserted = (result: UpsertUserAnswer) => ({ status: result.created ? 201 : 200, body: result, tag: userTag(result.user) });
        const result = await users.upsert(
          changeContextOf(request, upserted),
          path.reference(request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply.code(upserted(result).status), userTag(result.user), result);
      },
    );
  }
}
