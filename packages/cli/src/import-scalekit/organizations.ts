import type { Organization } from '@crosswalk/sdk';
import type { Organization as SourceOrganization } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { featureChanges, isChange, organizationChanges, sessionPolicyChange, wantedRole } from './fields.ts';
import { attempted, type Phase, type Work } from './phase.ts';
import { importRoles } from './roles.ts';
import type { Outcome, Tally } from './tally.ts';
import { Holders, type Question, Refusal, system } from './target.ts';
import { raiseUserLimit } from './user-limits.ts';

/** Imports organizations with their settings and roles, by the IDs they have at Scalekit. */
export function organizationPhase(work: Work): Phase {
  let environmentDefault: Promise<string | undefined> | undefined;
  return {
    name: 'organizations',
    async read(pageToken) {
      const { items, next, total } = await work.source.organizations(pageToken);
      environmentDefault ??= work.source.roles().then((roles) => roles.find(({ defaultMember }) => defaultMember)?.name);
      const defaultMember = await environmentDefault;
      return {
        next,
        total,
        async jobs() {
          const holders = await Holders.ask(
            work.crosswalk,
            items.flatMap((source) => questionsOf(work, source)),
          );
          return items.map((source) => (tally) => importOrganization({ work, tally, source, holders, defaultMember }));
        },
      };
    },
  };
}

function questionsOf({ dryRun }: Work, { id, externalId }: SourceOrganization): Question[] {
  const own: Question = { kind: 'organization', value: id, system };
  return dryRun && externalId !== undefined ? [own, { kind: 'organization', value: externalId }] : [own];
}

/** One organization, and what its import needs. */
interface Import {
  work: Work;
  tally: Tally;
  source: SourceOrganization;
  holders: Holders;
  /** the role that Scalekit gives new members of organizations without a default of their own */
  defaultMember: string | undefined;
}

async function importOrganization(one: Import): Promise<void> {
  const { work, tally, source } = one;
  const record = await attempted(work, tally, 'organizations', source.id, () => importRecord(one));
  if (record === undefined) {
    if (work.dryRun) work.refused.add(source.id);
    return;
  }
  const { outcome, after } = record;
  const settings = after === undefined ? [] : await importSettings(one, after);
  const changed = [...settings, await importRolesAndDefault(one, after)].includes(true);
  tally.counts.organizations[outcome === 'unchanged' && changed ? 'changed' : outcome] += 1;
}

/** Writes what differs of the record itself. `after` is the organization as it is then; undefined when a dry run did not make it. */
async function importRecord({ work, source, holders }: Import): Promise<{ outcome: Outcome; after: Organization | undefined }> {
  const { crosswalk, dryRun } = work;
  const id = holders.toWrite('organization', source.id);
  const before = id === undefined ? undefined : await crosswalk.organization.get(id);
  const fields = organizationChanges(before, source);
  if (before !== undefined && !isChange(fields)) return { outcome: 'unchanged', after: before };
  if (dryRun) {
    await requireFree(work, holders, before?.id, fields);
    return { outcome: before === undefined ? 'created' : 'changed', after: before };
  }
  if (before !== undefined) return { outcome: 'changed', after: await crosswalk.organization.update(before.id, fields) };
  const { organization, created } = await crosswalk.organization.upsertByExternalId(source.id, fields, { system });
  return { outcome: created ? 'created' : 'changed', after: organization };
}

/** What the database would find: in a dry run it is not asked. */
async function requireFree(
  { crosswalk }: Work,
  holders: Holders,
  own: string | undefined,
  { external_id: externalId, slug }: { external_id?: string; slug?: string },
): Promise<void> {
  if (externalId !== undefined) holders.requireFree({ kind: 'organization', value: externalId }, own, 'external_id');
  if (slug === undefined) return;
  const [holder] = (await crosswalk.organization.list({ slug, pageSize: 1 })).organizations;
  if (holder !== undefined && holder.id !== own) throw new Refusal(`slug: another organization (${holder.id}) has this slug`);
}

/** Features, session policy and user limit, each told apart: whether it was changed, undefined when it was refused. */
async function importSettings({ work, tally, source }: Import, after: Organization): Promise<(boolean | undefined)[]> {
  const { crosswalk, dryRun } = work;
  const setting = (name: string, job: () => Promise<boolean>) => attempted(work, tally, 'organizations', `${source.id} (${name})`, job);
  const features = featureChanges(after, source);
  const policy = await work.source.sessionPolicy(source.id);
  if (policy === undefined) tally.unreadable_settings += 1;
  const newPolicy = sessionPolicyChange(after, policy);
  return [
    await setting('features', async () => {
      if (features.length > 0 && !dryRun) await crosswalk.organization.updateSettings(after.id, { features });
      return features.length > 0;
    }),
    await setting('session policy', async () => {
      if (newPolicy !== undefined && !dryRun) await crosswalk.organization.updateSessionPolicy(after.id, newPolicy);
      return newPolicy !== undefined;
    }),
    await setting('user limit', () => raiseUserLimit(work, source.id, after)),
  ];
}

/** Roles of the organization's own, and the role of its new members where that is not the one of the environment. */
async function importRolesAndDefault(one: Import, after: Organization | undefined): Promise<boolean | undefined> {
  const { work, tally, source, defaultMember } = one;
  const roles = await work.source.organizationRoles(source.id);
  if (roles === undefined) {
    tally.unreadable_settings += 1;
    return false;
  }
  const wanted = roles.filter(({ isOrgRole }) => isOrgRole).map(wantedRole);
  if (wanted.length > 0) {
    const scope = after === undefined ? {} : { organizationId: after.id };
    const existing = await work.crosswalk.role.list({ ...scope, include: 'permissions' });
    await importRoles(work, tally, { kind: 'organization_roles', wanted, existing, organization: { id: after?.id, sourceId: source.id } });
  }
  const flagged = roles.find((role) => role.defaultMember);
  if (after === undefined || flagged === undefined || (!flagged.isOrgRole && flagged.name === defaultMember)) return false;
  if (after.default_member_role === flagged.name) return false;
  return attempted(work, tally, 'organizations', `${source.id} (default role)`, async () => {
    if (!work.dryRun) await work.crosswalk.role.setOrganizationDefault(after.id, flagged.name);
    return true;
  });
}
