import {
  CreateOrganizationClient,
  CreateOrganizationClientAnswer,
  type ErrorCode,
  ListOrganizationClientsQuery,
  type OrganizationClient,
  OrganizationClientAnswer,
  OrganizationClientPage,
  OrganizationClientSecretAnswer,
  UpdateOrganizationClient,
} from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageRequestOf } from '../transport/pages.ts';
import { member, organizationOf, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { clientTag } from './client.ts';
import type { OrganizationClientReference, OrganizationClientService } from './organization-client-service.ts';

const collection = '/api/v1/organizations/:organization_id/clients';
const one = `${collection}/:client_id`;
const tag = 'Organization clients';
const notFound: ErrorCode[] = ['CLIENT_NOT_FOUND', 'INVALID_ID'];
const changeErrors: ErrorCode[] = [...notFound, 'VERSION_MISMATCH'];

/** REST of the clients of organizations. Answers that show a secret are never stored, by a cache or for a retry. */
export function organizationClientRoutes(app: Routes, clients: OrganizationClientService, tokens: PageTokens): void {
  const changed = (client: OrganizationClient) => ({ status: 200, body: { client }, tag: clientTag(client.client_id, client) });

  app.post(
    collection,
    operation(
      {
        id: 'createOrganizationClient',
        tag,
        summary: 'Create a client of an organization',
        description: 'Its secret is in this answer and nowhere else: a repeated request makes another client.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 201: CreateOrganizationClientAnswer },
        errors: ['ORGANIZATION_NOT_FOUND', 'INVALID_ID'],
      },
      { params: paramsOf(collection), body: CreateOrganizationClient },
    ),
    async (request, reply) => {
      const result = await clients.create(contextOf(request), organizationOf(request), request.body);
      return sendRecord(
        request,
        reply.code(201).header('cache-control', 'no-store'),
        clientTag(result.client.client_id, result.client),
        result,
      );
    },
  );

  app.get(
    collection,
    operation(
      {
        id: 'listOrganizationClients',
        tag,
        summary: 'List the clients of an organization, newest first',
        scope: 'read',
        answers: { 200: OrganizationClientPage },
        errors: ['ORGANIZATION_NOT_FOUND', 'INVALID_ID', 'INVALID_PAGE_TOKEN'],
      },
      { params: paramsOf(collection), querystring: ListOrganizationClientsQuery },
    ),
    async (request) => {
      const page = await clients.list(contextOf(request), organizationOf(request), pageRequestOf(request, tokens));
      return pageAnswer(request, tokens, 'clients', page);
    },
  );

  app.get(
    one,
    operation(
      {
        id: 'getOrganizationClient',
        tag,
        summary: 'Get a client of an organization',
        scope: 'read',
        answers: { 200: OrganizationClientAnswer },
        errors: notFound,
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      const client = await clients.get(contextOf(request), referenceOf(request));
      return sendRecord(request, reply, clientTag(client.client_id, client), { client });
    },
  );

  app.patch(
    one,
    operation(
      {
        id: 'updateOrganizationClient',
        tag,
        summary: 'Update a client of an organization',
        description: 'What is not named stays; a list is replaced. Tokens that were granted before keep what they say.',
        scope: 'write',
        adminOnly: true,
        answers: { 200: OrganizationClientAnswer },
        errors: [...changeErrors, 'IDEMPOTENCY_KEY_REUSED'],
      },
      { params: paramsOf(one), body: UpdateOrganizationClient },
    ),
    async (request, reply) => {
      const client = await clients.update(changeContextOf(request, changed), referenceOf(request), request.body, preconditionsOf(request));
      return sendRecord(request, reply, clientTag(client.client_id, client), { client });
    },
  );

  app.delete(
    one,
    operation(
      {
        id: 'deleteOrganizationClient',
        tag,
        summary: 'Revoke a client of an organization',
        description: 'It gets no new token from now on; tokens it has are valid until they expire.',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: changeErrors,
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      await clients.delete(contextOf(request), referenceOf(request), preconditionsOf(request));
      return reply.code(204).send();
    },
  );

  app.post(
    `${one}/secrets`,
    operation(
      {
        id: 'createOrganizationClientSecret',
        tag,
        summary: 'Add a second secret to a client of an organization',
        description: 'To rotate: add one, move the machine to it, delete the old one.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 201: OrganizationClientSecretAnswer },
        errors: [...changeErrors, 'TOO_MANY_CLIENT_SECRETS'],
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) =>
      reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(await clients.createSecret(contextOf(request), referenceOf(request), preconditionsOf(request))),
  );

  app.delete(
    `${one}/secrets/:secret_id`,
    operation(
      {
        id: 'deleteOrganizationClientSecret',
        tag,
        summary: 'Revoke one secret of a client of an organization',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: [...changeErrors, 'CLIENT_SECRET_NOT_FOUND', 'LAST_CLIENT_SECRET'],
      },
      { params: paramsOf(`${one}/secrets/:secret_id`) },
    ),
    async (request, reply) => {
      const secretId = requireId('sks', member(request.params, 'secret_id'), 'secret_id');
      await clients.deleteSecret(contextOf(request), referenceOf(request), secretId, preconditionsOf(request));
      return reply.code(204).send();
    },
  );
}

function referenceOf(request: { params: unknown }): OrganizationClientReference {
  return { organizationId: organizationOf(request), clientId: requireId('m2morg', member(request.params, 'client_id'), 'client_id') };
}
