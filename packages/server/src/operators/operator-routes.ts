import { CreateOperator, type ErrorCode, OperatorAnswer, OperatorList, UpdateOperator } from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { OperatorService } from './operator-service.ts';

const collection = '/api/v1/operators';
const one = `${collection}/:id`;
const tag = 'Operators';
const changeErrors: ErrorCode[] = ['OPERATOR_NOT_FOUND', 'INVALID_ID', 'OPERATOR_ELSEWHERE', 'LAST_ADMIN', 'VERSION_MISMATCH'];

/** REST of the operators of an environment. */
export function operatorRoutes(app: Routes, operators: OperatorService): void {
  app.get(
    collection,
    operation(
      {
        id: 'listOperators',
        tag,
        summary: 'List the operators of the environment',
        scope: 'read',
        answers: { 200: OperatorList },
      },
      {},
    ),
    async (request) => ({ operators: await operators.list(contextOf(request)) }),
  );

  app.post(
    collection,
    operation(
      {
        id: 'createOperator',
        tag,
        summary: 'Let a person into the dashboard',
        description:
          'Tell them the password; they change it in the dashboard. Whoever is an operator already is given a role with PATCH, by an admin of all their environments.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 201: OperatorAnswer },
        errors: ['INVALID_EMAIL', 'OPERATOR_EXISTS', 'TOO_MANY_OPERATORS'],
      },
      { body: CreateOperator },
    ),
    async (request, reply) => {
      const operator = await operators.create(contextOf(request), request.body);
      return sendRecord(request, reply.code(201), recordTag(operator), { operator });
    },
  );

  app.patch(
    one,
    operation(
      {
        id: 'updateOperator',
        tag,
        summary: 'Change an operator, or their role in the environment',
        description:
          'Also gives a role here to an operator of other environments, for an admin of all of these: to others they do not exist. Name and ' +
          'password can be changed by whoever is in charge of all their environments; a new password ends their sessions.',
        scope: 'write',
        adminOnly: true,
        once: true,
        answers: { 200: OperatorAnswer },
        errors: [...changeErrors, 'TOO_MANY_OPERATORS'],
      },
      { params: paramsOf(one), body: UpdateOperator },
    ),
    async (request, reply) => {
      const operator = await operators.update(contextOf(request), operatorOf(request), request.body, preconditionsOf(request));
      return sendRecord(request, reply, recordTag(operator), { operator });
    },
  );

  app.delete(
    one,
    operation(
      {
        id: 'deleteOperator',
        tag,
        summary: 'Delete an operator',
        description: 'Their sessions end. One of other environments too only loses the role here: PATCH with `role: null`.',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: changeErrors,
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      await operators.delete(contextOf(request), operatorOf(request), preconditionsOf(request));
      return reply.code(204).send();
    },
  );
}

function operatorOf({ params }: { params: unknown }): string {
  return requireId('opr', member(params, 'id'));
}
