import { isDeepStrictEqual } from 'node:util';
import type { ImportOptions, ImportSample, RowKind, RowReference, TransferRow } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import type { NewEvent } from '../events/index.ts';
import { type ExternalKey, externalKey, findHolders, type Holder, primarySystem } from '../external-ids/index.ts';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { emailKey, parseEmail } from '../lib/email.ts';
import { type IdGenerator, requireId } from '../lib/id.ts';
import { isStorable } from '../lib/text.ts';
import { findEmailHolders } from '../users/index.ts';
import { type Outcome, rejection } from './import.ts';
import type { Restore } from './restore.ts';
import { errorOf, type RowKeys } from './row.ts';

/** A row of a batch that is yet to be done. */
export interface PendingRow<Row extends TransferRow = TransferRow> {
  line: number;
  row: Row;
  keys: RowKeys;
  /** the database ID of the record, if the row makes one: ascending in the order of the file, in which lists and exports then have them */
  newId: string;
}

/** What the rows of a batch have in common, and what has come of them so far. */
export interface Batch {
  tx: pg.PoolClient;
  context: RequestContext;
  ids: IdGenerator;
  aliasDays: number;
  options: ImportOptions;
  /** by line */
  outcomes: Map<number, Outcome>;
  /** in the order of the changes */
  events: NewEvent[];
  /** differences for a dry run, as many as are wanted */
  samples: ImportSample[];
  samplesWanted: number;
  /** records that a row about another changed too: database ID and version, of which rows before may have noted the one before */
  touched: { kind: RowKind; id: string; version: number }[];
  /** users (database IDs) that this batch made: nobody else sees them yet, so they are locked and have the memberships that it gave them */
  madeUsers: Set<string>;
  /** memberships of theirs that it made, as `organization ID/user ID` */
  madeMemberships: Set<string>;
  /** whether the last try lost a race, so that nothing is taken for granted */
  isRetry: boolean;
  /** whether a record that was there lost a name: an external ID or an address, which another may have from now on */
  freesNames: boolean;
  /** the first line of each kind that is yet to be done after this level */
  waiting: Map<RowKind, number>;
  /** rows of this level that are put off to the next */
  postponed: PendingRow[];
  /** `kind ref` of rows done before: database ID; null: the row was rejected */
  refs: Map<string, string | null>;
}

/** What another record has may be given up by a row of the file that is yet to be done. */
const takenCodes = new Set(['EXTERNAL_ID_TAKEN', 'EMAIL_TAKEN', 'SLUG_TAKEN', 'DOMAIN_TAKEN']);

/** Whether a row before this one, of its kind, is yet to be done. */
export function waitsForOthers({ waiting }: Batch, { line, row: { kind } }: PendingRow): boolean {
  return (waiting.get(kind) ?? line) < line;
}

/** Rejects a row. */
function reject({ outcomes, refs }: Batch, { line, row }: PendingRow, error: ApiError): void {
  outcomes.set(line, rejection(row.kind, error));
  if ('ref' in row && row.ref !== undefined) refs.set(`${row.kind} ${row.ref}`, null);
}

/** Notes what a row has come to; `restore` is what its undo needs. */
export function settle(
  { outcomes, refs }: Batch,
  { line, row }: PendingRow,
  result: 'created' | 'updated' | 'unchanged',
  recordId: string,
  version: number,
  restore?: Restore,
): void {
  outcomes.set(line, { result, kind: row.kind, recordId, version, restore });
  if ('ref' in row && row.ref !== undefined) refs.set(`${row.kind} ${row.ref}`, recordId);
}

/** Notes a change: its event, and its difference while samples are wanted. `id` is a public one. */
export function record(batch: Batch, { line, row }: PendingRow, event: NewEvent, id: string | null): void {
  batch.events.push(event);
  if (batch.samples.length < batch.samplesWanted) batch.samples.push({ line, kind: row.kind, id, changed: event.changed });
}

/**
 * Runs `decide` for a row; a rule that it breaks rejects the row, and gives undefined. What another record has is no such rule as long as
 * a row before may give it up: the row is then put off.
 */
export function deciding<Result>(batch: Batch, pending: PendingRow, decide: () => Result): Result | undefined {
  try {
    return decide();
  } catch (error) {
    const refusal = errorOf(error);
    if (takenCodes.has(refusal.code) && waitsForOthers(batch, pending)) batch.postponed.push(pending);
    else reject(batch, pending, refusal);
    return undefined;
  }
}

/** Whether two values are the same JSON, whatever the order of keys. */
export function sameJson(stored: unknown, wanted: unknown): boolean {
  // As text for what JSON does not have: -0, which is stored as 0.
  return isDeepStrictEqual(stored, wanted) || isDeepStrictEqual(stored, JSON.parse(JSON.stringify(wanted)));
}

/** Text of an external ID for look-ups among those of one kind. */
export function textOf({ system, value }: ExternalKey): string {
  return `${system}\0${value}`;
}

/** Who has which of the external IDs that rows name, aliases included. IDs that the rules refuse have nobody. */
export async function holdersOf(
  { tx, context }: Batch,
  kind: 'organization' | 'user',
  keys: readonly ExternalKey[],
): Promise<Map<string, Holder>> {
  const asked = keys.filter(({ value }) => isStorable(value));
  const found = await findHolders(tx, context.environmentId, kind, asked);
  return new Map(
    asked.flatMap((key, index) => {
      const holder = found[index];
      return holder === undefined ? [] : [[textOf(key), holder]];
    }),
  );
}

/**
 * Which of the external IDs that were asked for nobody has: `holders` has none of them. An alias that is over is no holder and in the way all
 * the same, as is whoever comes in between: the try that follows knows of none.
 */
export function isFreeOf({ isRetry }: Batch, holders: ReadonlyMap<string, Holder>): (key: ExternalKey) => boolean {
  return (key) => !isRetry && !holders.has(textOf(key));
}

/** The database ID of what a reference names; throws the error of its row (404) when there is nothing. */
export type Resolve = (reference: RowReference, field: string) => string;

/** Looks up what references name, all at once. */
export async function resolveReferences(
  batch: Batch,
  kind: 'organization' | 'user',
  references: readonly RowReference[],
): Promise<Resolve> {
  const keys = references.flatMap((reference) => ('external_id' in reference ? [keyOf(reference)] : []));
  const emails = references.flatMap((reference) => ('email' in reference ? (emailKey(reference.email) ?? []) : []));
  const holders = await holdersOf(batch, kind, keys);
  const byEmail = kind === 'user' ? await findEmailHolders(batch.tx, batch.context.environmentId, emails) : new Map<string, string>();
  const code = kind === 'organization' ? 'ORGANIZATION_NOT_FOUND' : 'USER_NOT_FOUND';
  const missing = (field: string, what: string) =>
    invalid(field, `there is no ${kind} ${what}; it must come before this row, or be there`, 'exists', code);
  return (reference, field) => {
    if ('id' in reference) return requireId(kind === 'organization' ? 'org' : 'usr', reference.id, `${field}.id`);
    if ('ref' in reference) {
      const id = batch.refs.get(`${kind} ${reference.ref}`);
      if (id === null) throw invalid(`${field}.ref`, `the row ${excerpt(reference.ref)} was rejected`, 'exists', code);
      if (id === undefined) throw missing(`${field}.ref`, `of the ref ${excerpt(reference.ref)}`);
      return id;
    }
    if ('email' in reference) {
      if (kind === 'organization') throw invalid(`${field}.email`, 'an organization has no address; name it by an ID', 'unknown_field');
      const id = byEmail.get(parseEmail(reference.email, `${field}.email`).key);
      if (id === undefined) throw missing(`${field}.email`, `with the address ${excerpt(reference.email)}`);
      return id;
    }
    externalKey(reference.external_id, reference.system);
    const holder = holders.get(textOf(keyOf(reference)));
    if (holder === undefined) throw missing(`${field}.external_id`, `with the external ID ${excerpt(reference.external_id)}`);
    return holder.recordId;
  };
}

function keyOf({ external_id: value, system = primarySystem }: { external_id: string; system?: string }): ExternalKey {
  return { system, value };
}

/** Holds a row to the mode of its import; throws the error of the row. */
export function checkMode({ options }: Batch, kind: RowKind, id: string | undefined): void {
  if (id === undefined && options.mode === 'update_only')
    throw new ApiError('DOES_NOT_EXIST', `there is no such ${kind}, and mode is update_only`, {
      violations: [{ field: 'row', description: 'is not there', constraint: 'update_only' }],
    });
  if (id !== undefined && options.mode === 'create_only')
    throw new ApiError('ALREADY_EXISTS', `the ${kind} is there already (${id}), and mode is create_only`, {
      violations: [{ field: 'row', description: 'is there already', constraint: 'create_only' }],
    });
}
