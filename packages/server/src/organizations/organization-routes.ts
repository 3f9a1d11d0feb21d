import {
  CreateOrganization,
  type ErrorCode,
  ListOrganizationsQuery,
  MetadataSchema,
  type Organization,
  OrganizationAnswer,
  OrganizationPage,
  SearchQuery,
  UpdateMask,
  UpdateOrganization,
  UpsertOrganizationAnswer,
} from '@crosswalk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Found } from '../external-ids/index.ts';
import type { FeedService } from '../feed/index.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageContextOf, pageRequestOf } from '../transport/pages.ts';
import { externalPaths, optional, recordPaths, withQuery } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { answerForm, masked } from './organization.ts';
import type { OrganizationService } from './organization-service.ts';

const collection = '/api/v1/organizations';
const tag = 'Organizations';
const createErrors: ErrorCode[] = ['INVALID_EXTERNAL_ID', 'INVALID_METADATA', 'EXTERNAL_ID_TAKEN', 'SLUG_TAKEN', 'IDEMPOTENCY_KEY_REUSED'];
const changeErrors: ErrorCode[] = [...createErrors, 'VERSION_MISMATCH'];

/** REST of organizations. */
export function organizationRoutes(app: Routes, organizations: OrganizationService, tokens: PageTokens, feed: FeedService): void {
  const answer = (found: Found<Organization>) => ({ status: 200, ...answerForm.make(found) });
  const sendFound = (request: FastifyRequest, reply: FastifyReply, found: Found<Organization>) => {
    const { tag, body } = found.answer ?? answerForm.make(found);
    return sendRecord(request, reply, tag, body);
  };
  const created = (organization: Organization) => ({ status: 201, body: { organization }, tag: recordTag(organization) });

  app.post(
    collection,
    operation(
      {
        id: 'createOrganization',
        tag,
        summary: 'Create an organization',
        scope: 'write',
        answers: { 201: OrganizationAnswer },
        errors: createErrors,
      },
      { body: CreateOrganization },
    ),
    async (request, reply) => {
      const organization = await organizations.create(changeContextOf(request, created), request.body);
      return sendRecord(request, reply.code(201), recordTag(organization), { organization });
    },
  );

  app.get(
    collection,
    operation(
      {
        id: 'listOrganizations',
        tag,
        summary: 'List organizations, newest first',
        scope: 'read',
        replica: true,
        answers: { 200: OrganizationPage },
        errors: ['INVALID_EXTERNAL_ID', 'INVALID_FILTER', 'INVALID_PAGE_TOKEN', 'QUERY_TOO_SLOW'],
      },
      { querystring: ListOrganizationsQuery },
    ),
    async (request) => {
      const { filter, external_id: externalId, slug } = request.query;
      const wanted = pageRequestOf(request, tokens);
      const context = pageContextOf(request, wanted);
      const snapshot = await feed.snapshot(context, wanted);
      const page = await organizations.list(context, { filter, externalId, slug }, wanted);
      return { ...pageAnswer(request, tokens, 'organizations', page), ...snapshot };
    },
  );

  app.get(
    `${collection}::search`,
    operation(
      {
        id: 'searchOrganizations',
        tag,
        summary: 'Find organizations by a part of their name or of an ID',
        scope: 'read',
        replica: true,
        answers: { 200: OrganizationPage },
        errors: ['INVALID_PAGE_TOKEN', 'QUERY_TOO_SLOW'],
      },
      { querystring: SearchQuery },
    ),
    async (request) => {
      const page = await organizations.list(contextOf(request), { search: request.query.query }, pageRequestOf(request, tokens));
      return pageAnswer(request, tokens, 'organizations', page);
    },
  );

  for (const path of recordPaths(collection, 'org')) {
    app.get(
      path.url,
      operation(
        {
          id: `getOrganization${path.suffix}`,
          tag,
          summary: `Get an organization by ${path.by}`,
          scope: 'read',
          replica: true,
          answers: { 200: OrganizationAnswer },
          errors: ['ORGANIZATION_NOT_FOUND', 'INVALID_ID'],
        },
        path.parts,
      ),
      async (request, reply) => {
        const found = await organizations.get(contextOf(request), path.reference(request));
        return sendFound(request, reply, found);
      },
    );

    app.patch(
      path.url,
      operation(
        {
          id: `updateOrganization${path.suffix}`,
          tag,
          summary: `Update an organization, named by ${path.by}`,
          scope: 'write',
          answers: { 200: OrganizationAnswer },
          errors: ['ORGANIZATION_NOT_FOUND', ...changeErrors],
        },
        { ...withQuery(path.parts, { update_mask: UpdateMask }), body: UpdateOrganization },
      ),
      async (request, reply) => {
        const mask = optional(request.query, 'update_mask');
        const { fields, metadata = undefined } = mask === undefined ? { fields: request.body } : masked(request.body, pathsOf(mask));
        const found = await organizations.update(
          changeContextOf(request, answer),
          path.reference(request),
          fields,
          preconditionsOf(request),
          metadata,
        );
        return sendFound(request, reply, found);
      },
    );

    app.put(
      path.partUrl('metadata'),
      operation(
        {
          id: `replaceOrganizationMetadata${path.suffix}`,
          tag,
          summary: `Replace the whole metadata of an organization, named by ${path.by}`,
          scope: 'write',
          answers: { 200: OrganizationAnswer },
          errors: ['ORGANIZATION_NOT_FOUND', ...changeErrors],
        },
        { ...path.parts, body: MetadataSchema },
      ),
      async (request, reply) => {
        const found = await organizations.replaceMetadata(
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
          id: `deleteOrganization${path.suffix}`,
          tag,
          summary: `Delete an organization with its memberships and domains, named by ${path.by}`,
          description: 'Its users stay.',
          scope: 'write',
          answers: { 204: null },
          errors: ['ORGANIZATION_NOT_FOUND', 'VERSION_MISMATCH'],
        },
        path.parts,
      ),
      async (request, reply) => {
        await organizations.delete(contextOf(request), path.reference(request), preconditionsOf(request));
        return reply.code(204).send();
      },
    );
  }

  for (const path of externalPaths(collection)) {
    app.put(
      path.url,
      operation(
        {
          id: `upsertOrganization${path.suffix}`,
          tag,
          summary: `Create or update the organization that has ${path.by}`,
          scope: 'write',
          answers: { 200: UpsertOrganizationAnswer, 201: UpsertOrganizationAnswer },
          errors: [...changeErrors, 'ALREADY_EXISTS', 'DOES_NOT_EXIST'],
        },
        { ...path.parts, body: UpdateOrganization },
      ),
      async (request, reply) => {
        const upserted = (result: UpsertOrganizationAnswer) => ({
          status: result.created ? 201 : 200,
          body: result,
          tag: recordTag(result.organization),
        });
        const result = await organizations.upsert(
          changeContextOf(request, upserted),
          path.reference(request),
          request.body,
          preconditionsOf(request),
        );
        return sendRecord(request, reply.code(upserted(result).status), recordTag(result.organization), result);
      },
    );
  }
}

/** The fields that a mask names; an empty one names none. */
function pathsOf(mask: string): string[] {
  return mask === '' ? [] : mask.split(',');
}
