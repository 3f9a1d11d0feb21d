import { randomUUID } from 'node:crypto';
import { importLimits, type RowKind, type TransferRow } from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { planAnew } from '../database/statistics.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents } from '../events/index.ts';
import type { FeedService } from '../feed/index.ts';
import { ApiError } from '../lib/api-error.ts';
import type { IdGenerator } from '../lib/id.ts';
import { Loop } from '../lib/loop.ts';
import type { Batch, PendingRow } from './batch.ts';
import { BatchSize } from './batch-size.ts';
import { afterFailure } from './failure.ts';
import { addOutcomes, countsOf, isOneTransaction, type Outcome, rejectedOf, rejection } from './import.ts';
import { type DoneRow, findRefs, forgetOutcomes, noteOutcomes, noteTouched, type StagedRow, takeRows } from './import-row-store.ts';
import {
  claimImport,
  countFailure,
  finishImport,
  type Job,
  lockJob,
  noteProgress,
  type Progress,
  releaseImports,
  renewLease,
} from './import-store.ts';
import { holding } from './lease.ts';
import { putMemberships } from './memberships.ts';
import { putOrganizations } from './organizations.ts';
import { putPermissions } from './permissions.ts';
import { putRoles } from './roles.ts';
import { isFree, keysOf, kindOf, type Names, nextLevel, parseRow, refsOf } from './row.ts';
import { undoBatch } from './undo-batch.ts';
import { putUsers } from './users.ts';

/** What the worker needs. */
export interface ImportWorkerOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  aliasDays: number;
  /** How long an import is nobody else's after a sign of life of its worker, in milliseconds. */
  lease: number;
  /** takes the events of a batch */
  feed: FeedService;
  onError: (error: unknown) => void;
}

/** How often it looks for an import, when nobody wakes it. Milliseconds. */
const interval = 500;
/** Characters of the rows of one batch: what one transaction does within about a second. */
const batchBytes = 8 * 1024 * 1024;
/** Batches of one round: an older import whose worker was killed is not kept waiting for longer. */
const roundBatches = 50;

/** This worker goes no further with the import: it was canceled, another has it, or the worker is to stop. That is no failure. */
class NotHeld extends Error {}
/** The one transaction of an import is given up; `progress` is what it came to. */
class RolledBack extends Error {
  readonly progress: Progress;

  constructor(progress: Progress) {
    super('rolled back');
    this.progress = progress;
  }
}

/** Rows that were read, and what became of those that could not be. */
interface ReadRows {
  pending: PendingRow[];
  /** by line */
  outcomes: ReadonlyMap<number, Outcome>;
}

/** Rows whose records are written. */
interface Put {
  batch: Batch;
  pending: readonly PendingRow[];
  names: Names;
}

/** A batch that was begun. Both reject when it fails. */
interface BatchUnderWay {
  /** its records are written: it takes no more locks of theirs */
  put: Promise<Put>;
  committed: Promise<void>;
}

/**
 * Puts the rows of imports in. Workers of any number of servers share the imports: each has one at a time, for as long as its lease,
 * which it renews while it is at work. The batch, its events and how far the import is are one transaction, so a worker that is killed leaves an
 * import that goes on exactly after the last batch that was committed.
 */
export class ImportWorker {
  readonly #options: ImportWorkerOptions;
  readonly #holder = randomUUID();
  readonly #loop: Loop;
  readonly #size = new BatchSize();
  #stopped = false;

  constructor(options: ImportWorkerOptions) {
    this.#options = options;
    this.#loop = new Loop({ work: () => this.#round(), interval, onError: options.onError });
  }

  start(): void {
    this.#loop.start();
  }

  /** There may be an import to do. */
  wake(): void {
    this.#loop.wake();
  }

  /** Ends after the batch under way; another worker goes on at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
    await releaseImports(this.#options.pool, this.#holder).catch(this.#options.onError);
  }

  async #round(): Promise<boolean> {
    const { pool, lease } = this.#options;
    const job = await claimImport(pool, this.#holder, lease);
    if (job === undefined) return undoBatch({ ...this.#options, size: this.#size }, this.#holder);
    const renew = () => renewLease(pool, job, this.#holder, lease);
    try {
      await holding(lease, renew, () => (isOneTransaction(job.options) ? this.#doAtOnce(job) : this.#doBatches(job)));
    } catch (error) {
      await this.#fail(job, error);
    }
    return true;
  }

  /** Some batches of an import, each one transaction with its events and how far the import is then; and its end, when no rows are left. */
  async #doBatches(job: Job): Promise<void> {
    const { pool } = this.#options;
    const { environmentId, id } = job;
    let last: BatchUnderWay | undefined;
    let line = job.lastLine;
    try {
      for (let begun = 0; begun < roundBatches && !this.#stopped; begun += 1) {
        const rows = await takeRows(pool, environmentId, id, line, this.#batchLimits());
        if (rows.length === 0) {
          await last?.committed;
          await finishImport(pool, job, this.#holder);
          return;
        }
        const before = last;
        last = this.#begin(job, line, rows, before);
        line = rows.at(-1)?.line ?? line;
        // Two at once: one that is put in, and the one before, which is written down.
        await before?.committed;
      }
      await last?.committed;
    } finally {
      await Promise.allSettled([last?.committed]);
    }
  }

  /**
   * Begins a batch, the rows after a line. Its records are written while the batch before it, which has taken all the locks it needs, still
   * writes down what became of its rows and their events: the two never wait for each other in a ring. It commits after that one, or not at all.
   */
  #begin(job: Job, after: number, rows: readonly StagedRow[], before: BatchUnderWay | undefined): BatchUnderWay {
    const { pool, lease, feed } = this.#options;
    const { environmentId, id } = job;
    let isPut = false;
    let announce: (put: Put) => void = () => {};
    let giveUp: (error: unknown) => void = () => {};
    const put = new Promise<Put>((resolve, reject) => {
      announce = resolve;
      giveUp = reject;
    });
    const work = async (): Promise<void> => {
      const read = this.#read(rows);
      const earlier = await before?.put;
      if (earlier !== undefined && !isIndependent(earlier, read.pending)) await before?.committed;
      await inTransaction(pool, async (tx) => {
        // Another round would take locks anew that the next batch may have by now.
        if (isPut) throw new NotHeld();
        const done = await this.#put(tx, tx, job, read);
        isPut = true;
        announce(done);
        await before?.committed;
        const current = await lockJob(tx, environmentId, id, this.#holder);
        if (current === undefined || current.lastLine !== after) throw new NotHeld();
        await noteProgress(tx, job, this.#holder, await this.#note(tx, current, rows, done), lease);
        await feed.append(tx, contextOf(job), done.batch.events);
      });
      this.#size.grow();
      feed.wakeOutlets();
    };
    const committed = work();
    committed.catch(giveUp);
    // The next batch hears of it; that there is none is no error of its own.
    put.catch(() => {});
    return { put, committed };
  }

  /** A whole import in one transaction, which is kept only if it is to be and no row is rejected. What becomes of its rows is noted beside it. */
  async #doAtOnce(job: Job): Promise<void> {
    const { pool } = this.#options;
    try {
      await inTransaction(pool, (tx) => this.#putAll(tx, job));
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      await noteProgress(pool, job, this.#holder, error.progress, this.#options.lease);
      const rejected = rejectedOf(error.progress.counts);
      await finishImport(
        pool,
        job,
        this.#holder,
        job.options.dry_run
          ? undefined
          : { code: 'IMPORT_REJECTED', message: `${rejected} of ${error.progress.rowsDone} rows were rejected, so nothing was written` },
      );
    }
  }

  async #putAll(tx: pg.PoolClient, job: Job): Promise<void> {
    const { pool, lease } = this.#options;
    await this.#asHolder(job, (journal) => forgetOutcomes(journal, job.environmentId, job.id));
    let progress: Progress = { rowsDone: 0, lastLine: 0, counts: countsOf({}), samples: [], failures: job.failures };
    let plannedFor = 0;
    for (;;) {
      const rows = await takeRows(pool, job.environmentId, job.id, progress.lastLine, this.#batchLimits());
      if (rows.length === 0) break;
      const put = await this.#put(tx, pool, job, this.#read(rows), importLimits.samples - progress.samples.length);
      const before = { ...job, ...progress };
      progress = await this.#asHolder(job, async (journal) => {
        const after = await this.#note(journal, before, rows, put);
        await noteProgress(journal, job, this.#holder, after, lease);
        return after;
      });
      // The feed cannot be held for as long as this takes: they get their places when it has committed.
      await appendEvents(tx, contextOf(job), this.#options.ids, put.batch.events);
      if (progress.rowsDone >= 2 * plannedFor) {
        await planAnew(tx);
        plannedFor = progress.rowsDone;
      }
      if (this.#stopped) throw new NotHeld();
    }
    if (job.options.dry_run || rejectedOf(progress.counts) > 0) throw new RolledBack(progress);
    if ((await lockJob(tx, job.environmentId, job.id, this.#holder)) === undefined) throw new NotHeld();
    await finishImport(tx, job, this.#holder);
  }

  /** Notes something of an import beside its one transaction, under the lock of its row: what another worker has noted by now is left alone. */
  #asHolder<Result>(job: Job, note: (journal: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return inTransaction(this.#options.pool, async (journal) => {
      if ((await lockJob(journal, job.environmentId, job.id, this.#holder)) === undefined) throw new NotHeld();
      return note(journal);
    });
  }

  /** Reads staged rows; those that cannot be read or break their schema have their outcome at once. */
  #read(rows: readonly StagedRow[]): ReadRows {
    const outcomes = new Map<number, Outcome>();
    return { outcomes, pending: rows.flatMap((row) => readRow(row, outcomes, this.#options.ids)) };
  }

  /** Puts rows in by `tx`; what was noted of rows before is read by `journal`. */
  async #put(tx: pg.PoolClient, journal: Queryable, job: Job, { pending, outcomes }: ReadRows, samplesWanted = 0): Promise<Put> {
    const { environmentId, id, options } = job;
    const refs = await findRefs(
      journal,
      environmentId,
      id,
      pending.flatMap(({ row }) => refsOf(row).map(([, ref]) => ref)),
    );
    const batch: Batch = {
      tx,
      context: contextOf(job),
      ids: this.#options.ids,
      aliasDays: this.#options.aliasDays,
      options,
      outcomes: new Map(outcomes),
      events: [],
      touched: [],
      madeUsers: new Set(),
      madeMemberships: new Set(),
      isRetry: job.failures > 0,
      freesNames: false,
      waiting: new Map(),
      postponed: [],
      samples: [],
      samplesWanted: options.dry_run ? samplesWanted : 0,
      refs,
    };
    const names = await putInOrder(batch, pending);
    return { batch, pending, names };
  }

  /** Notes what became of rows that were put in, and gives how far the import is then. */
  async #note(journal: Queryable, before: Job, rows: readonly StagedRow[], { batch, pending }: Put): Promise<Progress> {
    const { outcomes, touched, samples } = batch;
    const named = new Map(pending.map(({ line, row }) => [line, 'ref' in row ? (row.ref ?? null) : null]));
    // What became of a row that could not be read was noted when it was staged.
    const done = rows.flatMap(({ line, refused }): DoneRow[] => {
      const outcome = outcomes.get(line);
      return outcome === undefined || refused !== undefined ? [] : [{ line, ref: named.get(line) ?? null, outcome }];
    });
    await noteOutcomes(journal, before.environmentId, before.id, done);
    await noteTouched(journal, before.environmentId, before.id, touched);
    return {
      rowsDone: before.rowsDone + rows.length,
      lastLine: rows.at(-1)?.line ?? before.lastLine,
      counts: addOutcomes(before.counts, outcomes.values()),
      samples: [...before.samples, ...samples],
      // What one transaction has come to so far is nothing yet: a try that fails behind it is one more in succession.
      failures: isOneTransaction(before.options) ? before.failures : 0,
    };
  }

  #batchLimits() {
    return { count: this.#size.rows, bytes: batchBytes };
  }

  /** `job` is the import as it was claimed. */
  async #fail(job: Job, error: unknown): Promise<void> {
    if (error instanceof NotHeld) return;
    const { pool, onError } = this.#options;
    const messages = {
      QUERY_TOO_SLOW: `the database takes too long for one row, the first beyond line ${job.lastLine}: send the file again without it`,
      INTERNAL: `something failed inside the server beyond line ${job.lastLine}; its log has the cause under ${job.requestId}`,
    };
    await afterFailure(error, {
      size: this.#size,
      count: () => countFailure(pool, job, this.#holder),
      finish: (code) => finishImport(pool, job, this.#holder, { code, message: messages[code] }),
      onError,
    });
  }
}

/** Whose change the rows of an import are. */
function contextOf({ environmentId, actor, requestId }: Job): RequestContext {
  return { environmentId, actor, requestId };
}

/** Reads a staged row, or notes why it cannot be. */
function readRow({ line, json, refused }: StagedRow, outcomes: Map<number, Outcome>, ids: IdGenerator): PendingRow[] {
  if (refused !== undefined) {
    outcomes.set(line, refused);
    return [];
  }
  try {
    const row = parseRow(json);
    return [{ line, row, keys: keysOf(row), newId: ids.next() }];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    outcomes.set(line, rejection(kindOf(JSON.parse(json)) ?? null, error));
    return [];
  }
}

/**
 * Puts rows in so that the result is that of one after the other, with few statements for all that do not depend on each other. Returns what
 * they name.
 */
async function putInOrder(batch: Batch, rows: readonly PendingRow[]): Promise<Names> {
  const first = nextLevel(rows);
  for (let { level, rest: others } = first; level.length > 0; { level, rest: others } = nextLevel(others)) {
    batch.waiting = firstLines(others);
    batch.postponed = [];
    const later = [
      ...(await putPermissions(batch, ofKind(level, 'permission'))),
      ...(await putOrganizations(batch, ofKind(level, 'organization'), aheadOf(level, others, 'organization'))),
      ...(await putUsers(batch, ofKind(level, 'user'), aheadOf(level, others, 'user'))),
      ...(await putRoles(batch, ofKind(level, 'role'))),
      ...(await putMemberships(batch, ofKind(level, 'membership'), aheadOf(level, others, 'membership'))),
    ];
    others = [...later, ...batch.postponed, ...others].sort((a, b) => a.line - b.line);
  }
  return first.names;
}

/**
 * Whether rows may be put in before those of a batch have committed: they name nothing that it wrote, write nothing that it names, and the rules
 * for them are not among what it changed. Records that both know by different names are locked until then, and free names are what tells them apart.
 */
function isIndependent({ batch, pending, names }: Put, rows: readonly PendingRow[]): boolean {
  const isPlain = ({ row: { kind } }: PendingRow) => kind === 'user' || kind === 'membership';
  if (batch.freesNames || !pending.every(isPlain) || !rows.every(isPlain)) return false;
  return rows.every(({ keys }) => isFree(keys, names));
}

/** The first line of each kind among rows in the order of the file. */
function firstLines(rows: readonly PendingRow[]): Map<RowKind, number> {
  return new Map([...rows].reverse().map(({ line, row: { kind } }) => [kind, line]));
}

function ofKind<Kind extends TransferRow['kind']>(
  rows: readonly PendingRow[],
  kind: Kind,
): PendingRow<Extract<TransferRow, { kind: Kind }>>[] {
  return rows.filter((pending): pending is PendingRow<Extract<TransferRow, { kind: Kind }>> => pending.row.kind === kind);
}

/** Rows of a kind that wait for the next level, and come before the last of those of this level. */
function aheadOf<Kind extends TransferRow['kind']>(level: readonly PendingRow[], others: readonly PendingRow[], kind: Kind) {
  const last = level.findLast(({ row }) => row.kind === kind)?.line ?? 0;
  return ofKind(
    others.filter(({ line }) => line < last),
    kind,
  );
}
