import { ErrorAnswer, type ErrorCode, errorCatalogue, type Scope } from '@crosswalk/contract';
import type { FastifySchema } from 'fastify';
import { type TSchema, Type } from 'typebox';

/** What the reference page says of one operation. */
interface Description {
  /** name of the SDK method, and operationId */
  id: string;
  tag: string;
  summary: string;
  description?: string;
  /** what the client must be allowed to do; left out, the operation is public */
  scope?: Scope;
  /** HTTP statuses of success and their messages; null: no body */
  answers: Record<number, TSchema | null>;
  /** what can go wrong beyond what every operation can answer */
  errors?: ErrorCode[];
}

/** The parts of a request that a schema checks. */
interface Parts {
  params?: TSchema;
  querystring?: TSchema;
  body?: TSchema;
}

/** Errors of every operation with a scope. */
const general: ErrorCode[] = [
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'RATE_LIMITED',
  'INTERNAL',
  'DATABASE_UNAVAILABLE',
];
/** Errors of every operation with a body. */
const withBody: ErrorCode[] = ['UNKNOWN_FIELD', 'MALFORMED_JSON', 'INEXACT_NUMBER', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

/** Options of a Fastify route: the schemas that check the request, the scope it needs, and its part of the OpenAPI document. */
export function operation<P extends Parts>(description: Description, parts: P): { schema: P & FastifySchema; config: { scope?: Scope } } {
  const { id, tag, summary, scope, answers } = description;
  const errors = [...(scope === undefined ? [] : general), ...(parts.body === undefined ? [] : withBody), ...(description.errors ?? [])];
  const success = Object.entries(answers).map(([status, schema]) => [
    status,
    schema === null ? Type.Null({ description: 'No body.' }) : describe(schema, 'Success.'),
  ]);
  return {
    schema: {
      ...parts,
      operationId: id,
      tags: [tag],
      summary,
      ...(description.description === undefined ? {} : { description: description.description }),
      ...(scope === undefined ? { security: [] } : { security: [{ oauth: [scope] }] }),
      response: { ...Object.fromEntries(success), ...errorAnswers(errors) },
    },
    config: scope === undefined ? {} : { scope },
  };
}

function describe(schema: TSchema, description: string): TSchema {
  return { ...schema, description };
}

/** One answer per HTTP status, naming the codes it can carry. */
function errorAnswers(codes: ErrorCode[]): Record<string, TSchema> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorCatalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      describe(ErrorAnswer, ofStatus.map((code) => `\`${code}\`: ${errorCatalogue[code].title}.`).join(' ')),
    ]),
  );
}
