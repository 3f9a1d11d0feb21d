import fc from 'fast-check';

/** How long generated texts and lists are, where a schema lets them be longer: what is wrong with long ones has rows of the catalogue. */
const longest = 20;

/** The keywords of JSON Schema that the contract uses. */
export interface Schema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}

/** Values that a JSON Schema of the contract takes, as far as its keywords tell; rules beyond a schema may still refuse them. */
export function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const { type, enum: options, const: only, anyOf, examples = [] } = schema;
  if (only !== undefined) return fc.constant(only);
  if (options !== undefined) return fc.constantFrom(...options);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(valuesOf));
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return numbersOf(schema, type === 'integer');
    case 'string':
      return examples.length > 0 ? fc.oneof(fc.constantFrom(...examples), textsOf(schema)) : textsOf(schema);
    case 'array':
      return listsOf(schema);
    case 'object':
      return objectsOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
}

function numbersOf({ minimum = -1_000_000, maximum = 1_000_000 }: Schema, whole: boolean) {
  const range = { min: minimum, max: maximum };
  return whole ? fc.integer(range) : fc.double({ ...range, noNaN: true });
}

function textsOf({ minLength = 0, maxLength = longest, pattern, format }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern), { size: 'small' });
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, longest)) });
}

function listsOf({ items = {}, minItems = 0, maxItems = longest, uniqueItems }: Schema): fc.Arbitrary<unknown> {
  const length = { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 5)) };
  const values = valuesOf(items);
  if (uniqueItems) return fc.uniqueArray(values, { ...length, comparator: (a, b) => JSON.stringify(a) === JSON.stringify(b) });
  return fc.array(values, length);
}

function objectsOf({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema)]));
  const known = fc.record(members, { requiredKeys: required });
  if (typeof additionalProperties !== 'object') return known;
  const more = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/), valuesOf(additionalProperties), { maxKeys: 4 });
  return fc.tuple(more, known).map(([extra, named]) => ({ ...extra, ...named }));
}
