import type {
  CreateUser,
  CreateUserAndMembership,
  JsonValue,
  UpdateUser,
  UpsertUserAnswer,
  User,
  UserAndMembershipAnswer,
} from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { Condition, Page, PageRequest } from '../database/page-query.ts';
import type { Reads } from '../database/reads.ts';
import { roundsOf, shareTransactions } from '../database/sharing.ts';
import { uniqueViolation } from '../database/sql-error.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf, type NewEvent } from '../events/index.ts';
import {
  type ExternalKey,
  type Found,
  foundById,
  keptByExternalId,
  keptById,
  moveExternalIds,
  notFound,
  parseExternalId,
  type RecordReference,
  releaseExternalIds,
  requireOrganization,
  resolveReference,
  resolveReferences,
  systemIdsOf,
  upsertBy,
  withKey,
} from '../external-ids/index.ts';
import { inChange, inChanges } from '../idempotency/index.ts';
import { invalid } from '../lib/api-error.ts';
import { emailKey, parseEmail } from '../lib/email.ts';
import { databaseId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { requireText } from '../lib/text.ts';
import {
  addMembership,
  deleteMembershipsOf,
  findMembership,
  invitationWanted,
  namingMissing,
  newMembership,
} from '../memberships/index.ts';
import {
  changeOf,
  checkStored,
  compileRecordFilter,
  keyReplacement,
  type MetadataUpdate,
  metadataPatch,
  metadataReplacement,
} from '../metadata/index.ts';
import { answerForm, emailTaken, type NewUser, newUser, patchFields } from './user.ts';
import { changeUsers, insertUsers, lockUsers } from './user-bulk-store.ts';
import {
  conditionOf,
  deleteUser,
  findEmailHolder,
  findUsers,
  findUsersByExternalId,
  listUsers,
  lockUser,
  type UsersQuery,
} from './user-store.ts';

/** What a list of users is narrowed by, as it was sent. */
interface ListUsers {
  filter?: string | undefined;
  externalId?: string | undefined;
  email?: string | undefined;
  search?: string | undefined;
}

/** The same, of all users or the members of an organization (database ID). */
type ListUsersOf = ListUsers & { organizationId?: string | undefined };

/** How an update changes the metadata of a user, and that of their profile; the profile's is patched with it if nothing is given. */
interface UserMetadataUpdates {
  user: MetadataUpdate;
  profile?: MetadataUpdate;
}

/** A user who is to be made. `shape` makes of them what is answered, which an idempotent retry repeats. */
interface Creation {
  context: RequestContext;
  created: NewUser;
  shape: (user: User) => unknown;
}

/** A change of a user. `shape` makes of them what is answered, which an idempotent retry repeats. */
interface Change {
  context: RequestContext;
  reference: RecordReference;
  body: UpdateUser;
  metadata: UserMetadataUpdates;
  preconditions: Preconditions;
  shape: (found: Found<User>) => unknown;
}

/** The use cases of users. Each change and its events are one transaction. */
export class UserService {
  readonly #pool: pg.Pool;
  readonly #reads: Reads;
  readonly #ids: IdGenerator;
  readonly #aliasDays: number;
  readonly #findById;
  readonly #findByExternalId;
  readonly #make;
  readonly #apply;

  constructor({ pool, reads, ids, aliasDays }: { pool: pg.Pool; reads: Reads; ids: IdGenerator; aliasDays: number }) {
    this.#pool = pool;
    this.#reads = reads;
    this.#ids = ids;
    this.#aliasDays = aliasDays;
    this.#findById = reads.lookUps(foundById(findUsers), keptById(answerForm));
    this.#findByExternalId = reads.lookUps(findUsersByExternalId, keptByExternalId(answerForm));
    this.#make = shareTransactions(
      (creations: readonly Creation[]) => inChanges(pool, creations, (tx) => this.#insert(tx, creations)),
      ({ context }) => context.environmentId,
    );
    this.#apply = shareTransactions(
      (changes: readonly Change[]) => inChanges(pool, changes, (tx) => this.#update(tx, changes)),
      // What another record or a version may stand in the way of is often refused, and what is refused alone.
      ({ context, body: { external_id: id, external_ids: ids, email }, preconditions }) =>
        [id, ids, email, ...Object.values(preconditions)].every((named) => named === undefined) ? context.environmentId : undefined,
    );
  }

  /** The user and how they were found; 404 if there is none. */
  async get(context: RequestContext, reference: RecordReference): Promise<Found<User>> {
    const found = await this.#find(context, reference);
    if (found === undefined) throw notFound('user', reference);
    return found;
  }

  /** The user, if they are a member of the organization (database ID); 404 otherwise, the same as if there were none. */
  async getMember(context: RequestContext, organizationId: string, reference: RecordReference): Promise<Found<User>> {
    const found = await this.#find(context, reference);
    if (found === undefined) throw notFound('user', reference);
    const { id } = found.record;
    const membership = await this.#reads.run(context, (db) => findMembership(db, context.environmentId, organizationId, databaseId(id)));
    if (membership === undefined) throw notFound('user', reference);
    return found;
  }

  #find(context: RequestContext, reference: RecordReference): Promise<Found<User> | undefined> {
    const { environmentId } = context;
    if ('id' in reference) return this.#findById(context, { environmentId, id: reference.id });
    return this.#findByExternalId(context, { environmentId, system: reference.system, value: reference.value });
  }

  /** One page, narrowed by organization (database ID), a metadata filter, an external ID, an address or a search text. */
  async list(context: RequestContext, query: ListUsersOf, page: PageRequest): Promise<Page<User>> {
    const { environmentId } = context;
    return this.#reads.run(context, async (db) => listUsers(db, environmentId, await queryOf(db, environmentId, query), page));
  }

  /** One page of the users of an organization (database ID); 404 if there is no such organization. */
  async listOf(context: RequestContext, organizationId: string, query: ListUsers, page: PageRequest): Promise<Page<User>> {
    await this.#reads.run(context, (db) => requireOrganization(db, context.environmentId, organizationId));
    return this.list(context, { ...query, organizationId }, page);
  }

  /** Makes a user; 409 when the address or an external ID is another's. */
  create(context: RequestContext, body: CreateUser): Promise<User> {
    return this.#create(context, newUser(body), (user) => user);
  }

  /** Makes a user and their first membership together, or neither. `organizationId` is a database ID. */
  createWithMembership(context: RequestContext, organizationId: string, body: CreateUserAndMembership): Promise<UserAndMembershipAnswer> {
    const { membership, send_invitation_email: invite, ...user } = body;
    const wanted = invitationWanted(invite, membership?.send_invitation_email);
    const added = newMembership({ ...membership, send_invitation_email: wanted ?? true }, 'membership.');
    const created = newUser(user);
    return namingMissing(organizationId, { id: '' }, () =>
      this.#namingEmailHolder(context.environmentId, created.fields.email.key, () =>
        inChange(this.#pool, context, async (tx) => {
          const [made] = await this.#insert(tx, [{ context, created }]);
          if (made === undefined) throw new Error('a user who was written did not come back');
          const result = await addMembership(tx, context, this.#ids, organizationId, databaseId(made.id), added);
          return { user: { ...made, memberships: [result.membership] }, ...result };
        }),
      ),
    );
  }

  /** `shape` makes the result of the use case, which an idempotent retry repeats. */
  async #create<Result>(context: RequestContext, created: NewUser, shape: (user: User) => Result): Promise<Result> {
    return this.#namingEmailHolder(context.environmentId, created.fields.email.key, async () =>
      shape(await this.#make({ context, created, shape })),
    );
  }

  /** Makes users of one environment, with their external IDs and events. */
  async #insert(tx: pg.PoolClient, creations: readonly Pick<Creation, 'context' | 'created'>[]): Promise<readonly User[]> {
    const [first] = creations;
    if (first === undefined) return [];
    const { environmentId } = first.context;
    const states = creations.map(({ created }) => ({ id: this.#ids.next(), ...created }));
    const claims = states.map(({ id, fields }) => ({ recordId: id, before: new Map(), after: systemIdsOf(fields) }));
    await moveExternalIds(tx, environmentId, 'user', claims, this.#aliasDays);
    const inserted = await insertUsers(tx, environmentId, states);
    const users = states.map(({ id }) => {
      const user = inserted.get(id);
      if (user === undefined) throw new Error('a user who was written did not come back');
      return user;
    });
    const events = users.map((user, index) => ({
      ...eventOf('user.created', 'user', undefined, user),
      by: (creations[index] ?? first).context,
    }));
    await appendEvents(tx, first.context, this.#ids, events);
    return users;
  }

  /** Changes what the body names; its metadata merges, unless other changes of metadata are given. */
  update(
    context: RequestContext,
    reference: RecordReference,
    body: UpdateUser,
    preconditions: Preconditions,
    metadata: UserMetadataUpdates = { user: metadataPatch(body.metadata) },
  ): Promise<Found<User>> {
    return this.#change(context, reference, body, metadata, preconditions, (found) => found);
  }

  /** Puts other metadata in place of all that is there. */
  replaceMetadata(
    context: RequestContext,
    reference: RecordReference,
    metadata: Record<string, unknown>,
    preconditions: Preconditions,
  ): Promise<Found<User>> {
    return this.#change(context, reference, {}, { user: metadataReplacement(metadata) }, preconditions, (found) => found);
  }

  /** Sets one key of the metadata as a whole, or removes it: undefined. */
  setMetadataKey(
    context: RequestContext,
    reference: RecordReference,
    key: string,
    value: JsonValue | undefined,
    preconditions: Preconditions,
  ): Promise<Found<User>> {
    return this.#change(context, reference, {}, { user: keyReplacement(key, value) }, preconditions, (found) => found);
  }

  async #change<Result>(
    context: RequestContext,
    reference: RecordReference,
    body: UpdateUser,
    metadata: UserMetadataUpdates,
    preconditions: Preconditions,
    shape: (found: Found<User>) => Result,
  ): Promise<Result> {
    const { environmentId } = context;
    return this.#namingEmailHolder(environmentId, body.email === undefined ? undefined : parseEmail(body.email).key, async () =>
      shape(await this.#apply({ context, reference, body, metadata, preconditions, shape })),
    );
  }

  /** Makes changes of users of one environment, in their order, with their events. */
  async #update(tx: pg.PoolClient, changes: readonly Change[]): Promise<readonly Found<User>[]> {
    const [first] = changes;
    if (first === undefined) return [];
    const { environmentId } = first.context;
    const references = changes.map(({ reference }) => reference);
    const resolved = await resolveReferences(tx, environmentId, 'user', references);
    const ids = resolved.map(({ id }) => id);
    const current = await lockUsers(tx, environmentId, [...new Set(ids)]);
    const results = new Map<number, User>();
    const events: NewEvent[] = [];
    for (const round of roundsOf(ids)) {
      const wanted = round.map((place) => {
        const { context, reference, body, metadata, preconditions } = changes[place] ?? first;
        const before = current.get(ids[place] ?? '');
        if (before === undefined) throw notFound('user', reference);
        requireVersion(preconditions, before.user);
        const fields = patchFields(before.fields, body, metadata.profile);
        return { id: ids[place] ?? '', place, context, before, fields, metadata: changeOf(metadata.user, before.user.metadata) };
      });
      const moves = wanted.map(({ id, before, fields }) => ({
        recordId: id,
        before: systemIdsOf(before.fields),
        after: systemIdsOf(fields),
      }));
      await moveExternalIds(tx, environmentId, 'user', moves, this.#aliasDays);
      const changed = await changeUsers(tx, environmentId, wanted);
      for (const { id, place, context, before, fields } of wanted) {
        const after = changed.get(id);
        results.set(place, after ?? before.user);
        if (after === undefined) continue;
        checkStored(after.metadata);
        current.set(id, { user: after, fields });
        events.push({ ...eventOf('user.updated', 'user', before.user, after), by: context });
      }
    }
    await appendEvents(tx, first.context, this.#ids, events);
    return resolved.map(({ matchedBy }, place) => {
      const record = results.get(place);
      if (record === undefined) throw new Error('a change has no result');
      return { record, matchedBy };
    });
  }

  /**
   * Creates the user who has this external ID, or updates them. Of a thousand at once one creates: the others
   * find the ID claimed, and update. 412 when a precondition forbids what is needed.
   */
  async upsert(context: RequestContext, key: ExternalKey, body: UpdateUser, preconditions: Preconditions): Promise<UpsertUserAnswer> {
    return upsertBy(this.#pool, context, 'user', key, preconditions, {
      find: () => this.#find(context, key),
      update: ({ record: { id }, matchedBy }) =>
        this.#change(context, { id: databaseId(id) }, body, { user: metadataPatch(body.metadata) }, preconditions, ({ record }) => ({
          user: record,
          created: false,
          matched_by: matchedBy,
        })),
      create: async () => {
        const created = newUser(withKey({ ...body, email: emailOf(body) }, key));
        return this.#create(context, created, (user) => ({ user, created: true }));
      },
    });
  }

  /** Removes a user, their memberships and their external IDs. */
  async delete(context: RequestContext, reference: RecordReference, preconditions: Preconditions): Promise<void> {
    const { environmentId } = context;
    await inChange(this.#pool, context, async (tx) => {
      const id = await resolveReference(tx, environmentId, 'user', reference);
      const locked = await lockUser(tx, environmentId, id);
      if (locked === undefined) throw notFound('user', reference);
      requireVersion(preconditions, locked.user);
      await removeUser(tx, context, this.#ids, locked.user);
    });
  }

  /** Turns the database's "this address is taken" into the answer that names the holder. */
  async #namingEmailHolder<Result>(environmentId: string, key: string | undefined, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (uniqueViolation(error) !== 'users_email_key' || key === undefined) throw error;
      throw emailTaken(await findEmailHolder(this.#pool, environmentId, key));
    }
  }
}

/** Those that a list has, as SQL, for who reads all of them; 400 names what is wrong with the query, 404 the organization that is not there. */
export async function usersWanted(db: Queryable, environmentId: string, query: ListUsersOf): Promise<Condition> {
  if (query.organizationId !== undefined) await requireOrganization(db, environmentId, query.organizationId);
  return conditionOf(environmentId, await queryOf(db, environmentId, query));
}

async function queryOf(db: Queryable, environmentId: string, query: ListUsersOf): Promise<UsersQuery> {
  if (query.externalId !== undefined) parseExternalId(query.externalId);
  if (query.search !== undefined) requireText(query.search, 'data', 'query');
  const filter = query.filter === undefined ? undefined : await compileRecordFilter(db, environmentId, 'user', query.filter, 2);
  // Nobody can have an address that is not valid; the empty key is nobody's.
  return { ...query, filter, emailKey: query.email === undefined ? undefined : (emailKey(query.email) ?? '') };
}

/** Removes a locked user within a change: their memberships, their external IDs, the record, each with its event. */
export async function removeUser(tx: pg.PoolClient, context: RequestContext, ids: IdGenerator, user: User): Promise<void> {
  const { environmentId } = context;
  const id = databaseId(user.id);
  await deleteMembershipsOf(tx, context, ids, { userId: id });
  await releaseExternalIds(tx, environmentId, 'user', id);
  await deleteUser(tx, environmentId, id);
  await appendEvents(tx, context, ids, [eventOf('user.deleted', 'user', user, undefined)]);
}

function emailOf({ email }: UpdateUser): string {
  if (email === undefined) throw invalid('email', 'is required, as there is no such user yet', 'required');
  return email;
}
