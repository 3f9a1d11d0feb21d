import type { JsonValue } from '@crosswalk/sdk';
import type { Difference } from './metadata-draft.ts';

/** What changed, as events and dry runs tell it: path to [old, new], where null stands for absent. */
export function differencesOf(changed: Record<string, [unknown, unknown]>): Difference[] {
  return Object.entries(changed).map(([key, [before, after]]) => ({ key, before: jsonOf(before), after: jsonOf(after) }));
}

/** A value of JSON; undefined for null. */
export function jsonOf(value: unknown): JsonValue | undefined {
  if (value === null || value === undefined) return undefined;
  const json: JsonValue = JSON.parse(JSON.stringify(value));
  return json;
}
