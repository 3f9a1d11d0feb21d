import type { Crosswalk } from '@crosswalk/sdk';
import type { ScalekitSource } from './source.ts';
import type { PhaseName } from './state.ts';
import type { Kind, Outcome, Tally } from './tally.ts';
import { refusalOf } from './target.ts';

/** One record's import; it counts itself. */
export type Job = (tally: Tally) => Promise<void>;

/** A page that was read. */
export interface PhasePage {
  /** token of the next page; empty at the end */
  next: string;
  /** how many records the phase has in all, as far as that is known */
  total?: number;
  /** Asks Crosswalk what it has of these records; gives what is to be done, in any order. */
  jobs: () => Promise<Job[]>;
}

/** A part of the import: the pages of one list of Scalekit's. */
export interface Phase {
  name: PhaseName;
  read: (pageToken: string) => Promise<PhasePage>;
}

/** What every part of an import works with. */
export interface Work {
  source: ScalekitSource;
  crosswalk: Crosswalk;
  invitations: boolean;
  dryRun: boolean;
  /** organizations of Scalekit that a dry run found would be refused: it cannot look up which were imported */
  refused: Set<string>;
  /** Tells of a record that was not imported, as it happens. */
  tellConflict: (kind: Kind, id: string, reason: string) => void;
}

/** Counts what became of a record. A failure that is of this record alone is told and counted; any other ends the import. */
export async function counted(work: Work, tally: Tally, kind: Kind, id: string, job: () => Promise<Outcome>): Promise<Outcome> {
  const outcome = await attempted(work, tally, kind, id, job);
  if (outcome === undefined) return 'conflicts';
  tally.counts[kind][outcome] += 1;
  return outcome;
}

/** As `counted`, but what succeeds counts nothing: its result is given instead, and undefined for what failed. */
export async function attempted<Result>(
  work: Work,
  tally: Tally,
  kind: Kind,
  id: string,
  job: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await job();
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    tally.counts[kind].conflicts += 1;
    tally.conflicts.push({ kind, id, reason });
    work.tellConflict(kind, id, reason);
    return undefined;
  }
}
