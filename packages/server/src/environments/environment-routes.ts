import { CreateEnvironment, type Environment, EnvironmentAnswer, EnvironmentList, UpdateEnvironment } from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { EnvironmentService } from './environment-service.ts';

const collection = '/api/v1/environments';
const one = `${collection}/:environment_id`;
const tag = 'Environments';

/** REST of environments. */
export function environmentRoutes(app: Routes, environments: EnvironmentService): void {
  const answer = (status: number) => (environment: Environment) => ({ status, body: { environment }, tag: recordTag(environment) });

  app.get(
    collection,
    operation(
      {
        id: 'listEnvironments',
        tag,
        summary: 'List the environments that you may see',
        description: 'A client sees its own, an operator those in which they have a role.',
        scope: 'read',
        answers: { 200: EnvironmentList },
      },
      {},
    ),
    async (request) => ({ environments: await environments.list(contextOf(request)) }),
  );

  app.post(
    collection,
    operation(
      {
        id: 'createEnvironment',
        tag,
        summary: 'Make an environment',
        description: 'For operators alone. The maker is its admin and its only operator.',
        scope: 'write',
        adminOnly: true,
        answers: { 201: EnvironmentAnswer },
        errors: ['ENVIRONMENT_NAME_TAKEN', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { body: CreateEnvironment },
    ),
    async (request, reply) => {
      const environment = await environments.create(changeContextOf(request, answer(201)), request.body);
      return sendRecord(request, reply.code(201), recordTag(environment), { environment });
    },
  );

  app.patch(
    one,
    operation(
      {
        id: 'updateEnvironment',
        tag,
        summary: 'Rename the environment',
        description: 'The one that the request is about.',
        scope: 'write',
        adminOnly: true,
        answers: { 200: EnvironmentAnswer },
        errors: ['INVALID_ID', 'ENVIRONMENT_NAME_TAKEN', 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { params: paramsOf(one), body: UpdateEnvironment },
    ),
    async (request, reply) => {
      const id = requireId('env', member(request.params, 'environment_id'), 'environment_id');
      const environment = await environments.update(changeContextOf(request, answer(200)), id, request.body, preconditionsOf(request));
      return sendRecord(request, reply, recordTag(environment), { environment });
    },
  );
}
