import { eventOf } from '../events/index.ts';
import { moveExternalIds, releaseManyExternalIds, returnAliases, systemIdsOf } from '../external-ids/index.ts';
import { findWithMemberships } from '../memberships/index.ts';
import { deleteUsers, findEmailHolders, lockUsers, updateUsers } from '../users/index.ts';
import type { UserRestore } from './restore.ts';
import { leave, type Undo, type UndoRecord, untouched } from './undo.ts';
import { planRenaming } from './undo-identity.ts';

/** Undoes what an import did to users: removes those it made, gives the others what they had. */
export async function undoUsers(undo: Undo, records: readonly UndoRecord<UserRestore>[]): Promise<void> {
  const { tx, context, outcomes, events } = undo;
  const { environmentId } = context;
  const stored = await lockUsers(tx, environmentId, records.map(({ id }) => id).sort());
  const found = untouched(undo, records, stored, ({ user }) => user.version);

  const made = found.filter(({ record }) => record.isNew);
  const members = await findWithMemberships(
    tx,
    environmentId,
    'user_id',
    made.map(({ record }) => record.id),
  );
  for (const { record } of made) if (members.has(record.id)) leave(undo, record.id, 'in_use', 'they have memberships that the undo leaves');
  const removed = made.filter(({ record }) => !members.has(record.id));
  const removedIds = removed.map(({ record }) => record.id);
  await releaseManyExternalIds(tx, environmentId, 'user', removedIds);
  await deleteUsers(tx, environmentId, removedIds);
  for (const { record, now } of removed) {
    outcomes.set(record.id, { result: 'removed' });
    events.push(eventOf('user.deleted', 'user', now.user, undefined));
  }

  const changed = found.flatMap(({ record, now }) => {
    const state = record.before?.state;
    if (state === undefined) return [];
    const names = ({ fields }: Pick<typeof now, 'fields'>) => ({ ids: systemIdsOf(fields), key: fields.email.key });
    return [{ id: record.id, now: names(now), wanted: names(state), state, user: now.user }];
  });
  const waves = await planRenaming(undo, 'user', changed, (keys) => findEmailHolders(tx, environmentId, keys));
  const restored = waves.flat();
  await moveExternalIds(
    tx,
    environmentId,
    'user',
    restored.map(({ id, now, wanted }) => ({ recordId: id, before: now.ids, after: wanted.ids })),
    0,
  );
  for (const wave of waves) {
    const written = await updateUsers(
      tx,
      environmentId,
      wave.map(({ id, state }) => ({ ...state, id })),
    );
    for (const { id, user } of wave) {
      outcomes.set(id, { result: 'restored' });
      events.push(eventOf('user.updated', 'user', user, written.get(id)));
    }
  }
  const undone = new Set([...removedIds, ...restored.map(({ id }) => id)]);
  const aliases = records.flatMap(({ id, rows }) => (undone.has(id) ? rows.flatMap(({ restore }) => restore?.aliases ?? []) : []));
  await returnAliases(tx, environmentId, 'user', aliases);
}
