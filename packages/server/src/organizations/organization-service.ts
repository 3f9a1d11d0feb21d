import type { CreateOrganization, JsonValue, Organization, UpdateOrganization, UpsertOrganizationAnswer } from '@crosswalk/contract';
import type pg from 'pg';
import { endTokensOf } from '../api-tokens/index.ts';
import { deleteClientsOf } from '../clients/index.ts';
import type { Queryable } from '../database/connection.ts';
import type { Condition, Page, PageRequest } from '../database/page-query.ts';
import type { Reads } from '../database/reads.ts';
import { roundsOf, shareTransactions } from '../database/sharing.ts';
import { uniqueViolation } from '../database/sql-error.ts';
import { deleteDomainsOf } from '../domains/index.ts';
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
  resolveReference,
  resolveReferences,
  systemIdsOf,
  upsertBy,
  withKey,
} from '../external-ids/index.ts';
import { inChange, inChanges } from '../idempotency/index.ts';
import { invalid } from '../lib/api-error.ts';
import { databaseId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { requireText } from '../lib/text.ts';
import { deleteMembershipsOf } from '../memberships/index.ts';
import {
  changeOf,
  checkStored,
  compileRecordFilter,
  keyReplacement,
  type MetadataUpdate,
  metadataPatch,
  metadataReplacement,
} from '../metadata/index.ts';
import { deleteRolesOf } from '../roles/index.ts';
import { answerForm, type NewOrganization, newOrganization, patchFields, slugTaken } from './organization.ts';
import { changeOrganizations, insertOrganizations, lockOrganizations } from './organization-bulk-store.ts';
import { unsetSettings } from './organization-settings.ts';
import {
  conditionOf,
  deleteOrganization,
  findOrganizations,
  findOrganizationsByExternalId,
  findSlugHolder,
  listOrganizations,
  lockOrganization,
  type OrganizationsQuery,
} from './organization-store.ts';

/** What a list of organizations is narrowed by, as it was sent. */
interface ListOrganizations {
  filter?: string | undefined;
  externalId?: string | undefined;
  slug?: string | undefined;
  search?: string | undefined;
}

/** An organization that is to be made. `shape` makes of it what is answered, which an idempotent retry repeats. */
interface Creation {
  context: RequestContext;
  created: NewOrganization;
  shape: (organization: Organization) => unknown;
}

/** A change of an organization. `shape` makes of it what is answered, which an idempotent retry repeats. */
interface Change {
  context: RequestContext;
  reference: RecordReference;
  body: UpdateOrganization;
  metadata: MetadataUpdate;
  preconditions: Preconditions;
  shape: (found: Found<Organization>) => unknown;
}

/** The use cases of organizations. Each change and its event are one transaction. */
export class OrganizationService {
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
    this.#findById = reads.lookUps(foundById(findOrganizations), keptById(answerForm));
    this.#findByExternalId = reads.lookUps(findOrganizationsByExternalId, keptByExternalId(answerForm));
    this.#make = shareTransactions(
      (creations: readonly Creation[]) => inChanges(pool, creations, (tx) => this.#insert(tx, creations)),
      ({ context }) => context.environmentId,
    );
    this.#apply = shareTransactions(
      (changes: readonly Change[]) => inChanges(pool, changes, (tx) => this.#update(tx, changes)),
      // What another record or a version may stand in the way of is often refused, and what is refused alone.
      ({ context, body: { external_id: id, external_ids: ids, slug }, preconditions }) =>
        [id, ids, slug, ...Object.values(preconditions)].every((named) => named === undefined) ? context.environmentId : undefined,
    );
  }

  /** The organization and how it was found; 404 if there is none. */
  async get(context: RequestContext, reference: RecordReference): Promise<Found<Organization>> {
    const found = await this.#find(context, reference);
    if (found === undefined) throw notFound('organization', reference);
    return found;
  }

  #find(context: RequestContext, reference: RecordReference): Promise<Found<Organization> | undefined> {
    const { environmentId } = context;
    if ('id' in reference) return this.#findById(context, { environmentId, id: reference.id });
    return this.#findByExternalId(context, { environmentId, system: reference.system, value: reference.value });
  }

  /** One page, narrowed by a metadata filter, an external ID, a slug or a search text. */
  async list(context: RequestContext, query: ListOrganizations, page: PageRequest): Promise<Page<Organization>> {
    const { environmentId } = context;
    return this.#reads.run(context, async (db) => listOrganizations(db, environmentId, await queryOf(db, environmentId, query), page));
  }

  /** Makes an organization; 409 when an external ID or the slug is another's. */
  create(context: RequestContext, body: CreateOrganization): Promise<Organization> {
    return this.#create(context, newOrganization(body), (organization) => organization);
  }

  /** `shape` makes the result of the use case, which an idempotent retry repeats. */
  async #create<Result>(context: RequestContext, created: NewOrganization, shape: (organization: Organization) => Result): Promise<Result> {
    return this.#namingSlugHolder(context.environmentId, created.fields, async () => shape(await this.#make({ context, created, shape })));
  }

  /** Makes organizations of one environment, with their external IDs and events. */
  async #insert(tx: pg.PoolClient, creations: readonly Creation[]): Promise<readonly Organization[]> {
    const [first] = creations;
    if (first === undefined) return [];
    const { environmentId } = first.context;
    const states = creations.map(({ created }) => ({ id: this.#ids.next(), ...created, settings: unsetSettings, defaultMemberRole: null }));
    const claims = states.map(({ id, fields }) => ({ recordId: id, before: new Map(), after: systemIdsOf(fields) }));
    await moveExternalIds(tx, environmentId, 'organization', claims, this.#aliasDays);
    const inserted = await insertOrganizations(tx, environmentId, states);
    const organizations = states.map(({ id }) => {
      const organization = inserted.get(id);
      if (organization === undefined) throw new Error('an organization that was written did not come back');
      return organization;
    });
    const events = organizations.map((organization, index) => ({
      ...eventOf('organization.created', 'organization', undefined, organization),
      by: (creations[index] ?? first).context,
    }));
    await appendEvents(tx, first.context, this.#ids, events);
    return organizations;
  }

  /** Changes what the body names; its metadata merges, unless another change of metadata is given. */
  update(
    context: RequestContext,
    reference: RecordReference,
    body: UpdateOrganization,
    preconditions: Preconditions,
    metadata: MetadataUpdate = metadataPatch(body.metadata),
  ): Promise<Found<Organization>> {
    return this.#change(context, reference, body, metadata, preconditions, (found) => found);
  }

  /** Puts other metadata in place of all that is there. */
  replaceMetadata(
    context: RequestContext,
    reference: RecordReference,
    metadata: Record<string, unknown>,
    preconditions: Preconditions,
  ): Promise<Found<Organization>> {
    return this.#change(context, reference, {}, metadataReplacement(metadata), preconditions, (found) => found);
  }

  /** Sets one key of the metadata as a whole, or removes it: undefined. */
  setMetadataKey(
    context: RequestContext,
    reference: RecordReference,
    key: string,
    value: JsonValue | undefined,
    preconditions: Preconditions,
  ): Promise<Found<Organization>> {
    return this.#change(context, reference, {}, keyReplacement(key, value), preconditions, (found) => found);
  }

  async #change<Result>(
    context: RequestContext,
    reference: RecordReference,
    body: UpdateOrganization,
    metadata: MetadataUpdate,
    preconditions: Preconditions,
    shape: (found: Found<Organization>) => Result,
  ): Promise<Result> {
    return this.#namingSlugHolder(context.environmentId, body, async () =>
      shape(await this.#apply({ context, reference, body, metadata, preconditions, shape })),
    );
  }

  /** Makes changes of organizations of one environment, in their order, with their events. */
  async #update(tx: pg.PoolClient, changes: readonly Change[]): Promise<readonly Found<Organization>[]> {
    const [first] = changes;
    if (first === undefined) return [];
    const { environmentId } = first.context;
    const references = changes.map(({ reference }) => reference);
    const resolved = await resolveReferences(tx, environmentId, 'organization', references);
    const ids = resolved.map(({ id }) => id);
    const current = await lockOrganizations(tx, environmentId, [...new Set(ids)]);
    const results = new Map<number, Organization>();
    const events: NewEvent[] = [];
    for (const round of roundsOf(ids)) {
      const wanted = round.map((place) => {
        const { context, reference, body, metadata, preconditions } = changes[place] ?? first;
        const before = current.get(ids[place] ?? '');
        if (before === undefined) throw notFound('organization', reference);
        requireVersion(preconditions, before);
        const fields = patchFields(before, body);
        return { id: ids[place] ?? '', place, context, before, fields, metadata: changeOf(metadata, before.metadata) };
      });
      const moves = wanted.map(({ id, before, fields }) => ({ recordId: id, before: systemIdsOf(before), after: systemIdsOf(fields) }));
      await moveExternalIds(tx, environmentId, 'organization', moves, this.#aliasDays);
      const changed = await changeOrganizations(tx, environmentId, wanted);
      for (const { id, place, context, before } of wanted) {
        const after = changed.get(id);
        results.set(place, after ?? before);
        if (after === undefined) continue;
        checkStored(after.metadata);
        current.set(id, after);
        events.push({ ...eventOf('organization.updated', 'organization', before, after), by: context });
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
   * Creates the organization that has this external ID, or updates it. Of a thousand at once one creates: the
   * others find the ID claimed, and update. 412 when a precondition forbids what is needed.
   */
  async upsert(
    context: RequestContext,
    key: ExternalKey,
    body: UpdateOrganization,
    preconditions: Preconditions,
  ): Promise<UpsertOrganizationAnswer> {
    return upsertBy(this.#pool, context, 'organization', key, preconditions, {
      find: () => this.#find(context, key),
      update: ({ record: { id }, matchedBy }) =>
        this.#change(context, { id: databaseId(id) }, body, metadataPatch(body.metadata), preconditions, ({ record }) => ({
          organization: record,
          created: false,
          matched_by: matchedBy,
        })),
      create: async () => {
        const created = newOrganization(withKey({ ...body, display_name: nameOf(body) }, key));
        return this.#create(context, created, (organization) => ({ organization, created: true }));
      },
    });
  }

  /** Removes an organization, its API tokens and clients, its memberships, its domains, its roles and its external IDs. Its users stay: they are people with IDs of their own. */
  async delete(context: RequestContext, reference: RecordReference, preconditions: Preconditions): Promise<void> {
    const { environmentId } = context;
    await inChange(this.#pool, context, async (tx) => {
      const id = await resolveReference(tx, environmentId, 'organization', reference);
      const organization = await lockOrganization(tx, environmentId, id);
      if (organization === undefined) throw notFound('organization', reference);
      requireVersion(preconditions, organization);
      // Memberships before the tokens that are left, as whoever ends one membership locks them: else the two could wait for each other.
      await deleteMembershipsOf(tx, context, this.#ids, { organizationId: id });
      await endTokensOf(tx, context, this.#ids, { organizationId: id });
      await deleteClientsOf(tx, context, this.#ids, id);
      await deleteRolesOf(tx, context, this.#ids, id);
      await deleteDomainsOf(tx, context, this.#ids, organization);
      await releaseExternalIds(tx, environmentId, 'organization', id);
      await deleteOrganization(tx, environmentId, id);
      await appendEvents(tx, context, this.#ids, [eventOf('organization.deleted', 'organization', organization, undefined)]);
    });
  }

  /** Turns the database's "this slug is taken" into the answer that names the holder. */
  async #namingSlugHolder<Result>(
    environmentId: string,
    { slug }: Pick<UpdateOrganization, 'slug'>,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (uniqueViolation(error) !== 'organizations_slug_key' || typeof slug !== 'string') throw error;
      throw slugTaken(slug, await findSlugHolder(this.#pool, environmentId, slug));
    }
  }
}

/** Those that a list has, as SQL, for who reads all of them; 400 names what is wrong with the query. */
export async function organizationsWanted(db: Queryable, environmentId: string, query: ListOrganizations): Promise<Condition> {
  return conditionOf(environmentId, await queryOf(db, environmentId, query));
}

async function queryOf(db: Queryable, environmentId: string, query: ListOrganizations): Promise<OrganizationsQuery> {
  if (query.externalId !== undefined) parseExternalId(query.externalId);
  if (query.search !== undefined) requireText(query.search, 'data', 'query');
  const filter = query.filter === undefined ? undefined : await compileRecordFilter(db, environmentId, 'organization', query.filter, 2);
  return { ...query, filter };
}

function nameOf({ display_name: name }: UpdateOrganization): string {
  if (name === undefined) throw invalid('display_name', 'is required, as there is no such organization yet', 'required');
  return name;
}
