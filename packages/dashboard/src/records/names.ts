import type { Crosswalk } from '@crosswalk/sdk';

/** Names of records by their IDs, in one request: organizations by name, users by address. A record that is gone has none. */
export async function readNames(crosswalk: Crosswalk, ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const results = await crosswalk.resolve(wanted, { signal });
  return new Map(results.flatMap(({ matches }) => matches.map(({ id, display_name: name }): [string, string] => [id, name])));
}
