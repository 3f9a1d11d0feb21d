import { type Static, type TObjectOptions, type TSchema, type TString, Type } from 'typebox';
import { pageSize } from './limits.ts';

/** A value of JSON. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** The owner's own fields: any JSON object within the limits of `metadataLimits`. Types survive: 150000 stays a number. */
export type Metadata = { [key: string]: JsonValue };

/** The form of a text: the pattern it has, and the rule in words, which is what an error tells of a text that has another form. */
export interface TextForm {
  pattern: string;
  /** goes on from the name of the field: `must be …` */
  rule: string;
}

/** Text of a form. The rule is in the schema, as `x-rule`, for whoever tells people what is wrong with it. */
export function textOf(
  { pattern, rule }: TextForm,
  options: { maxLength?: number; default?: string; description?: string; examples?: string[] } = {},
) {
  return Type.String({ pattern, 'x-rule': rule, ...options });
}

/**
 * Values of a request by key. `Type.Record` takes no more from the schema of its keys than a pattern: here they are held to all of it. And the
 * pattern that it has for any text does not match line breaks, so that the value of a key with one would be taken as it is.
 */
export function byKey<Value extends TSchema>(key: TString, value: Value, options: TObjectOptions = {}) {
  return Type.Record(Type.String({ pattern: '^' }), value, { propertyNames: key, ...options });
}

/** An ID given by Crosswalk: a prefix and decimal digits, ordered by time of creation. */
export function idSchema(prefix: string, description: string) {
  const example = `${prefix}_915840612345678901`;
  return textOf({ pattern: `^${prefix}_[0-9]{1,19}$`, rule: `must be an ID such as ${example}` }, { description, examples: [example] });
}

export const ExternalId = Type.String({
  minLength: 1,
  maxLength: 255,
  description:
    'An identifier from one of your own systems: 1 to 255 characters, compared exactly, stored as sent. ' +
    'Refused: white space at either end, control and invisible characters, text that is not NFC.',
  examples: ['CUST-12345-ACME'],
});

/** The form of the name of a system. */
export const systemForm: TextForm = {
  pattern: '^[a-z0-9][a-z0-9_-]{0,62}$',
  rule: 'must be 1 to 63 lower-case letters, digits, "-" and "_", such as stripe',
};

export const System = textOf(systemForm, {
  description: 'The name of the system an external ID comes from: lower-case letters, digits, `-` and `_`.',
  examples: ['stripe'],
});

/** `external_ids` of a record in an answer: system name to that system's ID. */
export const ExternalIds = Type.Record(Type.String(), ExternalId, {
  description: 'The IDs this record has in other systems, by system name.',
  examples: [{ stripe: 'cus_Nffrf1gZ0uCj2f' }],
});

/** `external_ids` of a request: merged into what is there, `null` removes a system's ID. */
export const ExternalIdsPatch = Type.Record(Type.String(), Type.Union([ExternalId, Type.Null()]), {
  description: 'IDs in other systems, by system name; merged into those that are there, `null` removes one.',
  examples: [{ stripe: 'cus_Nffrf1gZ0uCj2f', salesforce: null }],
});

export const MetadataSchema = Type.Unsafe<Metadata>(
  Type.Record(Type.String(), Type.Unknown(), {
    description: 'Your own fields: any JSON object of up to 100 keys, 8 levels and 32 KB. Types survive: a number comes back a number.',
    examples: [{ plan_type: 'enterprise', seats: 250 }],
  }),
);

export const MetadataPatch = Type.Unsafe<Metadata>(
  Type.Record(Type.String(), Type.Unknown(), {
    description: 'Merged into what is stored, atomically (RFC 7396): `null` removes a key, nested objects merge, keys not named stay.',
    examples: [{ plan_type: 'enterprise', trial_ends: null }],
  }),
);

export const Timestamp = Type.String({
  format: 'date-time',
  description: 'RFC 3339, UTC.',
  examples: ['2026-11-23T17:03:08.124Z'],
});

export const Version = Type.Integer({
  minimum: 1,
  description: 'Grows by one at each change of the record. Its ETag begins with this figure.',
});

/** How an answer came to this record. */
export const MatchedBy = Type.Enum(['id', 'external_id', 'alias', 'email'], {
  description: '`alias`: the ID is one the record used to have; your system should learn the current one.',
});
export type MatchedBy = Static<typeof MatchedBy>;

/** The parts of every list answer. An empty token means that there is no such page. */
export function pageOf<Name extends string, Item extends TSchema>(name: Name, item: Item) {
  return Type.Object({
    [name]: Type.Array(item),
    next_page_token: Type.String(),
    prev_page_token: Type.String(),
    total_size: Type.Integer({ description: 'How many records match: exact up to 10,000.' }),
    total_size_is_floor: Type.Boolean({ description: 'True when more than 10,000 match; `total_size` is then 10,000.' }),
    events_cursor: Type.Optional(
      Type.String({ description: 'In the first page of records: the change feed after it has every change that this list may not show.' }),
    ),
  });
}

export const PageQuery = {
  page_size: Type.Optional(
    Type.Integer({ minimum: 1, maximum: pageSize.max, default: pageSize.default, description: 'Records in one page.' }),
  ),
  page_token: Type.Optional(
    Type.String({ maxLength: 512, description: '`next_page_token` or `prev_page_token` of an earlier answer to the same request.' }),
  ),
};

export const FilterQuery = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 4096,
    description:
      'Conditions such as `metadata.plan = "enterprise" AND metadata.seats >= 100`. ' +
      'Operators: = != < <= > >= ^= (begins with) :* (is there), joined by AND, OR, NOT and parentheses. ' +
      'Of organizations and users also their external IDs: `external_ids.stripe :*`, `NOT external_id :*`.',
    examples: ['metadata.plan = "enterprise"'],
  }),
);

/** Query of a search by text. */
export const SearchQuery = Type.Object(
  {
    ...PageQuery,
    query: Type.String({
      minLength: 3,
      maxLength: 100,
      description: 'Text that is contained, in any case of letters.',
      examples: ['acme'],
    }),
  },
  { additionalProperties: false },
);

/** One field that was refused. */
const FieldViolationSchema = Type.Object({
  field: Type.String(),
  description: Type.String(),
  constraint: Type.Optional(Type.String()),
});

/** The record in the way of a request. */
const ResourceInfo = Type.Object(
  {
    id: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    system: Type.Optional(Type.String()),
    value: Type.Optional(Type.String()),
    version: Type.Optional(Type.Integer()),
  },
  { description: 'The record in the way: in a conflict, its holder; in a version mismatch, its current version.' },
);

/** The detail of an error answer. Compatible with scalekit.v1.errdetails.ErrorInfo. */
export const ErrorInfo = Type.Object({
  '@type': Type.Literal('type.googleapis.com/scalekit.v1.errdetails.ErrorInfo'),
  error_code: Type.String({ description: 'A code of the error catalogue.' }),
  help: Type.String({ description: 'What the caller can do.' }),
  request_info: Type.Object({ request_id: Type.String() }),
  validation_error_info: Type.Optional(Type.Object({ field_violations: Type.Array(FieldViolationSchema) })),
  resource_info: Type.Optional(ResourceInfo),
});

/** Every error answer of the REST surface. `code` is the google.rpc.Code of the same error over gRPC. */
export const ErrorAnswer = Type.Object({
  code: Type.Integer(),
  message: Type.String(),
  details: Type.Array(ErrorInfo),
});
export type ErrorAnswer = Static<typeof ErrorAnswer>;

/** The same error as RFC 9457 has it, where `Accept` asks for `application/problem+json`. */
export const ProblemAnswer = Type.Object({
  type: Type.String({ description: '`urn:crosswalk:error:` and the code.' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String({ description: '`urn:crosswalk:request:` and the ID of the request.' }),
  error_code: Type.String({ description: 'A code of the error catalogue.' }),
  request_id: Type.String(),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        field: Type.String(),
        pointer: Type.Optional(Type.String({ description: 'RFC 6901: where it is in the body.' })),
        code: Type.Optional(Type.String()),
        message: Type.String(),
      }),
    ),
  ),
  resource: Type.Optional(ResourceInfo),
});
