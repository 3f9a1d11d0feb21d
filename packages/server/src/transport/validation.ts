import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FastifySchemaValidationError } from 'fastify';
import { ApiError, excerpt, type FieldViolation } from '../lib/api-error.ts';

/** Bodies are taken as they are: no type is coerced, no field dropped, no default filled in. `verbose`: an error has its schema. */
const ajv = new Ajv2020({ allErrors: false, strict: false, ownProperties: true, validateFormats: false, verbose: true });

interface RouteSchema {
  schema: unknown;
  httpPart?: string;
}

interface ObjectSchema {
  properties?: Record<string, { type?: unknown }>;
}

/** Compiles the schema of one part of a request. Numbers and booleans of a query are read from their one plain spelling. */
export function validatorCompiler({ schema, httpPart }: RouteSchema) {
  if (!isObjectSchema(schema)) throw new Error('a schema is an object');
  const validator = compileOnce(schema);
  return (data: unknown) => {
    const validate = validator();
    const value = httpPart === 'querystring' ? readQuery(schema, data) : data;
    return validate(value) ? { value } : { error: (validate.errors ?? []).map(toValidationError) };
  };
}

/** Checks what is no part of a request, such as a row of a file, by the same rules: gives the error of the first field that breaks one. */
export function compileCheck(schema: object, part: string): (value: unknown) => ApiError | undefined {
  const validator = compileOnce(schema);
  return (value) => {
    const validate = validator();
    return validate(value) ? undefined : validationError((validate.errors ?? []).map(toValidationError), part);
  };
}

/** A schema is compiled when it is first asked: compiling all of them was an eighth of the start of a server. */
function compileOnce(schema: object): () => ValidateFunction {
  let compiled: ValidateFunction | undefined;
  return () => {
    compiled ??= ajv.compile(schema);
    return compiled;
  };
}

function isObjectSchema(schema: unknown): schema is ObjectSchema {
  return typeof schema === 'object' && schema !== null;
}

/** `10` becomes 10 where the schema has an integer; `1e1`, `+10` and ` 10` stay text and are refused. */
function readQuery(schema: ObjectSchema, query: unknown): unknown {
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(Object(query))) {
    const type = schema.properties?.[name]?.type;
    if (type === 'integer' && typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value)) read[name] = Number(value);
    else if (type === 'boolean' && (value === 'true' || value === 'false')) read[name] = value === 'true';
    else read[name] = value;
  }
  return read;
}

/**
 * What Fastify hands to `validationError` below; it wants these five members. Of a text with a form, `params` has the rule in words, and of a
 * key that breaks a rule the key.
 */
function toValidationError(error: ErrorObject): FastifySchemaValidationError {
  return {
    keyword: error.keyword,
    instancePath: error.instancePath,
    schemaPath: error.schemaPath,
    params: { ...error.params, rule: error.parentSchema?.['x-rule'], key: error.propertyName },
    message: error.message ?? '',
  };
}

/** The answer to a request that its schema refuses: names the field, what is wrong and what is allowed. */
export function validationError(errors: readonly FastifySchemaValidationError[], part: string | undefined): ApiError {
  const violations = telling(errors).map((error) => violationOf(error, part));
  const [first] = violations;
  if (first === undefined) return new ApiError('INVALID_ARGUMENT', 'the request is not valid');
  const code = first.constraint === 'unknown_field' ? 'UNKNOWN_FIELD' : 'INVALID_ARGUMENT';
  return new ApiError(code, `${first.field}: ${first.description}`, { violations });
}

/**
 * The errors that tell what to do. A value that fits none of several schemas has an error for each of them and one more: of these
 * stay those of the schema that the value comes nearest to, or one that names every type there could be.
 */
function telling(errors: readonly FastifySchemaValidationError[]): readonly FastifySchemaValidationError[] {
  const union = errors.find(({ keyword }) => keyword === 'anyOf');
  // That a key is none of those there may be is said beside the rule it breaks.
  if (union === undefined) return errors.filter(({ keyword }) => keyword !== 'propertyNames');
  const branches = errors.filter(({ keyword }) => keyword !== 'anyOf');
  const inside = branches.filter(({ instancePath }) => instancePath.length > union.instancePath.length);
  if (inside.length > 0) return inside.slice(0, 1);
  const [rule] = branches.filter(({ keyword }) => keyword !== 'type');
  if (rule !== undefined) return [rule];
  const types = branches.map(({ params }) => String(params.type));
  return [{ ...union, keyword: 'type', params: { type: types.join(',') } }];
}

function violationOf(error: FastifySchemaValidationError, part: string | undefined): FieldViolation {
  const violation = brokenRule(error, part);
  const { key } = error.params;
  if (typeof key !== 'string') return violation;
  const field = key === '' ? violation.field : excerpt(`${violation.field}.${key}`);
  return { ...violation, field, description: `a key ${violation.description}` };
}

function brokenRule({ keyword, instancePath, params, message }: FastifySchemaValidationError, part = 'body'): FieldViolation {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const at = (...more: string[]) => excerpt([...path, ...more].join('.') || part);
  const limit = String(params.limit ?? '');
  switch (keyword) {
    case 'additionalProperties':
      return {
        field: at(String(params.additionalProperty)),
        description: 'there is no such field here; your own fields belong inside metadata',
        constraint: 'unknown_field',
      };
    case 'required':
      return { field: at(String(params.missingProperty)), description: 'is required', constraint: 'required' };
    case 'type':
      return { field: at(), description: `must be ${article(String(params.type))}`, constraint: 'type' };
    case 'enum':
      return { field: at(), description: `must be one of ${list(params.allowedValues)}`, constraint: 'enum' };
    case 'minLength':
      return {
        field: at(),
        description: limit === '1' ? 'must not be empty' : `must have at least ${limit} characters`,
        constraint: 'min_length',
      };
    case 'maxLength':
      return { field: at(), description: `must have at most ${limit} characters`, constraint: 'max_length' };
    case 'minItems':
      return { field: at(), description: `must have at least ${limit} items`, constraint: 'min_items' };
    case 'maxItems':
      return { field: at(), description: `must have at most ${limit} items`, constraint: 'max_items' };
    case 'maxProperties':
      return { field: at(), description: `must have at most ${limit} keys`, constraint: 'max_keys' };
    case 'minimum':
      return { field: at(), description: `must be at least ${limit}`, constraint: 'minimum' };
    case 'maximum':
      return { field: at(), description: `must be at most ${limit}`, constraint: 'maximum' };
    case 'pattern':
      return {
        field: at(),
        description: typeof params.rule === 'string' ? params.rule : `must match ${String(params.pattern)}`,
        constraint: 'pattern',
      };
    case 'uniqueItems':
      return { field: at(), description: 'must not have an item twice', constraint: 'unique_items' };
    case 'const':
      return { field: at(), description: `must be ${JSON.stringify(params.allowedValue)}`, constraint: 'const' };
    default:
      return { field: at(), description: message ?? 'is not allowed', constraint: keyword };
  }
}

function article(type: string): string {
  const name = type.replace('integer', 'whole number').replaceAll(',', ' or ');
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}

function list(values: unknown): string {
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : String(values);
}
