import type { Organization } from '@crosswalk/sdk';
import { counted, type Phase, type Work } from './phase.ts';
import type { Outcome } from './tally.ts';
import { Holders, system } from './target.ts';

/*
 * A user limit lets nobody in when it is reached, and at Scalekit an organization may have more users than its limit, if that was
 * lowered. So limits are raised before memberships are imported, and set to what they are at Scalekit after.
 */

/** Raises the user limit of an organization that Crosswalk has, where Scalekit's is higher; tells whether it did. */
export async function raiseUserLimit(
  { source, crosswalk, dryRun }: Work,
  sourceId: string,
  { id, settings }: Organization,
): Promise<boolean> {
  const now = settings.user_management.max_allowed_users ?? 0;
  if (now === 0) return false;
  const wanted = await source.userLimit(sourceId);
  if (wanted === undefined || wanted === null || (wanted !== 0 && wanted <= now)) return false;
  if (!dryRun) await crosswalk.organization.upsertUserManagementSettings(id, { max_allowed_users: wanted });
  return true;
}

/** Sets user limits to what they are at Scalekit. Organizations without one are not counted. */
export function userLimitPhase(work: Work): Phase {
  return {
    name: 'user_limits',
    async read(pageToken) {
      const { items, next } = await work.source.organizations(pageToken);
      return {
        next,
        async jobs() {
          const holders = await Holders.ask(
            work.crosswalk,
            items.map(({ id }) => ({ kind: 'organization', value: id, system })),
          );
          return items.map(({ id }) => async (tally) => {
            const limit = await work.source.userLimit(id);
            if (limit === undefined) tally.unreadable_settings += 1;
            const target = holders.imported('organization', id);
            // An organization that was not imported is told of already.
            if (limit === undefined || limit === null || (target === undefined && (!work.dryRun || work.refused.has(id)))) return;
            await counted(work, tally, 'user_limits', id, () => setUserLimit(work, target, limit));
          });
        },
      };
    },
  };
}

/** `id` is undefined when a dry run did not make the organization. */
async function setUserLimit({ crosswalk, dryRun }: Work, id: string | undefined, limit: number): Promise<Outcome> {
  if (id === undefined) return 'changed';
  const { max_allowed_users: now } = await crosswalk.organization.getUserManagementSettings(id);
  if (now === limit) return 'unchanged';
  if (!dryRun) await crosswalk.organization.upsertUserManagementSettings(id, { max_allowed_users: limit });
  return 'changed';
}
