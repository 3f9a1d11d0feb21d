import { consistencyHeader } from '@crosswalk/contract';
import { type TSchema, Type } from 'typebox';

declare module 'fastify' {
  interface FastifySchema {
    /** The headers of its requests, for the OpenAPI document alone: what a header may be is checked where it is read. */
    requestHeaders?: TSchema;
  }
}

/** What tells which headers an operation has. */
export interface OperationKind {
  /** it takes an Idempotency-Key */
  isKeyed: boolean;
  /** it changes one record, which is held to preconditions */
  isConditional: boolean;
  /** it makes the record if there is none */
  isUpsert: boolean;
  /** it reads one record, whose answer has an ETag */
  readsRecord: boolean;
  /** a replica may be read for it */
  replica: boolean;
}

const text = (description: string) => Type.Optional(Type.String({ description }));
const key = text(
  'The same key has its effect once in 24 hours: a repeated request gets the answer again. 1 to 255 printable ASCII characters without spaces.',
);
const ifMatch = text(
  'The `ETag` of an earlier answer: the change is made if the record is as it was then, else 412. `*`: if there is one.',
);
const unlessThere = text('`*`: only if there is no such record, else 412.');
const ifNoneMatch = text('The `ETag` of an earlier answer: 304 without a body if it still holds.');
const consistency = text('The token of an earlier answer, or `any`: a replica may be read, where there is one; see docs/scaling.md.');

/** The headers that requests of an operation may have. */
export function requestHeadersOf({ isKeyed, isConditional, isUpsert, readsRecord, replica }: OperationKind): TSchema {
  return Type.Object({
    ...(isKeyed ? { 'Idempotency-Key': key } : {}),
    ...(isConditional ? { 'If-Match': ifMatch } : {}),
    ...(isUpsert ? { 'If-None-Match': unlessThere } : {}),
    ...(readsRecord ? { 'If-None-Match': ifNoneMatch } : {}),
    ...(replica ? { [consistencyHeader]: consistency } : {}),
  });
}

/** An answer with the header that names the version of its record. */
export function withEtag(answer: TSchema): TSchema {
  return {
    ...answer,
    headers: { ETag: { type: 'string', description: 'The version of the record, for `If-Match` and `If-None-Match`.' } },
  };
}

/** The answer to `If-None-Match` when the caller has the current answer. */
export const notModified = Type.Null({ description: 'The answer is as the caller has it. No body.' });

/** Whether an answer holds one record: something with a version of its own. */
export function holdsRecord(answer: TSchema | null): boolean {
  return Object.values<unknown>(Object(Object(answer).properties)).some((member) =>
    Object.hasOwn(Object(Object(member).properties), 'version'),
  );
}
