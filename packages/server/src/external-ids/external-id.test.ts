import { expect, test } from 'vitest';
import { ApiError } from '../lib/api-error.ts';
import {
  externalIdColumns,
  externalIdTaken,
  externalKey,
  lostUpsert,
  parseExternalId,
  patchSystemIds,
  primarySystem,
  systemIdsOf,
  withKey,
} from './external-id.ts';

/** What came of it, or what is said of it: the code, and what programs are told. */
function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [error.code, error.detail.violations];
  }
}
const refused = (code: string, field: string, description: string, constraint: string) => [code, [{ field, description, constraint }]];
const systemRule = 'must be 1 to 63 lower-case letters, digits, "-" and "_", such as stripe';

test.each(['a', 'a b', 'x'.repeat(255), '😀'.repeat(255), 'org_1', '0', 'Zoë', 'a/b?c#d%20'])(
  'the external ID %j is taken as it is',
  (value) => expect(parseExternalId(value)).toBe(value),
);

test.each([
  ['', 'must not be empty; leave it out or send null for none', 'min_length'],
  ['x'.repeat(256), 'must have at most 255 characters', 'max_length'],
  ['😀'.repeat(256), 'must have at most 255 characters', 'max_length'],
  ['x'.repeat(511), 'must have at most 255 characters', 'max_length'],
  [' a', 'must not begin or end with white space', 'trimmed'],
  ['a\u200bb', 'must not contain invisible or direction-changing characters', 'no_invisible'],
  ['e\u0301', 'must be in Unicode normal form NFC', 'nfc'],
])('the external ID %j is refused', (value, description, constraint) => {
  expect(outcome(() => parseExternalId(value))).toEqual(refused('INVALID_EXTERNAL_ID', 'external_id', description, constraint));
  expect(outcome(() => parseExternalId(value, 'external_ids.x'))).toEqual(
    refused('INVALID_EXTERNAL_ID', 'external_ids.x', description, constraint),
  );
});

test('a path names the primary external ID, or that of a system', () => {
  expect(externalKey('A-1', undefined)).toEqual({ system: primarySystem, value: 'A-1' });
  for (const system of ['stripe', '0', 'a-b_c', 'x'.repeat(63)]) expect(externalKey('A-1', system)).toEqual({ system, value: 'A-1' });
  for (const system of ['', '-a', '_a', 'Stripe', 'a b', 'a.b', ' stripe', 'stripe\n', 'x'.repeat(64)]) {
    expect(outcome(() => externalKey('A-1', system))).toEqual(refused('INVALID_ARGUMENT', 'system', systemRule, 'pattern'));
  }
});

test('what a record has is what its two columns say, systems in order', () => {
  const ids = systemIdsOf({ external_id: 'A-1', external_ids: { stripe: 'cus_1', hubspot: '7' } });
  expect([...ids]).toEqual([
    ['stripe', 'cus_1'],
    ['hubspot', '7'],
    [primarySystem, 'A-1'],
  ]);
  const columns = externalIdColumns(ids);
  expect(columns).toEqual({ external_id: 'A-1', external_ids: { hubspot: '7', stripe: 'cus_1' } });
  expect(Object.keys(columns.external_ids)).toEqual(['hubspot', 'stripe']);
  expect(Object.keys(externalIdColumns(systemIdsOf({ external_id: null, external_ids: { a: '1', c: '3', b: '2' } })).external_ids)).toEqual(
    ['a', 'b', 'c'],
  );
  expect([...systemIdsOf({ external_id: null, external_ids: {} })]).toEqual([]);
  expect(externalIdColumns(new Map())).toEqual({ external_id: null, external_ids: {} });
});

test('a patch leaves what it does not name, sets what it names and removes what is null', () => {
  const before = systemIdsOf({ external_id: 'A-1', external_ids: { stripe: 'cus_1', hubspot: '7' } });
  const after = (patch: Parameters<typeof patchSystemIds>[1]) => externalIdColumns(patchSystemIds(before, patch));
  expect(after({})).toEqual(externalIdColumns(before));
  expect(after({ external_id: 'A-2', external_ids: { stripe: null, jira: '9' } })).toEqual({
    external_id: 'A-2',
    external_ids: { hubspot: '7', jira: '9' },
  });
  expect(after({ external_id: null })).toEqual({ external_id: null, external_ids: { stripe: 'cus_1', hubspot: '7' } });
  expect(before.size).toBe(3);
  const refusal = (patch: Parameters<typeof patchSystemIds>[1]) => outcome(() => patchSystemIds(before, patch));
  const empty = 'must not be empty; leave it out or send null for none';
  expect(refusal({ external_id: '' })).toEqual(refused('INVALID_EXTERNAL_ID', 'external_id', empty, 'min_length'));
  expect(refusal({ external_ids: { jira: '' } })).toEqual(refused('INVALID_EXTERNAL_ID', 'external_ids.jira', empty, 'min_length'));
  expect(refusal({ external_ids: { Jira: '9' } })).toEqual(refused('INVALID_ARGUMENT', 'external_ids.Jira', systemRule, 'pattern'));
  const long = 'x'.repeat(1000);
  expect(refusal({ external_ids: { [long]: '9' } })).toEqual(
    refused('INVALID_ARGUMENT', `external_ids.${'x'.repeat(99)}…`, systemRule, 'pattern'),
  );
  // No part of a character: half of a pair of surrogates could not be shown.
  const pairs = `x${'😀'.repeat(60)}`;
  expect(refusal({ external_ids: { [pairs]: '9' } })).toEqual(refused('INVALID_ARGUMENT', `external_ids.${pairs}`, systemRule, 'pattern'));
});

test('a record has the IDs of 50 systems at most, beside the primary one', () => {
  const systems = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, '1']));
  expect(patchSystemIds(new Map(), { external_id: 'A-1', external_ids: systems(50) }).size).toBe(51);
  expect(patchSystemIds(new Map(), { external_ids: systems(50) }).size).toBe(50);
  for (const patch of [{ external_ids: systems(51) }, { external_id: 'A-1', external_ids: systems(51) }]) {
    expect(outcome(() => patchSystemIds(new Map(), patch))).toEqual(
      refused('INVALID_ARGUMENT', 'external_ids', 'a record may have the IDs of at most 50 systems; this one would have 51', 'max_systems'),
    );
  }
});

test('an upsert has the ID of its path, and no other of that system', () => {
  const [primary, stripe] = [
    { system: primarySystem, value: 'A-1' },
    { system: 'stripe', value: 'cus_1' },
  ];
  expect(withKey({ external_ids: { jira: '9' } }, primary)).toEqual({ external_id: 'A-1', external_ids: { jira: '9' } });
  expect(withKey({ external_id: 'A-1' }, primary)).toEqual({ external_id: 'A-1' });
  expect(withKey({ external_id: 'A-2' }, stripe)).toEqual({ external_id: 'A-2', external_ids: { stripe: 'cus_1' } });
  expect(withKey({ external_ids: { jira: '9', stripe: 'cus_1' } }, stripe)).toEqual({ external_ids: { jira: '9', stripe: 'cus_1' } });
  const rule = 'must be the ID of the path, or left out, when the record is created';
  for (const external_id of ['A-2', null]) {
    expect(outcome(() => withKey({ external_id }, primary))).toEqual(refused('INVALID_ARGUMENT', 'external_id', rule, 'same_as_path'));
  }
  expect(outcome(() => withKey({ external_ids: { stripe: 'cus_2' } }, stripe))).toEqual(
    refused('INVALID_ARGUMENT', 'external_ids.stripe', rule, 'same_as_path'),
  );
});

test('an upsert was lost when its record is gone, or its own ID was taken meanwhile', () => {
  const primary = { system: primarySystem, value: 'A-1' };
  const stripe = { system: 'stripe', value: 'A-1' };
  const taken = (key: typeof primary) => externalIdTaken('organization', key, 'org_1');
  expect(lostUpsert(taken(primary), 'organization', primary)).toBe(true);
  expect(lostUpsert(taken(stripe), 'organization', stripe)).toBe(true);
  expect(lostUpsert(taken(stripe), 'organization', primary)).toBe(false);
  expect(lostUpsert(taken(primary), 'organization', stripe)).toBe(false);
  expect(lostUpsert(taken({ ...primary, value: 'A-2' }), 'organization', primary)).toBe(false);
  expect(lostUpsert(new ApiError('EXTERNAL_ID_TAKEN', 'without the one in the way'), 'organization', primary)).toBe(false);
  expect(lostUpsert(new ApiError('ORGANIZATION_NOT_FOUND', ''), 'organization', primary)).toBe(true);
  expect(lostUpsert(new ApiError('USER_NOT_FOUND', ''), 'user', primary)).toBe(true);
  expect(lostUpsert(new ApiError('ORGANIZATION_NOT_FOUND', ''), 'user', primary)).toBe(false);
  expect(lostUpsert(new ApiError('USER_NOT_FOUND', ''), 'organization', primary)).toBe(false);
  // Another error that is about the same ID.
  const other = new ApiError('VERSION_MISMATCH', '', { resource: { value: 'A-1' } });
  expect(lostUpsert(other, 'organization', primary)).toBe(false);
  expect(lostUpsert(new Error('of the network'), 'organization', primary)).toBe(false);
});

test('a conflict names the field, the system, the value and who has it', () => {
  const { code, message, detail } = externalIdTaken('user', { system: 'stripe', value: 'cus_1' }, 'usr_1');
  const description = 'another user (usr_1) has this external ID';
  expect([code, message]).toEqual(['EXTERNAL_ID_TAKEN', `external_ids.stripe: ${description}`]);
  expect(detail).toEqual({
    violations: [{ field: 'external_ids.stripe', description, constraint: 'unique' }],
    resource: { id: 'usr_1', kind: 'user', value: 'cus_1', system: 'stripe' },
  });
  const primary = externalIdTaken('user', { system: primarySystem, value: 'A-1' }, 'usr_1');
  expect(primary.message).toBe(`external_id: ${description}`);
  expect(primary.detail.resource).toEqual({ id: 'usr_1', kind: 'user', value: 'A-1' });
});
