import type { Permission, PermissionRow } from '@crosswalk/contract';
import { eventOf } from '../events/index.ts';
import { requireId } from '../lib/id.ts';
import {
  insertPermissions,
  lockPermissions,
  newPermission,
  type PermissionState,
  patchPermission,
  updatePermissions,
} from '../roles/index.ts';
import { type Batch, checkMode, deciding, type PendingRow, record, settle } from './batch.ts';

type Pending = PendingRow<PermissionRow>;

interface Change {
  pending: Pending;
  before: Permission | undefined;
  after: PermissionState;
}

/** Puts in rows of permissions of different names. Nothing is left for later: names tell them apart. */
export async function putPermissions(batch: Batch, rows: readonly Pending[]): Promise<Pending[]> {
  if (rows.length === 0) return [];
  const { tx, context } = batch;
  const { environmentId } = context;
  const names = rows.map(({ row: { name } }) => name);
  const existing = await lockPermissions(tx, environmentId, names);
  const changes: Change[] = [];
  for (const pending of rows) {
    const { name, description } = pending.row;
    const before = existing.get(name);
    const fields = deciding(batch, pending, () => {
      checkMode(batch, 'permission', before?.id);
      const body = { name, ...(description === undefined ? {} : { description }) };
      return before === undefined ? newPermission(body).fields : patchPermission(before, body);
    });
    if (fields === undefined) continue;
    if (before?.description === fields.description) settle(batch, pending, 'unchanged', requireId('perm', before.id), before.version);
    else
      changes.push({
        pending,
        before,
        after: { id: before === undefined ? pending.newId : requireId('perm', before.id), name, ...fields },
      });
  }
  const isNew = ({ before }: Change) => before === undefined;
  const states = (made: boolean) => changes.filter((change) => isNew(change) === made).map(({ after }) => after);
  const inserted = await insertPermissions(tx, environmentId, states(true));
  const updated = await updatePermissions(tx, environmentId, states(false));
  for (const { pending, before, after: state } of changes) {
    const after = inserted.get(state.name) ?? updated.get(state.name);
    if (after === undefined) throw new Error('a permission that was written did not come back');
    settle(batch, pending, before === undefined ? 'created' : 'updated', state.id, after.version, {
      version: before?.version ?? null,
      ...(before === undefined ? {} : { state: { description: before.description } }),
    });
    const type = before === undefined ? 'permission.created' : 'permission.updated';
    record(batch, pending, eventOf(type, 'permission', before, after), before === undefined ? null : after.id);
  }
  return [];
}
