import type { Role } from '@crosswalk/sdk';
import { basesFirst, isChange, roleChanges, type WantedRole, wantedRole } from './fields.ts';
import { attempted, counted, type Phase, type Work } from './phase.ts';
import type { Kind, Outcome, Tally } from './tally.ts';
import { found, hasCode, Refusal } from './target.ts';

/** Imports the roles of the environment, by their names: those never change. */
export function rolePhase(work: Work): Phase {
  return {
    name: 'roles',
    async read() {
      const roles = await work.source.roles();
      const defaults = {
        creator: roles.find(({ defaultCreator }) => defaultCreator)?.name,
        member: roles.find(({ defaultMember }) => defaultMember)?.name,
      };
      return {
        next: '',
        total: roles.length,
        jobs: async () => [
          async (tally) => {
            const existing = await work.crosswalk.role.list({ include: 'permissions' });
            const outcomes = await importRoles(work, tally, { kind: 'roles', wanted: roles.map(wantedRole), existing });
            const changed = await attempted(work, tally, 'roles', 'the defaults', () => setDefaults(work, existing, defaults, outcomes));
            recount(tally, outcomes, changed ?? []);
          },
        ],
      };
    },
  };
}

/** Roles of one place: the environment, or an organization (its Crosswalk ID, absent while a dry run has none, and its ID at Scalekit). */
interface RolesOf {
  kind: Kind;
  wanted: WantedRole[];
  /** those that are seen there */
  existing: Role[];
  organization?: { id: string | undefined; sourceId: string };
}

/** Makes roles what they are at Scalekit, each after the one it extends. Tells what became of each. */
export async function importRoles(
  work: Work,
  tally: Tally,
  { kind, wanted, existing, organization }: RolesOf,
): Promise<Map<string, Outcome>> {
  const seen = new Map(existing.map((role) => [role.name, role]));
  const outcomes = new Map<string, Outcome>();
  for (const role of basesFirst(wanted)) {
    const id = organization === undefined ? role.name : `${role.name} of ${organization.sourceId}`;
    const outcome = await counted(work, tally, kind, id, () => importRole(work, role, seen.get(role.name), organization));
    outcomes.set(role.name, outcome);
  }
  return outcomes;
}

async function importRole(
  work: Work,
  wanted: WantedRole,
  before: Role | undefined,
  organization: RolesOf['organization'],
): Promise<Outcome> {
  const { crosswalk, dryRun } = work;
  const scope = organization?.id === undefined ? {} : { organizationId: organization.id };
  if (before !== undefined && before.is_org_role !== (organization !== undefined))
    throw new Refusal(`name: a role of the environment (${before.id}) has this name`);
  if (before === undefined) {
    if (dryRun) return 'created';
    try {
      await crosswalk.role.create({ ...wanted }, scope);
      return 'created';
    } catch (error) {
      // Made since the roles were listed, perhaps by the last request of an import that was killed.
      const made = hasCode(error, 'ROLE_NAME_TAKEN')
        ? await found(crosswalk.role.get(wanted.name, { ...scope, include: 'permissions' }))
        : undefined;
      if (made === undefined) throw error;
      return importRole(work, wanted, made, organization);
    }
  }
  const fields = roleChanges(before, wanted);
  if (!isChange(fields)) return 'unchanged';
  if (!dryRun) await crosswalk.role.update(wanted.name, fields, scope);
  return 'changed';
}

interface Defaults {
  creator: string | undefined;
  member: string | undefined;
}

/** Makes the default roles of Scalekit the defaults here, as far as they were imported. Gives the names of those that became one. */
async function setDefaults(work: Work, existing: Role[], { creator, member }: Defaults, outcomes: Map<string, Outcome>): Promise<string[]> {
  const wanted = (name: string | undefined, now: string | undefined) =>
    name !== undefined && name !== now && outcomes.get(name) !== 'conflicts' ? name : undefined;
  const newCreator = wanted(creator, existing.find((role) => role.default_creator)?.name);
  const newMember = wanted(member, existing.find((role) => role.default_member)?.name);
  const names = [newCreator, newMember].filter((name) => name !== undefined);
  if (names.length === 0 || work.dryRun) return names;
  await work.crosswalk.role.setDefaults({
    ...(newCreator === undefined ? {} : { default_creator_role: newCreator }),
    ...(newMember === undefined ? {} : { default_member_role: newMember }),
  });
  return names;
}

/** A role that is the same but for having become a default has changed. */
function recount(tally: Tally, outcomes: Map<string, Outcome>, names: string[]): void {
  for (const name of new Set(names)) {
    if (outcomes.get(name) !== 'unchanged') continue;
    tally.counts.roles.unchanged -= 1;
    tally.counts.roles.changed += 1;
  }
}
