import type { Permission as SourcePermission } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import { counted, type Phase, type Work } from './phase.ts';
import type { Outcome } from './tally.ts';
import { found, hasCode } from './target.ts';

/** Imports permissions, by their names: those never change. */
export function permissionPhase(work: Work): Phase {
  return {
    name: 'permissions',
    async read(pageToken) {
      const { items, next, total } = await work.source.permissions(pageToken);
      return {
        next,
        total,
        jobs: async () =>
          items.map((permission) => async (tally) => {
            await counted(work, tally, 'permissions', permission.name, () => importPermission(work, permission));
          }),
      };
    },
  };
}

async function importPermission(work: Work, { name, description }: SourcePermission): Promise<Outcome> {
  const { crosswalk, dryRun } = work;
  const before = await found(crosswalk.permission.get(name));
  if (before === undefined) {
    if (dryRun) return 'created';
    try {
      await crosswalk.permission.create({ name, description });
      return 'created';
    } catch (error) {
      // Made since it was looked for, perhaps by the last request of an import that was killed.
      if (!hasCode(error, 'PERMISSION_NAME_TAKEN')) throw error;
    }
  }
  if (before?.description === description) return 'unchanged';
  if (!dryRun) await crosswalk.permission.update(name, { description });
  return 'changed';
}
