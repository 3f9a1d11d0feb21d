import type { ReconcileAnswer, ReconcileRequest, TransferRow } from '@crosswalk/contract';
import type pg from 'pg';
import { openSnapshot } from '../database/snapshot.ts';
import type { RequestContext } from '../environments/index.ts';
import { publicId } from '../events/index.ts';
import { primarySystem } from '../external-ids/index.ts';
import type { Findings, Linked, Twice } from './findings.ts';
import { type Mended, mend } from './mend.ts';
import { type Entry, type List, readList, shown } from './reconcile.ts';
import {
  findDifferences,
  findLinks,
  findSuggestions,
  findUnlisted,
  type Sides,
  type Subject,
  type Suggestion,
  type Unlisted,
} from './reconcile-store.ts';

/** Between two statements only a list is sorted: a snapshot that is idle for longer belongs to a process that has stopped. Milliseconds. */
const idle = 30_000;

/** Compares another system's list with what is known here of that system. Changes nothing. */
export class ReconcileService {
  readonly #pool: pg.Pool;

  constructor({ pool }: { pool: pg.Pool }) {
    this.#pool = pool;
  }

  /** What differs. Five statements on one snapshot, however long the list is. */
  async compare({ environmentId }: RequestContext, request: ReconcileRequest): Promise<ReconcileAnswer> {
    const list = readList(request);
    const subject = subjectOf(request);
    return this.#onSnapshot(async (db) => {
      const findings = await this.#find(db, environmentId, subject, list);
      const { linked } = findings;
      const different = linked.filter(({ link }) => link.differing.length > 0);
      const sides = await findDifferences(
        db,
        environmentId,
        subject,
        shown(different).map(({ entry }) => entry),
      );
      const listed = [...list.entries, ...list.invalid].map(({ id }) => id).filter((id) => !id.includes('\0'));
      // What is found by an alias is stale, and not missing there as well.
      const stale = linked.filter(({ link }) => link.isAlias).map(({ link }) => link.recordId);
      const unlisted = await findUnlisted(db, environmentId, subject, listed, stale);
      return answer(request, findings, { different, sides }, unlisted);
    });
  }

  /** The rows whose import mends it. */
  async mend({ environmentId }: RequestContext, request: ReconcileRequest): Promise<TransferRow[]> {
    const list = readList(request);
    return this.#onSnapshot(async (db) => mend(await this.#find(db, environmentId, subjectOf(request), list)).rows);
  }

  async #onSnapshot<Result>(work: (db: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const snapshot = await openSnapshot(this.#pool, { idle });
    let failure: unknown;
    try {
      return await work(snapshot.db);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      await snapshot.close(failure);
    }
  }

  async #find(db: pg.PoolClient, environmentId: string, subject: Subject, list: List): Promise<Findings> {
    const links = await findLinks(db, environmentId, subject, list.entries);
    const byRecord = new Map<string, Linked[]>();
    const reached = new Set<Entry>();
    for (const link of links) {
      const entry = list.entries[link.n];
      if (entry === undefined) continue;
      reached.add(entry);
      const ofRecord = byRecord.get(link.recordId);
      if (ofRecord === undefined) byRecord.set(link.recordId, [{ entry, link }]);
      else ofRecord.push({ entry, link });
    }
    const missing = list.entries.filter((entry) => !reached.has(entry));
    const found = await findSuggestions(db, environmentId, subject, missing);
    const candidates = new Map<number, Suggestion[]>();
    for (const one of found) {
      const ofEntry = candidates.get(one.n);
      if (ofEntry === undefined) candidates.set(one.n, [one]);
      else ofEntry.push(one);
    }
    return {
      subject,
      list,
      linked: [...byRecord.values()].flatMap((ofRecord) => ofRecord.slice(0, 1)),
      missing,
      twice: twiceLinked(list, byRecord),
      suggestions: missing.flatMap((entry, n) => {
        const ofEntry = candidates.get(n);
        return ofEntry === undefined ? [] : [{ entry, candidates: ofEntry }];
      }),
    };
  }
}

/** What several entries are about: each record, or each ID of no record, once. */
function twiceLinked({ repeated }: List, byRecord: ReadonlyMap<string, Linked[]>): Twice[] {
  const repeats = new Map(repeated.map(({ first, others }) => [first, others]));
  const twice: Twice[] = [];
  const seen = new Set<Entry>();
  for (const [recordId, ofRecord] of byRecord) {
    const entries = ofRecord.flatMap(({ entry }) => [entry, ...(repeats.get(entry) ?? [])]);
    for (const { entry } of ofRecord) seen.add(entry);
    if (entries.length > 1) twice.push({ recordId, entries });
  }
  for (const { first, others } of repeated) if (!seen.has(first)) twice.push({ recordId: null, entries: [first, ...others] });
  return twice;
}

function subjectOf({ kind, system = primarySystem }: ReconcileRequest): Subject {
  return { kind, system };
}

function answer(
  { kind, system, items }: ReconcileRequest,
  findings: Findings,
  { different, sides }: { different: Linked[]; sides: Sides[] },
  unlisted: { total: number; first: Unlisted[] },
): ReconcileAnswer {
  const { linked, missing, twice, suggestions, list } = findings;
  const stale = linked.filter(({ link }) => link.isAlias);
  const { rows: _rows, ...counts }: Mended = mend(findings);
  const idOf = (recordId: string) => publicId(kind, recordId);
  const entryOf = ({ index, id }: Entry) => ({ index, id });
  return {
    kind,
    system: system ?? null,
    counts: {
      items: items.length,
      linked: list.entries.length - missing.length,
      missing_here: missing.length,
      missing_there: unlisted.total,
      linked_twice: twice.length,
      different: different.length,
      stale: stale.length,
      suggested: suggestions.length,
      invalid: list.invalid.length,
      mend: counts,
    },
    missing_here: shown(missing).map(entryOf),
    missing_there: unlisted.first.map(({ recordId, value, name }) => ({ record_id: idOf(recordId), id: value, display_name: name })),
    linked_twice: shown(twice).map(({ recordId, entries }) => ({
      record_id: recordId === null ? null : idOf(recordId),
      entries: shown(entries).map(entryOf),
    })),
    different: shown(different).map(({ entry, link }, n) => ({
      ...entryOf(entry),
      record_id: idOf(link.recordId),
      differences: sides[n] ?? {},
    })),
    stale: shown(stale).map(({ entry, link }) => ({ ...entryOf(entry), record_id: idOf(link.recordId), current_id: link.currentId })),
    suggestions: shown(suggestions).map(({ entry, candidates }) => ({
      ...entryOf(entry),
      candidates: candidates.map(({ recordId, name, by, linkedAs }) => ({
        record_id: idOf(recordId),
        display_name: name,
        by,
        linked_as: linkedAs,
      })),
    })),
    invalid: shown(list.invalid),
  };
}
