import { eventOf } from '../events/index.ts';
import { deletePermissions, findGrantedPermissions, lockPermissionsById, updatePermissions } from '../roles/index.ts';
import type { PermissionRestore } from './restore.ts';
import { leave, type Undo, type UndoRecord, untouched } from './undo.ts';

/** Undoes what an import did to permissions: removes those it made, gives the others what they had. */
export async function undoPermissions(undo: Undo, records: readonly UndoRecord<PermissionRestore>[]): Promise<void> {
  const { tx, context, outcomes, events } = undo;
  const { environmentId } = context;
  const ids = records.map(({ id }) => id);
  const stored = await lockPermissionsById(tx, environmentId, ids);
  const granted = await findGrantedPermissions(tx, environmentId, ids);
  const found = untouched(undo, records, stored, ({ version }) => version);

  const removed = found.filter(({ record: { id, isNew } }) => isNew && !granted.has(id));
  for (const { record } of found)
    if (record.isNew && granted.has(record.id)) leave(undo, record.id, 'in_use', 'a role has it that the undo leaves');
  await deletePermissions(
    tx,
    environmentId,
    removed.map(({ record }) => record.id),
  );
  for (const { record, now } of removed) {
    outcomes.set(record.id, { result: 'removed' });
    events.push(eventOf('permission.deleted', 'permission', now, undefined));
  }

  const restored = found.flatMap(({ record, now }) => {
    const state = record.before?.state;
    return state === undefined ? [] : [{ id: record.id, state, now }];
  });
  const written = await updatePermissions(
    tx,
    environmentId,
    restored.map(({ id, state, now: { name } }) => ({ id, name, ...state })),
  );
  for (const { id, now } of restored) {
    outcomes.set(id, { result: 'restored' });
    events.push(eventOf('permission.updated', 'permission', now, written.get(now.name)));
  }
}
