import type { OrganizationRow, TransferRow, UserRow } from '@crosswalk/contract';
import { externalIdTaken, type Holder, primarySystem } from '../external-ids/index.ts';
import { formatId } from '../lib/id.ts';
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
 * Tells which records rows mean. `meaning` gives that of a row, or throws the error of the row. A row that means what one before it means, which is
 * done or waits, is for later; `ahead` are rows before the last of these that wait already. `touched` are the records that are there.
 */
export function tellApart<RowType extends Row>(
  batch: Batch,
  rows: readonly PendingRow<RowType>[],
  ahead: readonly PendingRow<RowType>[],
  meaning: (pending: PendingRow<RowType>) => Meaning,
): { meant: MeantRow<RowType>[]; later: PendingRow<RowType>[]; touched: string[] } {
  const touched = new Set<string>();
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
    if (id !== undefined) touched.add(id);
    meant.push({ pending, id });
  }
  return { meant, later, touched: [...touched].sort() };
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

/** A copy of the row without the external IDs that another record has now, or the error that says so. */
export function withoutTakenIds<RowType extends Row>(
  batch: Batch,
  pending: PendingRow<RowType>,
  own: string | undefined,
  holders: ReadonlyMap<string, Holder>,
): RowType {
  const { row, keys } = pending;
  const allowed: RowType = { ...row, ...(row.external_ids === undefined ? {} : { external_ids: { ...row.external_ids } }) };
  for (const key of keys.externalIds) {
    const holder = holders.get(textOf(key));
    if (holder === undefined || holder.isAlias || holder.recordId === own) continue;
    if (batch.options.on_conflict === 'reject' || waitsForOthers(batch, pending)) {
      throw externalIdTaken(row.kind, key, formatId(row.kind === 'organization' ? 'org' : 'usr', holder.recordId));
    }
    if (key.system === primarySystem) delete allowed.external_id;
    else delete allowed.external_ids?.[key.system];
  }
  return allowed;
}
