import type { User } from '@crosswalk/sdk';
import type { User as SourceUser } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import { isChange, userChanges } from './fields.ts';
import { importMembership } from './memberships.ts';
import { counted, type Phase, type Work } from './phase.ts';
import type { Outcome, Tally } from './tally.ts';
import { Holders, type Question, system } from './target.ts';

/** Imports users and their memberships, by the IDs they have at Scalekit: one message has both. */
export function userPhase(work: Work): Phase {
  return {
    name: 'users',
    async read(pageToken) {
      const { items, next, total } = await work.source.users(pageToken);
      return {
        next,
        total,
        async jobs() {
          const holders = await Holders.ask(
            work.crosswalk,
            items.flatMap((source) => questionsOf(work, source)),
          );
          return items.map((source) => (tally) => importUser({ work, tally, source, holders }));
        },
      };
    },
  };
}

function questionsOf({ dryRun }: Work, { id, email, externalId, memberships }: SourceUser): Question[] {
  const questions: Question[] = [
    { kind: 'user', value: id, system },
    ...memberships.map(({ organizationId }): Question => ({ kind: 'organization', value: organizationId, system })),
  ];
  if (dryRun) questions.push({ kind: 'user', value: email }, { kind: 'user', value: externalId ?? '' });
  return questions;
}

/** One user, and what their import needs. */
interface Import {
  work: Work;
  tally: Tally;
  source: SourceUser;
  holders: Holders;
}

async function importUser(one: Import): Promise<void> {
  const { work, tally, source, holders } = one;
  let after: User | undefined;
  const outcome = await counted(work, tally, 'users', source.id, async () => {
    const record = await importRecord(one);
    after = record.after;
    return record.outcome;
  });
  const user = { source, imported: outcome !== 'conflicts', after };
  for (const membership of source.memberships) await importMembership({ work, tally, user, source: membership, holders });
}

/** Writes what differs of the record itself. `after` is the user as they are then; undefined when a dry run did not make them. */
async function importRecord({
  work: { crosswalk, dryRun },
  source,
  holders,
}: Import): Promise<{ outcome: Outcome; after: User | undefined }> {
  const id = holders.toWrite('user', source.id);
  const before = id === undefined ? undefined : await crosswalk.user.getUser(id);
  const fields = userChanges(before, source);
  if (before !== undefined && !isChange(fields)) return { outcome: 'unchanged', after: before };
  if (dryRun) {
    if (fields.email !== undefined) holders.requireFree({ kind: 'user', value: source.email }, id, 'email');
    if (fields.external_id !== undefined) holders.requireFree({ kind: 'user', value: source.externalId ?? '' }, id, 'external_id');
    return { outcome: before === undefined ? 'created' : 'changed', after: before };
  }
  if (before !== undefined) return { outcome: 'changed', after: await crosswalk.user.updateUser(before.id, fields) };
  const { user, created } = await crosswalk.user.upsertByExternalId(source.id, fields, { system });
  return { outcome: created ? 'created' : 'changed', after: user };
}
