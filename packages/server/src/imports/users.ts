import type { UserRow } from '@crosswalk/contract';
import { eventOf } from '../events/index.ts';
import { moveExternalIds, notFound, type SystemIds, systemIdsOf } from '../external-ids/index.ts';
import { ApiError, invalid } from '../lib/api-error.ts';
import { formatId, requireId } from '../lib/id.ts';
import { mergeMetadata, newMetadata } from '../metadata/index.ts';
import { findEmailHolders, insertUsers, lockUsers, newUser, patchUser, type UserState, updateUsers } from '../users/index.ts';
import {
  type Batch,
  checkMode,
  deciding,
  findByKeys,
  holdersOf,
  isFreeOf,
  type PendingRow,
  record,
  sameJson,
  settle,
  textOf,
} from './batch.ts';
import { inOrder, tellApart, withoutTakenIds } from './identity.ts';
import { claimedAliases } from './restore.ts';

type Pending = PendingRow<UserRow>;
type LockedUser = Awaited<ReturnType<typeof lockUsers>> extends Map<string, infer Locked> ? Locked : never;

interface Change {
  pending: Pending;
  before: LockedUser | undefined;
  after: UserState;
}

/**
 * Puts in rows of users that name different things. Returns those that turn out to mean who a row before them means, which is among them or
 * `ahead` of them and waits: they are next.
 */
export async function putUsers(batch: Batch, rows: readonly Pending[], ahead: readonly Pending[]): Promise<Pending[]> {
  if (rows.length === 0) return [];
  const { tx, context, aliasDays } = batch;
  const { environmentId } = context;
  const all = inOrder(rows, ahead);
  const holders = await holdersOf(
    batch,
    'user',
    all.flatMap(({ keys }) => keys.externalIds),
  );
  const addresses = await findEmailHolders(
    tx,
    environmentId,
    all.flatMap(({ keys: { email } }) => email ?? []),
  );

  const { meant, later, touched } = tellApart(batch, rows, ahead, ({ row, keys: { externalIds, email } }) => {
    const byEmail = addresses.get(email ?? '');
    return {
      id: findByKeys(row.id === undefined ? undefined : requireId('usr', row.id), externalIds, holders) ?? byEmail,
      others: [...externalIds.map((key) => holders.get(textOf(key))?.recordId), byEmail],
    };
  });
  const locked = await lockUsers(tx, environmentId, touched);
  const changes: Change[] = [];
  for (const { pending, id } of meant) {
    const { row, keys } = pending;
    const before = id === undefined ? undefined : locked.get(id);
    const decided = deciding(batch, pending, () => {
      if (row.id !== undefined && before === undefined) throw notFound('user', { id: id ?? '' });
      checkMode(batch, 'user', before?.user.id);
      const own = before === undefined ? undefined : id;
      const { kind: _kind, id: _id, ref: _ref, metadata: patch, email, ...fields } = withoutTakenIds(batch, pending, own, holders);
      const holder = addresses.get(keys.email ?? '');
      if (email !== undefined && holder !== undefined && holder !== own) throw emailTaken(holder);
      if (before !== undefined) {
        const body = email === undefined ? fields : { ...fields, email };
        const metadata = patch === undefined ? before.user.metadata : mergeMetadata(before.user.metadata, patch, 'metadata');
        return { fields: patchUser(before.fields, body), metadata };
      }
      if (email === undefined) throw invalid('email', 'is required, as there is no such user yet', 'required');
      return { ...newUser({ ...fields, email }), metadata: newMetadata(patch) };
    });
    if (decided === undefined) continue;
    if (before !== undefined && id !== undefined && isSame(before, decided)) settle(batch, pending, 'unchanged', id, before.user.version);
    else changes.push({ pending, before, after: { ...decided, id: before === undefined ? pending.newId : (id ?? '') } });
  }

  batch.freesNames ||= changes.some(({ before, after }) => before !== undefined && losesName(before, after));
  await moveExternalIds(
    tx,
    environmentId,
    'user',
    changes.map(({ before, after }) => ({
      recordId: after.id,
      before: idsOf(before),
      after: systemIdsOf(after.fields),
    })),
    aliasDays,
    isFreeOf(batch, holders),
  );
  const isNew = ({ before }: Change) => before === undefined;
  const inserted = await insertUsers(
    tx,
    environmentId,
    changes.filter(isNew).map(({ after }) => after),
  );
  const updated = await updateUsers(
    tx,
    environmentId,
    changes.filter((change) => !isNew(change)).map(({ after }) => after),
  );
  for (const { pending, before, after: state } of changes) {
    const { id } = state;
    const after = inserted.get(id) ?? updated.get(id);
    if (after === undefined) throw new Error('a user who was written did not come back');
    settle(batch, pending, before === undefined ? 'created' : 'updated', id, after.version, {
      version: before?.user.version ?? null,
      ...(before === undefined ? {} : { state: { fields: before.fields, metadata: before.user.metadata } }),
      aliases: claimedAliases(holders, textOf, idsOf(before), systemIdsOf(state.fields)),
    });
    if (before === undefined) batch.madeUsers.add(id);
    const type = before === undefined ? 'user.created' : 'user.updated';
    record(batch, pending, eventOf(type, 'user', before?.user, after), before === undefined ? null : after.id);
  }
  return later;
}

function idsOf(before: LockedUser | undefined): SystemIds {
  return before === undefined ? new Map() : systemIdsOf(before.fields);
}

function losesName(before: LockedUser, { fields }: UserState): boolean {
  const kept = systemIdsOf(fields);
  return before.fields.email.key !== fields.email.key || [...systemIdsOf(before.fields)].some(([system, id]) => kept.get(system) !== id);
}

function emailTaken(holder: string): ApiError {
  const description = `another user (${formatId('usr', holder)}) has this address`;
  return new ApiError('EMAIL_TAKEN', `email: ${description}`, { violations: [{ field: 'email', description, constraint: 'unique' }] });
}

function isSame({ fields: before, user }: LockedUser, { fields, metadata }: Omit<UserState, 'id'>): boolean {
  return (
    before.email.address === fields.email.address &&
    before.external_id === fields.external_id &&
    sameJson(before.external_ids, fields.external_ids) &&
    sameJson(before.profile, fields.profile) &&
    sameJson(user.metadata, metadata)
  );
}
