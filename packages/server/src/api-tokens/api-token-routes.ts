import {
  type ApiToken,
  ApiTokenAnswer,
  ApiTokenPage,
  CreateApiToken,
  CreateApiTokenAnswer,
  ListApiTokensQuery,
  NameApiToken,
  UpdateApiToken,
} from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageRequestOf } from '../transport/pages.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { ApiTokenService } from './api-token-service.ts';

const collection = '/api/v1/tokens';
const tag = 'API tokens';

/** REST of API tokens. The answer that shows a token is never stored, by a cache or for a retry. */
export function apiTokenRoutes(app: Routes, apiTokens: ApiTokenService, pageTokens: PageTokens): void {
  const tokenTag = ({ token_id: id, version }: ApiToken) => recordTag({ id, version });
  const changed = (token: ApiToken) => ({ status: 200, body: { token_info: token }, tag: tokenTag(token) });
  const ended = () => ({ status: 204 });

  app.post(
    collection,
    operation(
      {
        id: 'createApiToken',
        tag,
        summary: 'Create an API token of an organization, or of an active member of it',
        description: 'The token is in this answer and nowhere else: a repeated request makes another token.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 201: CreateApiTokenAnswer },
        errors: ['ORGANIZATION_NOT_FOUND', 'MEMBERSHIP_NOT_FOUND', 'MEMBERSHIP_NOT_ACTIVE', 'INVALID_ID'],
      },
      { body: CreateApiToken },
    ),
    async (request, reply) =>
      reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(await apiTokens.create(contextOf(request), request.body)),
  );

  app.get(
    collection,
    operation(
      {
        id: 'listApiTokens',
        tag,
        summary: 'List the API tokens of an organization that have not expired, newest first',
        scope: 'read',
        answers: { 200: ApiTokenPage },
        errors: ['ORGANIZATION_NOT_FOUND', 'INVALID_ID', 'INVALID_PAGE_TOKEN'],
      },
      { querystring: ListApiTokensQuery },
    ),
    async (request) => {
      const { organization_id: organizationId, user_id: userId } = request.query;
      const query = {
        organizationId: requireId('org', organizationId, 'organization_id'),
        userId: userId === undefined ? undefined : requireId('usr', userId, 'user_id'),
      };
      const page = await apiTokens.list(contextOf(request), query, pageRequestOf(request, pageTokens));
      return { ...pageAnswer(request, pageTokens, 'tokens', page), total_count: page.total };
    },
  );

  app.post(
    `${collection}::validate`,
    operation(
      {
        id: 'validateApiToken',
        tag,
        summary: 'Check an API token that someone shows you',
        description: 'Answers whose it is and its claims, or 404 if it is not valid now. Takes its ID, too; that counts as no use of it.',
        scope: 'read',
        answers: { 200: ApiTokenAnswer },
        errors: ['API_TOKEN_NOT_FOUND'],
      },
      { body: NameApiToken },
    ),
    async (request, reply) => {
      const token = await apiTokens.validate(contextOf(request), request.body.token);
      return reply.header('cache-control', 'no-store').send({ token_info: token });
    },
  );

  app.post(
    `${collection}::update`,
    operation(
      {
        id: 'updateApiToken',
        tag,
        summary: 'Change the description or the claims of an API token',
        description: 'What is not named stays; claims are replaced as a whole.',
        scope: 'write',
        adminOnly: true,
        answers: { 200: ApiTokenAnswer },
        errors: ['API_TOKEN_NOT_FOUND', 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { body: UpdateApiToken },
    ),
    async (request, reply) => {
      const token = await apiTokens.update(changeContextOf(request, changed), request.body, preconditionsOf(request));
      return sendRecord(request, reply, tokenTag(token), { token_info: token });
    },
  );

  app.post(
    `${collection}::invalidate`,
    operation(
      {
        id: 'invalidateApiToken',
        tag,
        summary: 'End an API token at once',
        description: 'No error if it is not valid already, or never was: it may be called twice.',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: ['VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { body: NameApiToken },
    ),
    async (request, reply) => {
      await apiTokens.invalidate(changeContextOf(request, ended), request.body.token, preconditionsOf(request));
      return reply.code(204).send();
    },
  );
}
