import type { UserRow } from '@crosswalk/contract';
import { eventOf } from '../events/index.ts';
import { type Holder, moveExternalIds, notFound, type SystemIds, systemIdsOf } from '../external-ids/index.ts';
import { invalid } from '../lib/api-error.ts';
import { databaseId, formatId, requireId } from '../lib/id.ts';
import { mergeMetadata, newMetadata } from '../metadata/index.ts';
import {
  emailTaken,
  findEmailHolders,
  insertUsers,
  type LockedUser,
  lockUsers,
  newUser,
  patchUser,
  type UserState,
  updateUsers,
} from '../users/index.ts';
import { type Batch, checkMode, deciding, holdersOf, isFreeOf, type PendingRow, record, sameJson, settle, textOf } from './batch.ts';
import { findRecord, inOrder, type MeantRow, tellApart, withIdsToGive } from './identity.ts';
import { claimedAliases } from './restore.ts';

type Pending = PendingRow<UserRow>;

/** What rows name, as it stands. */
interface Known {
  /** who has which external ID, and which key of an address (a database ID) */
  holders: ReadonlyMap<string, Holder>;
  addresses: ReadonlyMap<string, string>;
  /** by database ID */
  locked: ReadonlyMap<string, LockedUser>;
}

interface Change {
  pending: Pending;
  before: LockedUser | undefined;
  after: UserState;
}

/** Puts in rows. Returns those that must wait for an earlier row about the same record (among these or in `ahead`). */
export async function putUsers(batch: Batch, rows: readonly Pending[], ahead: readonly Pending[]): Promise<Pending[]> {
  if (rows.length === 0) return [];
  const { meant, later, known } = await lookUp(batch, rows, ahead);
  const changes = meant.flatMap((row) => decide(batch, row, known));
  await write(batch, changes, known.holders);
  return later;
}

/** Finds who rows mean and name, and locks them. */
async function lookUp(
  batch: Batch,
  rows: readonly Pending[],
  ahead: readonly Pending[],
): Promise<{ meant: MeantRow<UserRow>[]; later: Pending[]; known: Known }> {
  const { tx, context } = batch;
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
  const { meant, later, existing } = tellApart(batch, rows, ahead, (pending) => ({
    id: findRecord(batch, pending, { holders, addresses }),
    others: [...pending.keys.externalIds.map((key) => holders.get(textOf(key))?.recordId), addresses.get(pending.keys.email ?? '')],
  }));
  const locked = await lockUsers(tx, environmentId, existing);
  return { meant, later, known: { holders, addresses, locked } };
}

/** The change that a row makes; none if it is rejected, put off, or changes nothing. */
function decide(batch: Batch, { pending, id }: MeantRow<UserRow>, known: Known): Change[] {
  const before = id === undefined ? undefined : known.locked.get(id);
  const state = deciding(batch, pending, () => stateAfter(batch, pending, before, known));
  if (state === undefined) return [];
  if (before !== undefined && isSame(before, state)) {
    settle(batch, pending, 'unchanged', databaseId(before.user.id), before.user.version);
    return [];
  }
  return [{ pending, before, after: { ...state, id: before === undefined ? pending.newId : databaseId(before.user.id) } }];
}

/** The user after a row. Throws the error of the row. */
function stateAfter(batch: Batch, pending: Pending, before: LockedUser | undefined, { holders, addresses }: Known): Omit<UserState, 'id'> {
  const { row, keys } = pending;
  if (row.id !== undefined && before === undefined) throw notFound('user', { id: requireId('usr', row.id) });
  checkMode(batch, 'user', before?.user.id);
  const own = before === undefined ? undefined : databaseId(before.user.id);
  const { kind: _kind, id: _id, ref: _ref, metadata: patch, email, ...fields } = withIdsToGive(batch, pending, own, holders);
  const holder = addresses.get(keys.email ?? '');
  if (email !== undefined && holder !== undefined && holder !== own) throw emailTaken(formatId('usr', holder));
  if (before !== undefined) {
    const body = email === undefined ? fields : { ...fields, email };
    const metadata = patch === undefined ? before.user.metadata : mergeMetadata(before.user.metadata, patch, 'metadata');
    return { fields: patchUser(before.fields, body), metadata };
  }
  if (email === undefined) throw invalid('email', 'is required, as there is no such user yet', 'required');
  return { ...newUser({ ...fields, email }), metadata: newMetadata(patch) };
}

/** Writes changes, and notes what their rows have come to. */
async function write(batch: Batch, changes: readonly Change[], holders: ReadonlyMap<string, Holder>): Promise<void> {
  const { tx, context, aliasDays } = batch;
  const { environmentId } = context;
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
      aliases: claimedAliases(holders, idsOf(before), systemIdsOf(state.fields)),
    });
    if (before === undefined) batch.madeUsers.add(id);
    const type = before === undefined ? 'user.created' : 'user.updated';
    record(batch, pending, eventOf(type, 'user', before?.user, after), before === undefined ? null : after.id);
  }
}

function idsOf(before: LockedUser | undefined): SystemIds {
  return before === undefined ? new Map() : systemIdsOf(before.fields);
}

function losesName(before: LockedUser, { fields }: UserState): boolean {
  const kept = systemIdsOf(fields);
  return before.fields.email.key !== fields.email.key || [...systemIdsOf(before.fields)].some(([system, id]) => kept.get(system) !== id);
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
