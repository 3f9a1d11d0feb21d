import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing.ts';
import { anyObject, mergePatch } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a patch does in the database what the algorithm of RFC 7396 does, for any target and patch', async () => {
  await fc.assert(
    fc.asyncProperty(anyObject, anyObject, async (target, patch) => {
      const { rows } = await database.pool.query('select crosswalk_merge_patch($1, $2) as merged', [
        JSON.stringify(target),
        JSON.stringify(patch),
      ]);
      expect(rows[0].merged).toEqual(mergePatch(target, patch));
    }),
    { numRuns: 300 },
  );
});
