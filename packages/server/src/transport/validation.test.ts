import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { validationError, validatorCompiler } from './validation.ts';

const text = Type.String({ pattern: '^[a-z]+$', maxLength: 3 });
const nullable = Type.Object({ field: Type.Union([text, Type.Null()]) });
const list = Type.Object({ field: Type.Union([Type.Array(text), Type.Null()]) });
const either = Type.Object({ field: Type.Union([text, Type.Object({ value: text }, { additionalProperties: false })]) });

test.each<[string, object, unknown, string, string]>([
  ['a text that breaks a rule', nullable, 'A', 'field', 'pattern'],
  ['a value of another type', nullable, 1, 'field', 'type'],
  ['an item of a list', list, ['a', 'B'], 'field.1', 'pattern'],
  ['an item of another type', list, [1], 'field.0', 'type'],
  ['a member of an object', either, { value: 'abcd' }, 'field.value', 'max_length'],
  ['a member that there is not', either, { value: 'a', more: 1 }, 'field.more', 'unknown_field'],
  ['a member that is missing', either, {}, 'field.value', 'required'],
])('%s that may be of several kinds is one violation, of the kind it comes nearest to', (_name, schema, field, path, constraint) => {
  const { error = [] } = validatorCompiler({ schema })({ field });
  expect(validationError(error, 'body').detail.violations).toMatchObject([{ field: path, constraint }]);
});

test.each<[string, object]>([
  ['field: must be a string or null', nullable],
  ['field: must be an array or null', list],
  ['field: must be a string or object', either],
])('a value of none of the kinds is told all of them: %s', (message, schema) => {
  const { error = [] } = validatorCompiler({ schema })({ field: 1 });
  expect(validationError(error, 'body').message).toBe(message);
});
