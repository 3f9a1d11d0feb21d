import type { ImportCounts, ImportLeft, ImportUndo, RowKind } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import type { NewEvent } from '../events/index.ts';
import type { IdGenerator } from '../lib/id.ts';
import type { Counts } from './import.ts';

/**
 * The order in which an import is undone: what refers to others before those. Roles of organizations refer to these, which may have a role of
 * the environment for their default.
 */
export const undoPhases = ['membership', 'organization_role', 'user', 'organization', 'role', 'permission'] as const;
export type UndoPhase = (typeof undoPhases)[number];

/** The kind of rows that a phase is about. */
export function kindOfPhase(phase: UndoPhase): RowKind {
  return phase === 'organization_role' ? 'role' : phase;
}

export type UndoCounts = ImportUndo['counts'];

const none = { removed: 0, restored: 0, left: 0 };

/** Counts as they are stored, with what is not. */
export function undoCountsOf(stored: Partial<UndoCounts>): UndoCounts {
  const of = (kind: RowKind) => ({ ...none, ...stored[kind] });
  return {
    organization: of('organization'),
    user: of('user'),
    membership: of('membership'),
    role: of('role'),
    permission: of('permission'),
  };
}

/** How many rows of an import wrote something. */
export function writtenOf(counts: Counts): number {
  return Object.values(counts).reduce((sum: number, { created, updated }: ImportCounts) => sum + created + updated, 0);
}

/** What became of a record. */
export type UndoOutcome = { result: 'removed' | 'restored' } | { result: 'left'; reason: ImportLeft['reason']; message: string };

/** A row of an import that changed something. */
export interface UndoRow<RestoreOf extends { version: number | null }> {
  line: number;
  /** database ID */
  recordId: string;
  /** of the record after the row */
  version: number;
  /** null: the row made the record and took nothing from others */
  restore: RestoreOf | null;
}

/** A record and the rows about it, which count as one. */
export interface UndoRecord<RestoreOf extends { version: number | null }> {
  /** database ID */
  id: string;
  /** in the order of the file */
  rows: UndoRow<RestoreOf>[];
  /** the version that the import left */
  version: number;
  /** whether the import made it */
  isNew: boolean;
  /** what the record had before; undefined for one that the import made */
  before: RestoreOf | undefined;
  /** whether nobody else changed it between the rows */
  isWhole: boolean;
}

/** Rows by the records they are about, each record's in the order of the file. */
export function recordsOf<RestoreOf extends { version: number | null }>(rows: readonly UndoRow<RestoreOf>[]): UndoRecord<RestoreOf>[] {
  const byId = new Map<string, UndoRow<RestoreOf>[]>();
  for (const row of rows) {
    const known = byId.get(row.recordId);
    if (known === undefined) byId.set(row.recordId, [row]);
    else known.push(row);
  }
  return [...byId].flatMap(([id, unordered]) => {
    const own = unordered.toSorted((a, b) => a.line - b.line);
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) return [];
    const before = first.restore?.version == null ? undefined : first.restore;
    const isWhole = own.every((row, index) => index === 0 || row.restore?.version === own[index - 1]?.version);
    return [{ id, rows: own, version: last.version, isNew: before === undefined, before, isWhole }];
  });
}

/** The undo of a batch of records of one kind, and what has come of it so far. */
export interface Undo {
  tx: pg.PoolClient;
  context: RequestContext;
  ids: IdGenerator;
  /** by database ID */
  outcomes: Map<string, UndoOutcome>;
  /** in the order of the changes */
  events: NewEvent[];
  /** records of other kinds or batches whose versions this raised */
  touched: { kind: RowKind; id: string; version: number }[];
}

/** Leaves a record alone. */
export function leave({ outcomes }: Undo, id: string, reason: ImportLeft['reason'], message: string): void {
  outcomes.set(id, { result: 'left', reason, message });
}

/** A record that is as the import left it, and the record as it is now. */
export interface Untouched<Stored, RestoreOf extends { version: number | null }> {
  record: UndoRecord<RestoreOf>;
  now: Stored;
}

/** Those records that are as the import left them; the others are left. `versionOf` reads what is there now. */
export function untouched<Stored, RestoreOf extends { version: number | null }>(
  undo: Undo,
  records: readonly UndoRecord<RestoreOf>[],
  stored: ReadonlyMap<string, Stored>,
  versionOf: (now: Stored) => number,
): Untouched<Stored, RestoreOf>[] {
  return records.flatMap((record) => {
    const now = stored.get(record.id);
    if (now === undefined) leave(undo, record.id, 'gone', 'it was removed since');
    else if (versionOf(now) !== record.version) {
      leave(undo, record.id, 'changed', `it is at version ${versionOf(now)}, and the import left it at ${record.version}`);
    } else if (!record.isWhole) leave(undo, record.id, 'changed', 'it was changed by others between two rows of the import');
    else return [{ record, now }];
    return [];
  });
}
