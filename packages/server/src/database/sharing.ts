import { createBatcher } from './batcher.ts';
import { databaseFailure } from './sql-error.ts';

/** Changes of one transaction at most: the locks of all are held until the last is written. */
const maxShared = 32;

/** Transactions of one group under way at once; what comes meanwhile gathers, so that the busier it is the more share a commit. */
const maxConcurrent = 3;

/** How long a transaction that is shared waits for a lock, in milliseconds: one change that has to wait must not hold up the others for longer. */
export const sharedLockTimeout = 100;

/**
 * Independent changes that are waiting at the same moment share one transaction and its commit, and each has an outcome of its own.
 *
 * `make` makes changes of one group in one transaction and gives their results in the same order, or throws and leaves nothing. What it throws
 * for several is nobody's in particular: each is then made in a transaction of its own, whose result or error is its own. But when the database
 * goes away, nobody knows whether they were made, and all fail with that. `groupOf` names the group, of which there are few; undefined: the
 * change shares with nobody.
 */
export function shareTransactions<Change, Result>(
  make: (changes: readonly Change[]) => Promise<readonly Result[]>,
  groupOf: (change: Change) => string | undefined,
): (change: Change) => Promise<Result> {
  type Outcome = () => Result | Promise<Result>;
  const together = async (changes: readonly Change[]): Promise<readonly Outcome[]> => {
    try {
      return (await make(changes)).map((result) => () => result);
    } catch (error) {
      const failure = databaseFailure(error);
      if (changes.length === 1 || (failure !== undefined && failure.code !== 'RECORD_BUSY')) throw error;
      return changes.map((change) => () => make([change]).then(only));
    }
  };
  const groups = new Map<string, (change: Change) => Promise<Outcome>>();
  return async (change) => {
    const name = groupOf(change);
    if (name === undefined) return make([change]).then(only);
    const share = groups.get(name) ?? createBatcher(together, { maxBatch: maxShared, maxConcurrent });
    groups.set(name, share);
    const outcome = await share(change);
    return outcome();
  };
}

/** Divides changes of records, given by the ID of each, into rounds in which no record is twice: the places of the changes, in their order. */
export function roundsOf(ids: readonly string[]): number[][] {
  const rounds: number[][] = [];
  const seen = new Map<string, number>();
  ids.forEach((id, place) => {
    const round = seen.get(id) ?? 0;
    seen.set(id, round + 1);
    const places = rounds[round];
    if (places === undefined) rounds.push([place]);
    else places.push(place);
  });
  return rounds;
}

function only<Result>(results: readonly Result[]): Result {
  const [result] = results;
  // One change has one result: an undefined here is a Result that was meant.
  return result as Result;
}
