import type { Organization, OrganizationRow } from '@crosswalk/contract';
import { eventOf } from '../events/index.ts';
import { moveExternalIds, notFound, type SystemIds, systemIdsOf } from '../external-ids/index.ts';
import { ApiError, invalid } from '../lib/api-error.ts';
import { formatId, requireId } from '../lib/id.ts';
import { mergeMetadata, newMetadata } from '../metadata/index.ts';
import {
  findSlugHolders,
  insertOrganizations,
  lockOrganizations,
  newOrganization,
  type OrganizationState,
  patchOrganization,
  patchSettings,
  unsetSettings,
  updateOrganizations,
} from '../organizations/index.ts';
import { lockRolesOf, unknownRole } from '../roles/index.ts';
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
  waitsForOthers,
} from './batch.ts';
import { inOrder, tellApart, withoutTakenIds } from './identity.ts';
import { addDomains, domainsToAdd, findDomains } from './organization-domains.ts';
import { claimedAliases } from './restore.ts';

type Pending = PendingRow<OrganizationRow>;

interface Change {
  pending: Pending;
  before: Organization | undefined;
  after: OrganizationState;
  /** whether anything of the organization itself differs */
  differs: boolean;
  domains: ReturnType<typeof domainsToAdd>;
}

/**
 * Puts in rows of organizations that name different things. Returns those that turn out to mean what a row before them means, which is among them
 * or `ahead` of them and waits: they are next.
 */
export async function putOrganizations(batch: Batch, rows: readonly Pending[], ahead: readonly Pending[]): Promise<Pending[]> {
  if (rows.length === 0) return [];
  const { tx, context, aliasDays } = batch;
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

  const { meant, later, touched } = tellApart(batch, rows, ahead, ({ row, keys: { externalIds } }) => ({
    id: findByKeys(row.id === undefined ? undefined : requireId('org', row.id), externalIds, holders),
    others: [...externalIds.map((key) => holders.get(textOf(key))?.recordId), slugs.get(row.slug ?? '')],
  }));
  const locked = await lockOrganizations(tx, environmentId, touched);
  const roles = await lockRolesOf(tx, environmentId, touched, [
    ...new Set(meant.flatMap(({ pending: { row } }) => row.default_member_role ?? [])),
  ]);
  const known = await findDomains(
    batch,
    meant.map(({ pending: { row } }) => row),
    touched,
  );
  const changes: Change[] = [];
  for (const { pending, id } of meant) {
    const { row } = pending;
    const before = id === undefined ? undefined : locked.get(id);
    const decided = deciding(batch, pending, () => {
      if (row.id !== undefined && before === undefined) throw notFound('organization', { id: id ?? '' });
      checkMode(batch, 'organization', before?.id);
      const own = before === undefined ? undefined : id;
      const allowed = withoutOthers(batch, pending, own, holders, slugs);
      const { kind: _kind, id: _id, ref: _ref, metadata: patch, display_name: name, settings = {}, ...others } = allowed;
      const { default_member_role: role, domains: _domains, ...fields } = others;
      if (typeof role === 'string' && !roles.has(`0/${role}`) && !roles.has(`${own}/${role}`))
        throw unknownRole('default_member_role', role);
      const more = {
        settings: patchSettings(before?.settings ?? unsetSettings, settings),
        defaultMemberRole: role === undefined ? (before?.default_member_role ?? null) : role,
        domains: domainsToAdd(batch, pending, own, known),
      };
      if (before !== undefined) {
        const body = name === undefined ? fields : { ...fields, display_name: name };
        const metadata = patch === undefined ? before.metadata : mergeMetadata(before.metadata, patch, 'metadata');
        return { fields: patchOrganization(before, body), metadata, ...more };
      }
      if (name === undefined) throw invalid('display_name', 'is required, as there is no such organization yet', 'required');
      return { ...newOrganization({ ...fields, display_name: name }), metadata: newMetadata(patch), ...more };
    });
    if (decided === undefined) continue;
    const { domains, ...state } = decided;
    const differs = before === undefined || !isSame(before, state);
    if (id !== undefined && before !== undefined && !differs && domains.length === 0)
      settle(batch, pending, 'unchanged', id, before.version);
    else changes.push({ pending, before, after: { ...state, id: before === undefined ? pending.newId : (id ?? '') }, differs, domains });
  }

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
      aliases: claimedAliases(holders, textOf, idsOf(before), systemIdsOf(after)),
      domains: (added.get(id) ?? []).map((domain) => domain.id),
    });
    const type = before === undefined ? 'organization.created' : 'organization.updated';
    if (differs) record(batch, pending, eventOf(type, 'organization', before, after), before === undefined ? null : after.id);
    for (const { event } of added.get(id) ?? []) record(batch, pending, event, after.id);
  }
  return later;
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
  holders: Awaited<ReturnType<typeof holdersOf>>,
  slugs: ReadonlyMap<string, string>,
): OrganizationRow {
  const allowed = withoutTakenIds(batch, pending, own, holders);
  const { slug } = pending.row;
  const holder = slug ? slugs.get(slug) : undefined;
  if (holder !== undefined && holder !== own) {
    if (batch.options.on_conflict === 'reject' || waitsForOthers(batch, pending)) {
      const description = `another organization (${formatId('org', holder)}) has this slug`;
      throw new ApiError('SLUG_TAKEN', `slug: ${description}`, { violations: [{ field: 'slug', description, constraint: 'unique' }] });
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
