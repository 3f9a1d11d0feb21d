/** What is counted, in the order of the import. */
export const kinds = ['permissions', 'roles', 'organizations', 'organization_roles', 'users', 'memberships', 'user_limits'] as const;
export type Kind = (typeof kinds)[number];

/** What became of a record; in a dry run, what would become of it. */
export const outcomes = ['created', 'changed', 'unchanged', 'conflicts'] as const;
export type Outcome = (typeof outcomes)[number];

/** A record that was not imported, or not wholly. */
export interface Conflict {
  kind: Kind;
  /** its name at Scalekit: an ID, or what else tells it from others */
  id: string;
  reason: string;
}

/** Conflicts that are kept to be told at the end; all are told as they come and counted. */
const keptConflicts = 1000;

/** The figures of an import, or of a part of it. Plain values: the state file keeps it as it is. */
export interface Tally {
  counts: Record<Kind, Record<Outcome, number>>;
  /** the first of them */
  conflicts: Conflict[];
  /** invitations that were left out, as they were not asked for */
  pending_invitations: number;
  /** invitations that had expired: they are never imported */
  expired_invitations: number;
  /** settings and roles of organizations that Scalekit did not show */
  unreadable_settings: number;
}

/** A tally of nothing yet. */
export function emptyTally(): Tally {
  const none = () => ({ created: 0, changed: 0, unchanged: 0, conflicts: 0 });
  return {
    counts: {
      permissions: none(),
      roles: none(),
      organizations: none(),
      organization_roles: none(),
      users: none(),
      memberships: none(),
      user_limits: none(),
    },
    conflicts: [],
    pending_invitations: 0,
    expired_invitations: 0,
    unreadable_settings: 0,
  };
}

/** Adds the figures of a part to those of the whole. */
export function addTally(whole: Tally, part: Tally): void {
  for (const kind of kinds) for (const outcome of outcomes) whole.counts[kind][outcome] += part.counts[kind][outcome];
  whole.conflicts.push(...part.conflicts.slice(0, keptConflicts - whole.conflicts.length));
  whole.pending_invitations += part.pending_invitations;
  whole.expired_invitations += part.expired_invitations;
  whole.unreadable_settings += part.unreadable_settings;
}

/** Whether a value that was read from a file is a tally. */
export function isTally(value: unknown): value is Tally {
  if (typeof value !== 'object' || value === null || !('counts' in value) || !('conflicts' in value)) return false;
  const figures = ['pending_invitations', 'expired_invitations', 'unreadable_settings'].map((name) => Reflect.get(value, name));
  const counts = kinds.flatMap((kind) => outcomes.map((outcome) => Object(Object(value.counts)[kind])[outcome]));
  return [...figures, ...counts].every(Number.isSafeInteger) && Array.isArray(value.conflicts) && value.conflicts.every(isConflict);
}

function isConflict(value: unknown): value is Conflict {
  return (
    typeof value === 'object' && value !== null && ['kind', 'id', 'reason'].every((name) => typeof Reflect.get(value, name) === 'string')
  );
}

/** How many records there are in a tally, whatever became of them. */
export function recordsIn({ counts }: Tally): number {
  return kinds.reduce((sum, kind) => sum + outcomes.reduce((part, outcome) => part + counts[kind][outcome], 0), 0);
}

/** How many conflicts there are in a tally. */
export function conflictsIn({ counts }: Tally): number {
  return kinds.reduce((sum, kind) => sum + counts[kind].conflicts, 0);
}
