import type { OrganizationRow, UserRow } from '@crosswalk/contract';
import { externalIdTaken, type Holder, primarySystem } from '../external-ids/index.ts';
import { formatId } from '../lib/id.ts';
import { type Batch, deciding, type PendingRow, textOf, waitsForOthers } from './batch.ts';

/** Rows of records that are found by the IDs they name. */
type Row = OrganizationRow | UserRow;

/** A row and the database ID of the record it means; undefined: one that is yet to be made. */
export interface MeantRow<RowType extends Row> {
  pending: PendingRow<RowType>;
  id: string | undefined;
}

/**
 * Tells which records rows mean. `meaning` gives the record of a row and whoever else has what it names (database IDs), or throws the error of
 * the row. A row that touches what one before it touches is for later; `touched` are the records that are there.
 */
export function tellApart<RowType extends Row>(
  batch: Batch,
  rows: readonly PendingRow<RowType>[],
  meaning: (pending: PendingRow<RowType>) => { id: string | undefined; others: (string | undefined)[] },
): { meant: MeantRow<RowType>[]; later: PendingRow<RowType>[]; touched: string[] } {
  const touched = new Set<string>();
  const later: PendingRow<RowType>[] = [];
  const meant: MeantRow<RowType>[] = [];
  for (const pending of rows) {
    const found = deciding(batch, pending, () => meaning(pending));
    if (found === undefined) continue;
    if ([found.id, ...found.others].some((id) => id !== undefined && touched.has(id))) {
      later.push(pending);
      continue;
    }
    if (found.id !== undefined) touched.add(found.id);
    meant.push({ pending, id: found.id });
  }
  return { meant, later, touched: [...touched].sort() };
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
