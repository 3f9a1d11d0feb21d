import { ErrorAnswer, type ErrorCode, errorCatalogue, type Scope } from '@crosswalk/contract';
import type { FastifyContextConfig, FastifySchema } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { holdsRecord, notModified, requestHeadersOf, withEtag } from './operation-headers.ts';

/** What the reference page says of one operation. */
interface Description {
  /** name of the SDK method, and operationId */
  id: string;
  tag: string;
  summary: string;
  description?: string;
  /** what the client must be allowed to do; left out, the operation is public */
  scope?: Scope;
  /** Whether an operator needs the role admin; a client only needs the scope. */
  adminOnly?: boolean;
  /** Whether a replica may be read for it, where the caller says so; see transport/consistency-token.ts. */
  replica?: boolean;
  /** Whether it takes as long as it takes; see transport/patience.ts. */
  long?: boolean;
  /** Whether request or answer has a secret, which is not stored to be shown again: it takes no Idempotency-Key. */
  once?: boolean;
  /** For browsers, without an access token: anybody may use it, or whoever is signed in. */
  session?: 'open' | 'required';
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

/** Errors of every operation that is not public. */
const general: ErrorCode[] = ['INVALID_ARGUMENT', 'CROSS_SITE_REQUEST', 'RATE_LIMITED', 'INTERNAL', 'DATABASE_UNAVAILABLE'];
/** Those of an operation that needs a session, and of one that needs a scope. */
const withSession: ErrorCode[] = ['UNAUTHENTICATED', 'INVALID_CSRF_TOKEN'];
const withScope: ErrorCode[] = [...withSession, 'PERMISSION_DENIED', 'ENVIRONMENT_NOT_FOUND'];
/** Those of an operation that changes something: it waits for other changes, and looks at preconditions. */
const withChange: ErrorCode[] = ['INVALID_PRECONDITION', 'RECORD_BUSY'];
/** Those of an operation whose answer is stored under a key. */
const withKey: ErrorCode[] = ['INVALID_IDEMPOTENCY_KEY'];
/** Those of an operation that is not repeated. */
const onlyOnce: ErrorCode[] = ['IDEMPOTENCY_KEY_REFUSED', 'INVALID_IDEMPOTENCY_KEY'];
/** Those of an operation whose record is named by an external ID. */
const namedByExternalId: ErrorCode[] = ['INVALID_EXTERNAL_ID'];
/** Errors of every operation with a body. */
const withBody: ErrorCode[] = ['UNKNOWN_FIELD', 'MALFORMED_JSON', 'INEXACT_NUMBER', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

/** Options of a Fastify route: the schemas that check the request, what it needs to be let in, and its part of the OpenAPI document. */
export function operation<P extends Parts>(
  description: Description,
  parts: P,
): { schema: P & FastifySchema; config: FastifyContextConfig } {
  const { id, tag, summary, description: text, scope, adminOnly, replica, long, once, session, answers, errors: own = [] } = description;
  const errors = [
    ...(scope === undefined && session === undefined ? [] : general),
    ...(scope === undefined ? [] : withScope),
    ...(session === 'required' ? withSession : []),
    ...(parts.body === undefined ? [] : withBody),
    ...(scope === 'write' ? withChange : []),
    ...(own.includes('IDEMPOTENCY_KEY_REUSED') ? withKey : []),
    ...(once === true ? onlyOnce : []),
    ...(namesByExternalId(parts) && !own.includes('INVALID_EXTERNAL_ID') ? namedByExternalId : []),
    ...own,
  ];
  const [answer = null] = Object.values(answers);
  const isConditional = errors.includes('VERSION_MISMATCH');
  const readsRecord = scope === 'read' && holdsRecord(answer);
  const isKeyed = own.includes('IDEMPOTENCY_KEY_REUSED');
  const success = Object.entries(answers).map(([status, schema]) => [
    status,
    schema === null ? Type.Null({ description: 'No body.' }) : describe(holdsRecord(schema) ? withEtag(schema) : schema, 'Success.'),
  ]);
  return {
    schema: {
      ...parts,
      operationId: id,
      tags: [tag],
      summary,
      ...(text === undefined ? {} : { description: text }),
      security: scope === undefined ? (session === 'required' ? [{ session: [] }] : []) : [{ oauth: [scope] }, { session: [] }],
      requestHeaders: requestHeadersOf({
        isKeyed,
        isConditional,
        isUpsert: own.includes('DOES_NOT_EXIST'),
        readsRecord,
        replica: replica === true,
      }),
      response: { ...Object.fromEntries(success), ...(readsRecord ? { 304: notModified } : {}), ...errorAnswers(errors) },
    },
    config: {
      ...(scope === undefined ? {} : { scope }),
      ...(adminOnly === undefined ? {} : { adminOnly }),
      ...(replica === undefined ? {} : { replica }),
      ...(long === undefined ? {} : { long }),
      ...(once === undefined ? {} : { once }),
      ...(session === undefined ? {} : { session }),
      // What is held to a version says so among its errors.
      ...(isConditional ? { conditional: true } : {}),
    },
  };
}

function describe(schema: TSchema, description: string): TSchema {
  return { ...schema, description };
}

/** Whether a path or a query has an external ID, to name a record or to filter by. */
function namesByExternalId({ params, querystring }: Parts): boolean {
  return [params, querystring].some((part) => Object.hasOwn(Object(Object(part).properties), 'external_id'));
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
