import { expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { Crosswalk } from './index.ts';
import { jsonOf } from './json.ts';

const server = useTestServer();
const connect = () => new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);

test('what JSON would make null of is refused and names the field, so that no key is removed by it', async () => {
  const crosswalk = connect();
  const metadata: object = { since: new Date('never') };
  const { id } = await crosswalk.organization.create({ display_name: 'Seats', metadata: { seats: 5 } });
  await expect(crosswalk.organization.update(id, { metadata: { seats: Number('abc') } })).rejects.toThrow(
    'metadata.seats is NaN, which JSON has not: give a number, null to remove it, or leave it out',
  );
  await expect(crosswalk.organization.replaceMetadata(id, { seats: Number.POSITIVE_INFINITY })).rejects.toThrow('seats is Infinity');
  await expect(
    new Crosswalk<{ organization: object }>(server.url, server.client.clientId, server.client.clientSecret).organization.update(id, {
      metadata,
    }),
  ).rejects.toThrow('metadata.since is a Date');
  await crosswalk.organization.update(id, { metadata: { plan: undefined } });
  expect((await crosswalk.organization.get(id)).metadata).toEqual({ seats: 5 });
});

test('the rows of an import are refused by number, and the error is not one of the network', async () => {
  const crosswalk = connect();
  const rows = [1, Number.NaN].map((seats) => ({ kind: 'organization', display_name: 'X', metadata: { seats } }) as const);
  const refused = crosswalk.imports.create(rows);
  await expect(refused).rejects.toThrow(TypeError);
  await expect(refused).rejects.toThrow('row 2: metadata.seats is NaN');
});

test('what a source of rows throws is what its import throws', async () => {
  async function* rows() {
    yield { kind: 'organization', display_name: 'X' } as const;
    throw new RangeError('the file ended too early');
  }
  await expect(connect().imports.create(rows())).rejects.toThrow(new RangeError('the file ended too early'));
});

test.each<[string, unknown, string]>([
  ['a BigInt', { a: [{ b: 1n }] }, 'a.0.b is a BigInt, which JSON has not: give it as a text, String(value)'],
  ['after others', { a: { b: { c: 1 } }, d: { e: -Infinity } }, 'd.e is -Infinity'],
  ['the same object twice', ((same) => ({ a: same, b: { c: same, d: Number.NaN } }))({ x: 1 }), 'b.d is NaN'],
  ['the value itself', Number.NaN, 'the value is NaN'],
  ['a long path', { ['k'.repeat(200)]: Number.NaN }, `${'k'.repeat(100)} is NaN`],
])('%s is named by its path', (_name, value, message) => {
  expect(() => jsonOf(value)).toThrow(TypeError);
  expect(() => jsonOf(value)).toThrow(message);
});

test('all else is what JSON.stringify says', () => {
  const value = { a: undefined, b: [1, null, 'x', { c: true }], d: new Date(0), e: -0, f: { toJSON: () => ({ g: 1 }) } };
  expect(jsonOf(value)).toBe(JSON.stringify(value));
});
