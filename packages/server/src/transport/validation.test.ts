import * as contract from '@crosswalk/contract';
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

test.each<[string, object, unknown]>([
  ['name: must be 1 to 64 letters a to z, digits, "_" and ":", such as invoices:read', contract.CreatePermission, { name: 'in voices' }],
  ['id: must be an ID such as org_915840612345678901', Type.Object({ id: contract.OrganizationId }), { id: 'org-1' }],
  ['scopes: must not have an item twice', contract.CreateClient, { name: 'n', scopes: ['read', 'read'] }],
  ['kind: must be "organization"', Type.Object({ kind: Type.Literal('organization') }), { kind: 'user' }],
  [
    'fields: must have at most 2 keys',
    Type.Object({ fields: Type.Record(Type.String(), Type.String(), { maxProperties: 2 }) }),
    { fields: { a: '', b: '', c: '' } },
  ],
  [
    'fields.long: a key must have at most 3 characters',
    Type.Object({ fields: contract.byKey(Type.String({ maxLength: 3 }), Type.String()) }),
    { fields: { long: '' } },
  ],
  ['a\nb: must be a string', contract.byKey(Type.String(), Type.String()), { 'a\nb': 1 }],
])('an error speaks to people: %s', (message, schema, body) => {
  const { error = [] } = validatorCompiler({ schema })(body);
  expect(validationError(error, 'body').message).toBe(message);
});

test('every form of a text that the contract asks for has its rule in words', () => {
  const silent: unknown[] = [];
  const look = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return;
    if ('type' in schema && 'pattern' in schema && !/^must /.test(String(Object(schema)['x-rule']))) silent.push(schema);
    for (const inner of Object.values(schema)) look(inner);
  };
  look(Object.values(contract));
  expect(silent).toEqual([]);
});
