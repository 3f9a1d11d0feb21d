import type { Organization } from '@crosswalk/contract';
import { deleteDomains, lockDomainsOf } from '../domains/index.ts';
import { eventOf } from '../events/index.ts';
import { moveExternalIds, releaseManyExternalIds, returnAliases, systemIdsOf } from '../external-ids/index.ts';
import { requireId } from '../lib/id.ts';
import { findWithMemberships } from '../memberships/index.ts';
import {
  deleteOrganizations,
  findSlugHolders,
  findWithCredentials,
  lockOrganizations,
  updateOrganizations,
} from '../organizations/index.ts';
import { findScopesWithRoles, lockRolesOf } from '../roles/index.ts';
import type { OrganizationRestore } from './restore.ts';
import { leave, type Undo, type UndoRecord, type Untouched, untouched } from './undo.ts';
import { planRenaming } from './undo-identity.ts';

type Found = Untouched<Organization, OrganizationRestore>;

/** Undoes what an import did to organizations: removes those it made, gives the others what they had, and takes the domains it added. */
export async function undoOrganizations(undo: Undo, records: readonly UndoRecord<OrganizationRestore>[]): Promise<void> {
  const { tx, context, outcomes, events } = undo;
  const { environmentId } = context;
  const stored = await lockOrganizations(tx, environmentId, records.map(({ id }) => id).sort());
  const found = untouched(undo, records, stored, ({ version }) => version);
  const usable = await withoutUsed(undo, found);

  const changed = usable.flatMap(({ record, now }) => {
    const state = record.before?.state;
    if (state === undefined) return [];
    const names = (fields: Pick<Organization, 'external_id' | 'external_ids' | 'slug'>) => ({ ids: systemIdsOf(fields), key: fields.slug });
    return [{ id: record.id, now: names(now), wanted: names(state.fields), state, organization: now }];
  });
  const waves = await planRenaming(undo, 'organization', changed, (slugs) => findSlugHolders(tx, environmentId, slugs));
  const restored = waves.flat();
  const removed = usable.filter(({ record }) => record.isNew);
  const removedIds = removed.map(({ record }) => record.id);
  const undone = new Set([...removedIds, ...restored.map(({ id }) => id)]);
  const ending = usable.flatMap(({ record, now, domains }) =>
    undone.has(record.id) ? domains.map((domain) => ({ domain, owner: now })) : [],
  );
  await deleteDomains(
    tx,
    environmentId,
    ending.map(({ domain }) => requireId('dom', domain.id)),
  );
  for (const { domain, owner } of ending) events.push(eventOf('organization.domain_deleted', 'domain', domain, undefined, owner));

  await releaseManyExternalIds(tx, environmentId, 'organization', removedIds);
  await deleteOrganizations(tx, environmentId, removedIds);
  for (const { record, now } of removed) {
    outcomes.set(record.id, { result: 'removed' });
    events.push(eventOf('organization.deleted', 'organization', now, undefined));
  }
  await moveExternalIds(
    tx,
    environmentId,
    'organization',
    restored.map(({ id, now, wanted }) => ({ recordId: id, before: now.ids, after: wanted.ids })),
    0,
  );
  for (const wave of waves) {
    const written = await updateOrganizations(
      tx,
      environmentId,
      wave.map(({ id, state }) => ({ ...state, id })),
    );
    for (const { id, organization } of wave) {
      outcomes.set(id, { result: 'restored' });
      events.push(eventOf('organization.updated', 'organization', organization, written.get(id)));
    }
  }
  const aliases = records.flatMap(({ id, rows }) => (undone.has(id) ? rows.flatMap(({ restore }) => restore?.aliases ?? []) : []));
  await returnAliases(tx, environmentId, 'organization', aliases);
}

/** Those that nothing made since keeps from being undone, each with the domains that the import gave it; the others are left. */
async function withoutUsed(undo: Undo, found: readonly Found[]) {
  const { tx, context } = undo;
  const { environmentId } = context;
  const ids = found.map(({ record }) => record.id);
  const made = found.flatMap(({ record }) => (record.isNew ? [record.id] : []));
  const [members, roles, credentials] = [
    await findWithMemberships(tx, environmentId, 'organization_id', made),
    await findScopesWithRoles(tx, environmentId, made),
    await findWithCredentials(tx, environmentId, made),
  ];
  const domains = await lockDomainsOf(tx, environmentId, ids);
  const defaults = [...new Set(found.flatMap(({ record }) => record.before?.state?.defaultMemberRole ?? []))];
  const known = await lockRolesOf(tx, environmentId, ids, defaults);
  return found.flatMap(({ record, now }) => {
    const { id, isNew, rows, before } = record;
    const added = new Set(rows.flatMap(({ restore }) => restore?.domains ?? []));
    const has = domains.filter((domain) => domain.organization_id === now.id);
    const own = has.filter((domain) => added.has(requireId('dom', domain.id)));
    const role = before?.state?.defaultMemberRole ?? null;
    if (members.has(id)) leave(undo, id, 'in_use', 'it has memberships that the undo leaves');
    else if (roles.has(id)) leave(undo, id, 'in_use', 'it has roles that the undo leaves');
    else if (credentials.has(id)) leave(undo, id, 'in_use', 'it has clients or tokens made since');
    else if (isNew && own.length < has.length) leave(undo, id, 'in_use', 'it has domains added since');
    else if (own.some(({ version }) => version > 1)) leave(undo, id, 'changed', 'a domain that the import gave it was verified since');
    else if (role !== null && !known.has(`0/${role}`) && !known.has(`${id}/${role}`))
      leave(undo, id, 'conflict', `the role ${role}, which was its default, is no longer there`);
    else return [{ record, now, domains: own }];
    return [];
  });
}
