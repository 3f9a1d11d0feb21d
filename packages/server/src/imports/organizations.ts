import type { Organization, OrganizationRow } from '@crosswalk/contract';
import type { NewDomain } from '../domains/index.ts';
import { eventOf } from '../events/index.ts';
import { type Holder, moveExternalIds, notFound, type SystemIds, systemIdsOf } from '../external-ids/index.ts';
import { invalid } from '../lib/api-error.ts';
import { databaseId, formatId, requireId } from '../lib/id.ts';
import { mergeMetadata, newMetadata } from '../metadata/index.ts';
import {
  findSlugHolders,
  insertOrganizations,
  lockOrganizations,
  newOrganization,
  type OrganizationState,
  patchOrganization,
  patchSettings,
  slugTaken,
  unsetSettings,
  updateOrganizations,
} from '../organizations/index.ts';
import { lockRolesOf, unknownRole } from '../roles/index.ts';
import {
  type Batch,
  checkMode,
  deciding,
  holdersOf,
  isFreeOf,
  type PendingRow,
  record,
  sameJson,
  settle,
  textOf,
  waitsForOthers,
} from './batch.ts';
import { findRecord, inOrder, type MeantRow, tellApart, withIdsToGive } from './identity.ts';
import { addDomains, domainsToAdd, findDomains, type KnownDomains } from './organization-domains.ts';
import { claimedAliases } from './restore.ts';

type Pending = PendingRow<OrganizationRow>;

/** What rows name, as it stands. */
interface Known {
  /** who has which external ID, and which slug (a database ID) */
  holders: ReadonlyMap<string, Holder>;
  slugs: ReadonlyMap<string, string>;
  /** by database ID */
  locked: ReadonlyMap<string, Organization>;
  /** `organization ID/name`; ID 0: of the environment */
  roles: ReadonlySet<string>;
  domains: KnownDomains;
}

interface Change {
  pending: Pending;
  before: Organization | undefined;
  after: OrganizationState;
  /** whether anything of the organization itself differs */
  differs: boolean;
  /** those that the row adds */
  domains: NewDomain[];
}

/** Puts in rows. Returns those that must wait for an earlier row about the same record (among these or in `ahead`). */
export async function putOrganizations(batch: Batch, rows: readonly Pending[], ahead: readonly Pending[]): Promise<Pending[]> {
  if (rows.length === 0) return [];
  const { meant, later, known } = await lookUp(batch, rows, ahead);
  const changes = meant.flatMap((row) => decide(batch, row, known));
  await write(batch, changes, known.holders);
  return later;
}

/** Finds what rows mean and name, and locks it. */
async function lookUp(
  batch: Batch,
  rows: readonly Pending[],
  ahead: readonly Pending[],
): Promise<{ meant: MeantRow<OrganizationRow>[]; later: Pending[]; known: Known }> {
  const { tx, context } = batch;
  const { environmentId } = context;
  const all = inOrder(rows, ahead);
  const holders = await holdersOf(
    batch,
    'organization',
    all.flatMap(({ keys }) => keys.externalIds),
  );
  const slugs = await findSlugHolders(
    tx,
    environmentId,
    all.flatMap(({ row }) => row.slug || []),
  );
  const { meant, later, existing } = tellApart(batch, rows, ahead, (pending) => ({
    id: findRecord(batch, pending, { holders }),
    others: [...pending.keys.externalIds.map((key) => holders.get(textOf(key))?.recordId), slugs.get(pending.row.slug ?? '')],
  }));
  const locked = await lockOrganizations(tx, environmentId, existing);
  const roles = await lockRolesOf(tx, environmentId, existing, [
    ...new Set(meant.flatMap(({ pending: { row } }) => row.default_member_role ?? [])),
  ]);
  const domains = await findDomains(
    batch,
    meant.map(({ pending: { row } }) => row),
    existing,
  );
  return { meant, later, known: { holders, slugs, locked, roles, domains } };
}

/** The change that a row makes; none if it is rejected, put off, or changes nothing. */
function decide(batch: Batch, { pending, id }: MeantRow<OrganizationRow>, known: Known): Change[] {
  const before = id === undefined ? undefined : known.locked.get(id);
  const decided = deciding(batch, pending, () => stateAfter(batch, pending, before, known));
  if (decided === undefined) return [];
  const { domains, ...state } = decided;
  const differs = before === undefined || !isSame(before, state);
  if (before !== undefined && !differs && domains.length === 0) {
    settle(batch, pending, 'unchanged', databaseId(before.id), before.version);
    return [];
  }
  return [{ pending, before, after: { ...state, id: before === undefined ? pending.newId : databaseId(before.id) }, differs, domains }];
}

/** The organization after a row, and the domains that it adds. Throws the error of the row. */
function stateAfter(
  batch: Batch,
  pending: Pending,
  before: Organization | undefined,
  { holders, slugs, roles, domains: knownDomains }: Known,
): Omit<OrganizationState, 'id'> & { domains: NewDomain[] } {
  const { row } = pending;
  if (row.id !== undefined && before === undefined) throw notFound('organization', { id: requireId('org', row.id) });
  checkMode(batch, 'organization', before?.id);
  const own = before === undefined ? undefined : databaseId(before.id);
  const allowed = withoutOthers(batch, pending, own, holders, slugs);
  const { kind: _kind, id: _id, ref: _ref, metadata: patch, display_name: name, settings = {}, ...others } = allowed;
  const { default_member_role: role, domains: _domains, ...fields } = others;
  if (typeof role === 'string' && !roles.has(`0/${role}`) && !roles.has(`${own}/${role}`)) throw unknownRole('default_member_role', role);
  const more = {
    settings: patchSettings(before?.settings ?? unsetSettings, settings),
    defaultMemberRole: role === undefined ? (before?.default_member_role ?? null) : role,
    domains: domainsToAdd(batch, pending, own, knownDomains),
  };
  if (before !== undefined) {
    const body = name === undefined ? fields : { ...fields, display_name: name };
    const metadata = patch === undefined ? before.metadata : mergeMetadata(before.metadata, patch, 'metadata');
    return { fields: patchOrganization(before, body), metadata, ...more };
  }
  if (name === undefined) throw invalid('display_name', 'is required, as there is no such organization yet', 'required');
  return { ...newOrganization({ ...fields, display_name: name }), metadata: newMetadata(patch), ...more };
}

/** Writes changes, and notes what their rows have come to. */
async function write(batch: Batch, changes: readonly Change[], holders: ReadonlyMap<string, Holder>): Promise<void> {
  const { tx, context, aliasDays } = batch;
  const { environmentId } = context;
  await moveExternalIds(
    tx,
    environmentId,
    'organization',
    changes.map(({ before, after }) => ({
      recordId: after.id,
      before: idsOf(before),
      after: systemIdsOf(after.fields),
    })),
    aliasDays,
    isFreeOf(batch, holders),
  );
  const isNew = ({ before }: Change) => before === undefined;
  const inserted = await insertOrganizations(
    tx,
    environmentId,
    changes.filter(isNew).map(({ after }) => after),
  );
  const updated = await updateOrganizations(
    tx,
    environmentId,
    changes.filter((change) => !isNew(change) && change.differs).map(({ after }) => after),
  );
  const written = changes.map(({ before, after: { id }, ...change }) => {
    const after = inserted.get(id) ?? updated.get(id) ?? before;
    if (after === undefined) throw new Error('an organization that was written did not come back');
    return { ...change, id, before, after };
  });
  const added = await addDomains(
    batch,
    written.map(({ id, domains, after }) => ({ organizationId: id, domains, owner: after })),
  );
  for (const { pending, id, before, after, differs } of written) {
    settle(batch, pending, before === undefined ? 'created' : 'updated', id, after.version, {
      version: before?.version ?? null,
      ...(before === undefined ? {} : { state: stateOf(before) }),
      aliases: claimedAliases(holders, idsOf(before), systemIdsOf(after)),
      domains: (added.get(id) ?? []).map((domain) => domain.id),
    });
    const type = before === undefined ? 'organization.created' : 'organization.updated';
    if (differs) record(batch, pending, eventOf(type, 'organization', before, after), before === undefined ? null : after.id);
    for (const { event } of added.get(id) ?? []) record(batch, pending, event, after.id);
  }
}

function idsOf(before: Organization | undefined): SystemIds {
  return before === undefined ? new Map() : systemIdsOf(before);
}

/** An organization as it is to be again. */
function stateOf(before: Organization): Omit<OrganizationState, 'id'> {
  const { display_name, external_id, external_ids, region_code, slug, logo_url, metadata, settings } = before;
  return {
    fields: { display_name, external_id, external_ids, region_code, slug, logo_url },
    metadata,
    settings,
    defaultMemberRole: before.default_member_role,
  };
}

/** The row without IDs and slug that another organization has, or the error that says so. */
function withoutOthers(
  batch: Batch,
  pending: Pending,
  own: string | undefined,
  holders: ReadonlyMap<string, Holder>,
  slugs: ReadonlyMap<string, string>,
): OrganizationRow {
  const allowed = withIdsToGive(batch, pending, own, holders);
  const { slug } = pending.row;
  const holder = slug ? slugs.get(slug) : undefined;
  if (slug && holder !== undefined && holder !== own) {
    if (batch.options.on_conflict === 'reject' || waitsForOthers(batch, pending)) {
      throw slugTaken(slug, formatId('org', holder));
    }
    delete allowed.slug;
  }
  return allowed;
}

function isSame(before: Organization, { defaultMemberRole, ...after }: Omit<OrganizationState, 'id'>): boolean {
  const { defaultMemberRole: role, ...state } = stateOf(before);
  return (
    sameJson(state.fields, after.fields) &&
    sameJson(state.metadata, after.metadata) &&
    sameJson(state.settings, after.settings) &&
    role === defaultMemberRole
  );
}
