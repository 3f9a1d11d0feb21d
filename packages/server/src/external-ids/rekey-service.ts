import type { RecordKind, RekeyAnswer, RekeyRequest } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, type NewEvent, publicId } from '../events/index.ts';
import { inChange } from '../idempotency/index.ts';
import { ApiError, excerpt, type FieldViolation } from '../lib/api-error.ts';
import type { IdGenerator } from '../lib/id.ts';
import { externalIdTaken, parseExternalId, primarySystem } from './external-id.ts';
import { claimNewIds, findRekeyState, lockRecords, type RekeyState, releaseOldIds } from './rekey-store.ts';

/** One record's move to its new ID. `id` is a database ID. */
export interface Move {
  id: string;
  from: string;
  to: string;
}

/** Writes new external IDs of one system into the records themselves, raises their versions, and gives the events of that. */
export type MoveRecords = (tx: pg.PoolClient, environmentId: string, system: string, moves: readonly Move[]) => Promise<NewEvent[]>;

/** Rows of one statement: bounds the memory that records and their events take while they pass through. */
const batchSize = 1000;

/** Violations listed in one error. */
const maxViolations = 20;

/** Replaces external IDs in bulk, in one transaction; swaps (A to B, B to A) and chains (A to B, B to C) included. */
export class RekeyService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #aliasDays: number;
  readonly #moveRecords: Record<RecordKind, MoveRecords>;

  constructor({
    pool,
    ids,
    aliasDays,
    moveRecords,
  }: { pool: pg.Pool; ids: IdGenerator; aliasDays: number; moveRecords: Record<RecordKind, MoveRecords> }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#aliasDays = aliasDays;
    this.#moveRecords = moveRecords;
  }

  /**
   * 400 INVALID_REKEY when an ID is named twice or nothing has an old one; 409 EXTERNAL_ID_TAKEN when a record
   * outside the list has a new one. A pair that was carried out before counts as unchanged for as long as the record has the new ID, so the
   * same list may be sent again, whoever has the old ID by now.
   */
  async rekey(
    context: RequestContext,
    { kind, system = primarySystem, pairs, dry_run: dryRun = false }: RekeyRequest,
  ): Promise<RekeyAnswer> {
    checkPairs(pairs);
    const { environmentId } = context;
    return inChange(this.#pool, context, async (tx) => {
      const seen = plan(kind, system, pairs, await findRekeyState(tx, environmentId, kind, system, pairs));
      if (dryRun || seen.length === 0) return answer(seen, pairs, dryRun);
      await lockRecords(
        tx,
        environmentId,
        kind,
        seen.map(({ id }) => id),
      );
      // What was seen before the lock may have changed until it was ours.
      const moves = plan(kind, system, pairs, await findRekeyState(tx, environmentId, kind, system, pairs));
      const locked = new Set(seen.map(({ id }) => id));
      if (moves.some(({ id }) => !locked.has(id)))
        throw new ApiError('RECORD_BUSY', 'the external IDs changed meanwhile; try again', { retryAfter: 1 });
      await this.#move(tx, context, kind, system, moves);
      return answer(moves, pairs, dryRun);
    });
  }

  async #move(tx: pg.PoolClient, context: RequestContext, kind: RecordKind, system: string, moves: Move[]): Promise<void> {
    const { environmentId } = context;
    // All are released before any is claimed: that is what makes swaps and chains work.
    for (const batch of batches(moves)) {
      await releaseOldIds(
        tx,
        environmentId,
        kind,
        system,
        batch.map(({ from }) => from),
        this.#aliasDays,
      );
    }
    for (const batch of batches(moves)) {
      const claimed = await claimNewIds(tx, environmentId, kind, system, batch);
      const refused = batch.find(({ to }) => !claimed.has(to));
      if (refused !== undefined)
        throw new ApiError('RECORD_BUSY', `another record took ${excerpt(refused.to)} meanwhile; try again`, { retryAfter: 1 });
      await appendEvents(tx, context, this.#ids, await this.#moveRecords[kind](tx, environmentId, system, batch));
    }
  }
}

/** Checks what needs no database: each old and each new ID is legal and named once. */
function checkPairs(pairs: RekeyRequest['pairs']): void {
  const [froms, tos] = [new Map<string, number>(), new Map<string, number>()];
  const violations: FieldViolation[] = [];
  for (const [index, { from, to }] of pairs.entries()) {
    parseExternalId(from, `pairs.${index}.from`);
    parseExternalId(to, `pairs.${index}.to`);
    for (const [seen, value, end] of [
      [froms, from, 'from'],
      [tos, to, 'to'],
    ] as const) {
      const earlier = seen.get(value);
      if (earlier !== undefined)
        violations.push({
          field: `pairs.${index}.${end}`,
          description: `${excerpt(value)} is named at pair ${earlier} already`,
          constraint: 'unique',
        });
      seen.set(value, index);
    }
  }
  refuse(violations);
}

/** The moves that the pairs mean in this state; throws when they cannot be carried out. */
function plan(kind: RecordKind, system: string, pairs: RekeyRequest['pairs'], states: RekeyState[]): Move[] {
  const moves: Move[] = [];
  const violations: FieldViolation[] = [];
  const holders: { index: number; to: string; holder: string }[] = [];
  for (const [index, { from, to }] of pairs.entries()) {
    const state = states[index];
    if (state?.isDone === true) continue;
    if (state?.from === undefined) {
      violations.push({ field: `pairs.${index}.from`, description: `no ${kind} has ${excerpt(from)}`, constraint: 'exists' });
      continue;
    }
    const { recordId, isAlias } = state.from;
    if (from === to || (isAlias && state.toHolder === recordId)) continue;
    if (isAlias) {
      violations.push({
        field: `pairs.${index}.from`,
        description: `${excerpt(from)} is only an alias of ${publicId(kind, recordId)}; name its current ID`,
        constraint: 'current',
      });
      continue;
    }
    moves.push({ id: recordId, from, to });
    if (state.toHolder !== undefined) holders.push({ index, to, holder: state.toHolder });
  }
  refuse(violations);
  const leaving = new Set(moves.map(({ from }) => from));
  const taken = holders.filter(({ to }) => !leaving.has(to));
  refuseTaken(
    taken.map(({ index, to, holder }) => externalIdTaken(kind, { system, value: to }, publicId(kind, holder), `pairs.${index}.to`)),
  );
  return moves;
}

function refuse(violations: FieldViolation[]): void {
  const [first] = violations;
  if (first === undefined) return;
  throw new ApiError('INVALID_REKEY', `${first.field}: ${first.description}${andMore(violations)}`, {
    violations: violations.slice(0, maxViolations),
  });
}

/** Tells of all new IDs that others have: whoever mends a list mends it once. The record in the way is that of the first. */
function refuseTaken(errors: ApiError[]): void {
  const [first] = errors;
  if (first === undefined) return;
  const violations = errors.slice(0, maxViolations).flatMap(({ detail }) => detail.violations ?? []);
  throw new ApiError(first.code, `${first.message}${andMore(errors)}`, { ...first.detail, violations });
}

/** How many there are beside the one that a message tells. */
function andMore({ length }: { length: number }): string {
  return length > 1 ? ` (and ${length - 1} more)` : '';
}

function answer(moves: Move[], pairs: RekeyRequest['pairs'], dryRun: boolean): RekeyAnswer {
  return { rekeyed: moves.length, unchanged: pairs.length - moves.length, dry_run: dryRun };
}

function* batches(moves: Move[]): Generator<Move[]> {
  for (let start = 0; start < moves.length; start += batchSize) yield moves.slice(start, start + batchSize);
}
