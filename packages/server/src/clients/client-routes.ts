import { ClientAnswer, ClientList, ClientSecretAnswer, CreateClient, type ErrorCode } from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { clientTag } from './client.ts';
import type { ClientService } from './client-service.ts';

const collection = '/api/v1/clients';
const one = `${collection}/:client_id`;
const tag = 'Clients';
const notFound: ErrorCode[] = ['CLIENT_NOT_FOUND', 'INVALID_ID'];
const changeErrors: ErrorCode[] = [...notFound, 'VERSION_MISMATCH'];

/** REST of API clients. Answers that show a secret are never stored by a cache. */
export function clientRoutes(app: Routes, clients: ClientService): void {
  app.post(
    collection,
    operation(
      {
        id: 'createClient',
        tag,
        summary: 'Create an API client',
        description: 'Its secret is in this answer and nowhere else.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 201: ClientSecretAnswer },
        errors: ['TOO_MANY_CLIENTS'],
      },
      { body: CreateClient },
    ),
    async (request, reply) => {
      const made = await clients.create(contextOf(request), request.body);
      return sendRecord(request, reply.code(201).header('cache-control', 'no-store'), clientTag(made.client.id, made.client), made);
    },
  );

  app.get(
    collection,
    operation({ id: 'listClients', tag, summary: 'List the API clients', scope: 'read', answers: { 200: ClientList } }, {}),
    async (request) => ({ clients: await clients.list(contextOf(request)) }),
  );

  app.get(
    one,
    operation(
      { id: 'getClient', tag, summary: 'Get an API client', scope: 'read', answers: { 200: ClientAnswer }, errors: notFound },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      const client = await clients.get(contextOf(request), clientOf(request));
      return sendRecord(request, reply, clientTag(client.id, client), { client });
    },
  );

  app.delete(
    one,
    operation(
      {
        id: 'deleteClient',
        tag,
        summary: 'Revoke an API client',
        description: 'It gets no new token from now on; tokens it has end within a minute.',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: changeErrors,
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      await clients.delete(contextOf(request), clientOf(request), preconditionsOf(request));
      return reply.code(204).send();
    },
  );

  app.post(
    `${one}/secrets`,
    operation(
      {
        id: 'createClientSecret',
        tag,
        summary: 'Add a second secret to an API client',
        description: 'To rotate: add one, move your code to it, delete the old one.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 201: ClientSecretAnswer },
        errors: [...changeErrors, 'TOO_MANY_CLIENT_SECRETS'],
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      const made = await clients.createSecret(contextOf(request), clientOf(request), preconditionsOf(request));
      return sendRecord(request, reply.code(201).header('cache-control', 'no-store'), clientTag(made.client.id, made.client), made);
    },
  );

  app.delete(
    `${one}/secrets/:secret_id`,
    operation(
      {
        id: 'deleteClientSecret',
        tag,
        summary: 'Revoke one secret of an API client',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: [...changeErrors, 'CLIENT_SECRET_NOT_FOUND', 'LAST_CLIENT_SECRET'],
      },
      { params: paramsOf(`${one}/secrets/:secret_id`) },
    ),
    async (request, reply) => {
      const secretId = requireId('sks', member(request.params, 'secret_id'), 'secret_id');
      await clients.deleteSecret(contextOf(request), clientOf(request), secretId, preconditionsOf(request));
      return reply.code(204).send();
    },
  );
}

function clientOf({ params }: { params: unknown }): string {
  return requireId('skc', member(params, 'client_id'), 'client_id');
}
