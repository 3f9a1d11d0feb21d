import type { OrganizationRow, TransferRow, UserRow } from '@crosswalk/contract';
import { publicId } from '../events/index.ts';
import { externalIdTaken, type Holder, primarySystem } from '../external-ids/index.ts';
import { type Batch, deciding, type PendingRow, textOf, waitsForOthers } from './batch.ts';
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
