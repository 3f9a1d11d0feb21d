import type pg from 'pg';
import { inTransaction } from '../database/transaction.ts';
import type { FeedService } from '../feed/index.ts';
import type { IdGenerator } from '../lib/id.ts';
import type { BatchSize } from './batch-size.ts';
import { afterFailure } from './failure.ts';
import { noteTouched } from './import-row-store.ts';
import type { MembershipRestore, OrganizationRestore, PermissionRestore, RoleRestore, UserRestore } from './restore.ts';
import { kindOfPhase, recordsOf, type Undo, type UndoCounts, type UndoPhase, type UndoRow, undoPhases } from './undo.ts';
import { undoMemberships } from './undo-memberships.ts';
import { undoOrganizations } from './undo-organizations.ts';
import { undoPermissions } from './undo-permissions.ts';
import { undoRoles } from './undo-roles.ts';
import {
  claimUndo,
  countUndoFailure,
  finishUndo,
  lockUndo,
  nextUndoRecords,
  noteUndone,
  noteUndoProgress,
  rowsAbout,
  type UndoJob,
} from './undo-store.ts';
import { undoUsers } from './undo-users.ts';

/** What an undo needs. */
interface UndoOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  /** How long an undo is nobody else's after a batch, in milliseconds; during one it is locked. */
  lease: number;
  /** records of a batch */
  size: BatchSize;
  /** takes the events of a batch */
  feed: FeedService;
  onError: (error: unknown) => void;
}

/**
 * One batch of the undo of any import that this worker, `holder`, can have; false if there is none. The batch, its events and how far the
 * undo is are one transaction, as in an import.
 */
export async function undoBatch(options: UndoOptions, holder: string): Promise<boolean> {
  const { pool, lease, size, onError } = options;
  const job = await claimUndo(pool, holder, lease);
  if (job === undefined) return false;
  try {
    await inTransaction(pool, async (tx) => {
      const current = await lockUndo(tx, job.environmentId, job.id, holder);
      if (current !== undefined) await doBatch(tx, options, current, holder);
    });
    size.grow();
    options.feed.wakeOutlets();
  } catch (error) {
    const messages = {
      QUERY_TOO_SLOW: 'the database takes too long to undo one record; ask for the undo again when it is less busy',
      INTERNAL: `something failed inside the server; its log has the cause under ${job.requestId}`,
    };
    await afterFailure(error, {
      size,
      count: () => countUndoFailure(pool, job, holder),
      finish: (code) => finishUndo(pool, job, holder, { code, message: messages[code] }),
      onError,
    });
  }
  return true;
}

async function doBatch(tx: pg.PoolClient, { ids, lease, size, feed }: UndoOptions, job: UndoJob, holder: string): Promise<void> {
  const { environmentId, id, actor, requestId } = job;
  const phase = job.phase ?? undoPhases[0];
  const scope = { kind: kindOfPhase(phase), ofOrganizations: phase === 'organization_role' };
  const { recordIds, next } = await nextUndoRecords(tx, environmentId, id, scope, job.line, size.rows);
  if (next === undefined) {
    const following = undoPhases[undoPhases.indexOf(phase) + 1];
    if (following === undefined) return finishUndo(tx, job, holder);
    return noteUndoProgress(tx, job, holder, { ...job, phase: following, line: null }, lease);
  }
  const context = { environmentId, actor, requestId };
  const undo: Undo = { tx, context, ids, outcomes: new Map(), events: [], touched: [] };
  const rows = recordIds.length === 0 ? [] : await undoRecords(undo, id, phase, recordIds);
  await noteUndone(tx, environmentId, id, outcomesOf(undo, rows));
  await noteTouched(tx, environmentId, id, undo.touched);
  await noteUndoProgress(
    tx,
    job,
    holder,
    { phase, line: next, rowsDone: job.rowsDone + rows.length, counts: countsWith(job.counts, scope.kind, undo) },
    lease,
  );
  await feed.append(tx, undo.context, undo.events);
}

/** Undoes records of a phase; gives all rows about them, in the order of the file. */
async function undoRecords(
  undo: Undo,
  importId: string,
  phase: UndoPhase,
  recordIds: readonly string[],
): Promise<UndoRow<{ version: number | null }>[]> {
  const { tx, context } = undo;
  const about = <RestoreOf extends { version: number | null }>() =>
    rowsAbout<RestoreOf>(tx, context.environmentId, importId, kindOfPhase(phase), recordIds);
  switch (phase) {
    case 'membership': {
      const rows = await about<MembershipRestore>();
      await undoMemberships(undo, recordsOf(rows));
      return rows;
    }
    case 'organization_role':
    case 'role': {
      const rows = await about<RoleRestore>();
      await undoRoles(undo, recordsOf(rows));
      return rows;
    }
    case 'user': {
      const rows = await about<UserRestore>();
      await undoUsers(undo, recordsOf(rows));
      return rows;
    }
    case 'organization': {
      const rows = await about<OrganizationRestore>();
      await undoOrganizations(undo, recordsOf(rows));
      return rows;
    }
    case 'permission': {
      const rows = await about<PermissionRestore>();
      await undoPermissions(undo, recordsOf(rows));
      return rows;
    }
  }
}

function outcomesOf({ outcomes }: Undo, rows: readonly UndoRow<{ version: number | null }>[]) {
  const last = new Map(rows.map(({ recordId, line }) => [recordId, line]));
  return rows.map(({ line, recordId }) => {
    const outcome = outcomes.get(recordId);
    if (outcome === undefined) throw new Error('a record of an undo has no outcome');
    return { line, isLast: last.get(recordId) === line, outcome };
  });
}

function countsWith(counts: UndoCounts, kind: keyof UndoCounts, { outcomes }: Undo): UndoCounts {
  const added = { ...counts, [kind]: { ...counts[kind] } };
  for (const { result } of outcomes.values()) added[kind][result] += 1;
  return added;
}
