import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire';
import type { Scope } from '@crosswalk/contract';
import type { RequestContext } from '../../environments/index.ts';
import type { Found } from '../../external-ids/index.ts';
import { ApiError } from '../../lib/api-error.ts';
import type { Preconditions } from '../../lib/preconditions.ts';
import { preconditionsOf, refusePreconditions } from '../../transport/etag.ts';
import { keyRefused } from '../../transport/idempotency-key.ts';
import { unknownField } from './unknown-field.ts';

/** One unary call as the handler knows it: who asks, and what makes it the same when it is sent again. */
export interface Call {
  context: RequestContext;
  path: string;
  /** of the request: a change is held to the `if-match` and `if-none-match` among them */
  headers: IncomingHttpHeaders;
  idempotencyKey: string | undefined;
}

/** A method that is offered: messages are bytes to the handler. */
export interface Method {
  /** `/scalekit.v1.organizations.OrganizationService/GetOrganization` */
  path: string;
  scope: Scope;
  run(call: Call, message: Uint8Array): Promise<Uint8Array>;
}

/** A method that only reads: `work` translates the request, asks a service, and gives the answer's fields. */
export function read<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodUnary<Input, Output>,
  work: (context: RequestContext, request: MessageShape<Input>) => Promise<MessageInitShape<Output>>,
): Method {
  return {
    path: pathOf(method),
    scope: 'read',
    run: async ({ context }, message) => encode(method.output, await work(context, decode(method.input, message))),
  };
}

/**
 * The same of a method that looks up one record: `answer` makes the answer's fields of it. What was made of a record that is kept is kept with it, as
 * long as it is.
 */
export function readRecord<Input extends DescMessage, Output extends DescMessage, RecordType>(
  method: DescMethodUnary<Input, Output>,
  find: (context: RequestContext, request: MessageShape<Input>) => Promise<Found<RecordType>>,
  answer: (record: RecordType) => MessageInitShape<Output>,
): Method {
  const made = new WeakMap<object, Uint8Array>();
  return {
    path: pathOf(method),
    scope: 'read',
    async run({ context }, message) {
      const found = await find(context, decode(method.input, message));
      const known = found.answer === undefined ? undefined : made.get(found.answer);
      if (known !== undefined) return known;
      const bytes = encode(method.output, answer(found.record));
      if (found.answer !== undefined) made.set(found.answer, bytes);
      return bytes;
    },
  };
}

/**
 * A method that changes something, but no record of which the caller could have read a version: `work` translates the request and asks a
 * service, `answer` makes the answer's fields of what that returns. With an `idempotency-key` in the headers the answer is stored with the
 * effect, as over REST; one that shows a secret (`once`) takes none.
 */
export function change<Input extends DescMessage, Output extends DescMessage, Result>(
  method: DescMethodUnary<Input, Output>,
  work: (context: RequestContext, request: MessageShape<Input>) => Promise<Result>,
  answer: (result: Result) => MessageInitShape<Output>,
  options: ChangeOptions = {},
): Method {
  const held = (call: Call): Preconditions => {
    refusePreconditions(call);
    return {};
  };
  return heldChange(method, held, work, answer, options);
}

/** The same of a method that changes one record: `work` holds it to what the `if-match` and `if-none-match` of the call demand, as over REST. */
export function changeRecord<Input extends DescMessage, Output extends DescMessage, Result>(
  method: DescMethodUnary<Input, Output>,
  work: (context: RequestContext, request: MessageShape<Input>, preconditions: Preconditions) => Promise<Result>,
  answer: (result: Result) => MessageInitShape<Output>,
  options: ChangeOptions = {},
): Method {
  return heldChange(method, preconditionsOf, work, answer, options);
}

interface ChangeOptions {
  once?: boolean;
}

function heldChange<Input extends DescMessage, Output extends DescMessage, Result>(
  method: DescMethodUnary<Input, Output>,
  held: (call: Call) => Preconditions,
  work: (context: RequestContext, request: MessageShape<Input>, preconditions: Preconditions) => Promise<Result>,
  answer: (result: Result) => MessageInitShape<Output>,
  { once = false }: ChangeOptions,
): Method {
  const bytesOf = (result: Result) => encode(method.output, answer(result));
  return {
    path: pathOf(method),
    scope: 'write',
    async run(call, message) {
      const { context, path, idempotencyKey } = call;
      const preconditions = held(call);
      const request = decode(method.input, message);
      if (idempotencyKey !== undefined && once) throw keyRefused();
      if (idempotencyKey === undefined) return bytesOf(await work(context, request, preconditions));
      const demanded = Object.keys(preconditions).length === 0 ? '' : JSON.stringify(preconditions);
      const idempotency = {
        key: idempotencyKey,
        requestHash: createHash('sha256').update(path).update(demanded).update('\0').update(message).digest(),
        // The service passes what it returns to `work`: both are this call's Result.
        answer: (result: unknown) => ({ status: 200, body: Buffer.from(bytesOf(result as Result)).toString('base64') }),
      };
      return bytesOf(await work({ ...context, idempotency }, request, preconditions));
    },
  };
}

/** The path of a method on the wire. */
export function pathOf(method: DescMethodUnary | { parent: { typeName: string }; name: string }): string {
  return `/${method.parent.typeName}/${method.name}`;
}

// Text that is not UTF-8 would be read with U+FFFD in it, and two different IDs could become one.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
configureTextEncoding({ ...getTextEncoding(), decodeUtf8: (bytes) => strict.decode(bytes) });

function decode<Input extends DescMessage>(schema: Input, bytes: Uint8Array): MessageShape<Input> {
  let message: MessageShape<Input>;
  let unknown: string | undefined;
  try {
    message = fromBinary(schema, bytes);
    unknown = unknownField(schema, bytes);
  } catch (cause) {
    throw new ApiError('MALFORMED_MESSAGE', `the request is not a valid ${schema.typeName}`, { cause });
  }
  // It would be lost without a word.
  if (unknown !== undefined) {
    throw new ApiError('UNKNOWN_FIELD', `field ${unknown}: there is no field of this number or type in the request`, {
      violations: [{ field: unknown, description: 'there is no field of this number or type', constraint: 'unknown_field' }],
    });
  }
  return message;
}

function encode<Output extends DescMessage>(schema: Output, fields: MessageInitShape<Output>): Uint8Array {
  return toBinary(schema, create(schema, fields));
}
