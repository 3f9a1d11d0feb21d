import type { OrganizationRow, TransferRow, UserRow } from '@crosswalk/contract';
import { publicId } from '../events/index.ts';
import { type ExternalKey, externalIdTaken, fieldOf, type Holder, primarySystem } from '../external-ids/index.ts';
import { type ApiError, invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { type Batch, deciding, type PendingRow, textOf, waitsForOthers } from './batch.ts';
import { fieldMatchedBy } from './import.ts';
import { errorOf } from './row.ts';

/** Rows of records that are found by the IDs they name. */
type Row = OrganizationRow | UserRow;

/** A row and the database ID of the record it means; undefined: one that is yet to be made. */
export interface MeantRow<RowType extends Row> {
  pending: PendingRow<RowType>;
  id: string | undefined;
}

/** The record that a row means (undefined: it makes one), and whoever has what it names. Database IDs. */
interface Meaning {
  id: string | undefined;
  others: (string | undefined)[];
}

/**
 * Finds the record each row means. A row goes to `later` when an earlier row, done or still waiting, means the same record. `ahead`: the waiting
 * rows that come before the last of `rows`. `existing`: the records (database IDs) found in the database. `meaning` throws the error of its row.
 */
export function tellApart<RowType extends Row>(
  batch: Batch,
  rows: readonly PendingRow<RowType>[],
  ahead: readonly PendingRow<RowType>[],
  meaning: (pending: PendingRow<RowType>) => Meaning,
): { meant: MeantRow<RowType>[]; later: PendingRow<RowType>[]; existing: string[] } {
  const existing = new Set<string>();
  const taken = new Set<string | undefined>();
  const later: PendingRow<RowType>[] = [];
  const meant: MeantRow<RowType>[] = [];
  const waits = new Set(ahead);
  for (const pending of inOrder(rows, ahead)) {
    const found = waits.has(pending) ? meaningIfAny(() => meaning(pending)) : deciding(batch, pending, () => meaning(pending));
    if (found === undefined) continue;
    const { id, others } = found;
    const isLater = waits.has(pending) || [id, ...others].some((one) => one !== undefined && taken.has(one));
    taken.add(id);
    // What a row that waits is going to find: what others have must not change before.
    if (isLater || waitsForOthers(batch, pending)) for (const other of others) taken.add(other);
    if (waits.has(pending)) continue;
    if (isLater) {
      later.push(pending);
      continue;
    }
    if (id !== undefined) existing.add(id);
    meant.push({ pending, id });
  }
  return { meant, later, existing: [...existing].sort() };
}

/** Rows that are at hand and rows that wait, in the order of the file. */
export function inOrder<RowType extends TransferRow>(
  rows: readonly PendingRow<RowType>[],
  ahead: readonly PendingRow<RowType>[],
): readonly PendingRow<RowType>[] {
  return ahead.length === 0 ? rows : [...rows, ...ahead].sort((a, b) => a.line - b.line);
}

/** What a row that waits means; undefined: nothing as things are, and whether it is to be rejected for that is seen when it is its turn. */
export function meaningIfAny<Found>(meaning: () => Found): Found | undefined {
  try {
    return meaning();
  } catch (error) {
    errorOf(error);
    return undefined;
  }
}

/** Who has which external ID, and which key of an address (a database ID). */
interface Holders {
  holders: ReadonlyMap<string, Holder>;
  addresses?: ReadonlyMap<string, string>;
}

/**
 * The database ID of the record that a row means: of the one that it names by `id`, or that has what the import matches by; undefined: it makes
 * one. Throws the error of a row that has nothing to match by.
 */
export function findRecord({ options }: Batch, { row, keys }: PendingRow<Row>, { holders, addresses }: Holders): string | undefined {
  if (row.id !== undefined) return requireId(row.kind === 'organization' ? 'org' : 'usr', row.id);
  const byEmail = addresses?.get(keys.email ?? '');
  const field = fieldMatchedBy(options);
  if (field === undefined) return findByKeys(keys.externalIds, holders) ?? byEmail;
  if (field === 'email' && row.kind === 'user' && row.email !== undefined) return byEmail;
  const key = keys.externalIds.find(({ system }) => fieldOf(system) === field);
  if (key === undefined) throw unmatched(row.kind, field);
  return holders.get(textOf(key))?.recordId;
}

/** The record that has one of some external IDs now, else one that used to have one. */
function findByKeys(keys: readonly ExternalKey[], holders: ReadonlyMap<string, Holder>): string | undefined {
  const found = keys.flatMap((key) => holders.get(textOf(key)) ?? []);
  return (found.find(({ isAlias }) => !isAlias) ?? found[0])?.recordId;
}

function unmatched(kind: Row['kind'], field: string): ApiError {
  if (kind === 'organization' && field === 'email') {
    const wayOut = 'import organizations by themselves, matched by external_id or the name of a system';
    return invalid('kind', `an organization has no address, which the import matches by; ${wayOut}`, 'match_by');
  }
  return invalid(field, 'is what the import matches by: fill it in, name the record by its id, or choose another match_by', 'match_by');
}

/**
 * A copy of the row without the external IDs that it does not give its record: those that another record has now, or the error that says so, and
 * those that its record used to have. It was found by them, and to write them would turn a re-key back by accident; a row with an `id` needs none
 * to find it, so it means them.
 */
export function withIdsToGive<RowType extends Row>(
  batch: Batch,
  pending: PendingRow<RowType>,
  own: string | undefined,
  holders: ReadonlyMap<string, Holder>,
): RowType {
  const { row, keys } = pending;
  const allowed: RowType = { ...row, ...(row.external_ids === undefined ? {} : { external_ids: { ...row.external_ids } }) };
  for (const key of keys.externalIds) {
    const holder = holders.get(textOf(key));
    if (holder === undefined) continue;
    const isOwn = holder.recordId === own;
    const isGiven = isOwn ? !holder.isAlias || row.id !== undefined : holder.isAlias;
    if (isGiven) continue;
    if (!isOwn && (batch.options.on_conflict === 'reject' || waitsForOthers(batch, pending))) {
      throw externalIdTaken(row.kind, key, publicId(row.kind, holder.recordId));
    }
    if (key.system === primarySystem) delete allowed.external_id;
    else delete allowed.external_ids?.[key.system];
  }
  return allowed;
}
