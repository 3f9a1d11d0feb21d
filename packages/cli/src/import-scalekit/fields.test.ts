import type { Metadata, Role } from '@crosswalk/sdk';
import { expect, test } from 'vitest';
import { basesFirst, metadataChanges, roleChanges, type WantedRole } from './fields.ts';

test.each<[string, Metadata | undefined, Record<string, string>, Metadata | undefined]>([
  ['nothing here yet', undefined, { plan: 'pro' }, { plan: 'pro' }],
  ['the same text', { plan: 'pro' }, { plan: 'pro' }, undefined],
  ['a number with the same text', { seats: 250 }, { seats: '250' }, undefined],
  [
    'a boolean, a null and an object with the same text',
    { a: true, b: null, c: { d: [1] } },
    { a: 'true', b: 'null', c: '{"d":[1]}' },
    undefined,
  ],
  ['a number with another text', { seats: 250 }, { seats: '0250' }, { seats: '0250' }],
  ['a key of Crosswalk alone', { own: 1 }, {}, undefined],
  ['a key that objects have by themselves', {}, { toString: 'x' }, { toString: 'x' }],
])('metadata: %s', (_name, before, texts, expected) => {
  expect(metadataChanges(before, texts)).toEqual(expected);
});

function role(name: string, base: string | null = null): WantedRole {
  return { name, display_name: name, description: '', extends: base, permissions: [] };
}

test.each([
  [[['c', 'b'], ['b', 'a'], ['a']], 'a b c'],
  [[['a'], ['b', 'a'], ['c', 'a']], 'a b c'],
  // A base that is not among them is there already, or the role is refused.
  [
    [
      ['b', 'elsewhere'],
      ['a', 'b'],
    ],
    'b a',
  ],
  // No server lets roles extend each other in a circle; if one did, this would end all the same.
  [
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    'b a',
  ],
])('roles %j come in the order %s', (pairs, expected) => {
  expect(
    basesFirst(pairs.map(([name = '', base]) => role(name, base)))
      .map(({ name }) => name)
      .join(' '),
  ).toBe(expected);
});

test('a role is written where it differs, and as a whole: what was taken away is taken away', () => {
  const permission = (name: string) => ({ id: 'perm_1', name, description: '', create_time: '', update_time: '', role_name: 'reader' });
  const before: Role = {
    id: 'role_1',
    environment_id: 'env_1',
    organization_id: null,
    name: 'reader',
    display_name: 'Reader',
    description: 'Reads.',
    extends: 'member',
    default_creator: false,
    default_member: false,
    is_org_role: false,
    dependent_roles_count: 0,
    permissions: [permission('b'), permission('a')],
    version: 1,
    create_time: '',
    update_time: '',
  };
  const same = { name: 'reader', display_name: 'Reader', description: 'Reads.', extends: 'member', permissions: ['a', 'b'] };
  expect(roleChanges(before, same)).toEqual({});
  expect(roleChanges(before, { ...same, description: '', extends: null, permissions: ['a'] })).toEqual({
    description: '',
    extends: null,
    permissions: ['a'],
  });
});
