import { type ErrorCode, PutSystem, PutSystemAnswer, SystemAnswer, SystemList, SystemName } from '@crosswalk/contract';
import { Type } from 'typebox';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { SystemService } from './system-service.ts';

const collection = '/api/v1/systems';
const one = `${collection}/:system_name`;
const tag = 'Systems';
const notFound: ErrorCode[] = ['SYSTEM_NOT_FOUND'];

/** REST of what is known of the systems that external IDs come from. */
export function systemRoutes(app: Routes, systems: SystemService): void {
  app.get(
    collection,
    operation(
      {
        id: 'listSystems',
        tag,
        summary: 'List the systems that external IDs come from, by name',
        description: 'Those that are described, and those that are only in use.',
        scope: 'read',
        answers: { 200: SystemList },
      },
      {},
    ),
    async (request) => ({ systems: await systems.list(contextOf(request)) }),
  );

  app.get(
    one,
    operation(
      { id: 'getSystem', tag, summary: 'Get what is known of a system', scope: 'read', answers: { 200: SystemAnswer }, errors: notFound },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      const system = await systems.get(contextOf(request), nameOf(request));
      return sendRecord(request, reply, recordTag(system), { system });
    },
  );

  app.put(
    one,
    operation(
      {
        id: 'putSystem',
        tag,
        summary: 'Set what is known of a system',
        description: 'The whole of it: what is left out is null. A system needs this to be shown well, and not to have IDs.',
        scope: 'write',
        adminOnly: true,
        answers: { 200: PutSystemAnswer, 201: PutSystemAnswer },
        errors: ['TOO_MANY_SYSTEMS', 'VERSION_MISMATCH', 'ALREADY_EXISTS', 'DOES_NOT_EXIST', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { params: Type.Object({ system_name: SystemName }), body: PutSystem },
    ),
    async (request, reply) => {
      const context = changeContextOf(request, (answer: PutSystemAnswer) => ({
        status: answer.created ? 201 : 200,
        body: answer,
        tag: recordTag(answer.system),
      }));
      const answer = await systems.put(context, nameOf(request), request.body, preconditionsOf(request));
      return sendRecord(request, reply.code(answer.created ? 201 : 200), recordTag(answer.system), answer);
    },
  );

  app.delete(
    one,
    operation(
      {
        id: 'deleteSystem',
        tag,
        summary: 'Forget what is known of a system',
        description: 'The IDs that records have of it stay.',
        scope: 'write',
        adminOnly: true,
        answers: { 204: null },
        errors: [...notFound, 'VERSION_MISMATCH'],
      },
      { params: paramsOf(one) },
    ),
    async (request, reply) => {
      await systems.delete(contextOf(request), nameOf(request), preconditionsOf(request));
      return reply.code(204).send();
    },
  );
}

function nameOf({ params }: { params: unknown }): string {
  return member(params, 'system_name');
}
