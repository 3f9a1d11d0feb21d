import type { JsonValue } from '@crosswalk/contract';
import fc from 'fast-check';

const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    // Within the levels that metadata may have.
    { depthSize: 'small', maxDepth: 6 },
    fc.constantFrom(null, true, false, 0, 1, -2.5, 'x', ''),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** Objects of a few keys that meet each other, with values of any kind. */
export const anyObject = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json, { maxKeys: 4 });

/** RFC 7396 section 2, to the letter. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = new Map<string, unknown>(
    typeof target === 'object' && target !== null && !Array.isArray(target) ? Object.entries(target) : [],
  );
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, mergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}
