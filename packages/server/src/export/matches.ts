import type { Queryable } from '../database/connection.ts';
import type { Condition } from '../database/page-query.ts';
import type { Snapshot } from '../database/snapshot.ts';
import { membershipsWanted } from '../memberships/index.ts';
import { organizationsWanted } from '../organizations/index.ts';
import { usersWanted } from '../users/index.ts';
import type { Narrowing } from './export.ts';
import { findMatches, nextMatches } from './export-store.ts';

/** As many are found by an index and their IDs kept; of more, the table is walked, as an export of all does. */
const few = 10_000;

/** How long an index may take to find them. Milliseconds. */
const findTime = 3_000;

/** IDs of one list, and rows that are looked at in one statement: without an index it takes some 20 ms, and with the largest metadata a second. */
const stretch = 5_000;

/** The rows of one kind that an export is narrowed to: from the beginning, each time it is iterated. Database IDs, oldest first; a list may be empty. */
export type Matches = AsyncIterable<readonly string[]>;

/**
 * Those that the list of their kind has. The condition is the list's own. No statement takes long, however many records there are: it looks at a
 * stretch of them, unless an index finds the few that match at once.
 */
export async function openMatches(snapshot: Snapshot, environmentId: string, narrowing: Narrowing): Promise<Matches> {
  const { db } = snapshot;
  const table = `${narrowing.kind}s` as const;
  const condition = await conditionOf(db, environmentId, narrowing);
  const isFound = condition.indexed || condition.inOrder === true;
  const found = isFound ? await snapshot.attempt(findTime, () => findMatches(db, table, condition, few)) : undefined;
  return {
    async *[Symbol.asyncIterator]() {
      if (found !== undefined) {
        for (let at = 0; at < found.length; at += stretch) yield found.slice(at, at + stretch);
        return;
      }
      let after: string | undefined = '0';
      while (after !== undefined) {
        const { ids, last }: { ids: string[]; last: string | undefined } = await nextMatches(db, table, condition, after, stretch);
        yield ids;
        after = last;
      }
    },
  };
}

function conditionOf(db: Queryable, environmentId: string, narrowing: Narrowing): Promise<Condition> | Condition {
  const { kind, filter, search, organizationId, userId, status } = narrowing;
  switch (kind) {
    case 'organization':
      return organizationsWanted(db, environmentId, { filter, search });
    case 'user':
      return usersWanted(db, environmentId, { filter, search, organizationId });
    case 'membership':
      return membershipsWanted(environmentId, { filter, organizationId, userId, status });
  }
}
