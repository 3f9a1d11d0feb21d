import type { Queryable } from '../database/connection.ts';
import type { Sending } from './invitation.ts';

const columns = 't.create_time, t.resent_time, t.resent_count';

/** Writes the invitation of a new membership, which is to be sent. */
export async function insertInvitation(tx: Queryable, environmentId: string, membershipId: string): Promise<Sending> {
  const { rows } = await tx.query<Sending>({
    name: 'insert-invitation',
    text: `insert into invitations as t (environment_id, membership_id) values ($1, $2) returning ${columns}`,
    values: [environmentId, membershipId],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return row;
}

/** The invitation of a membership; undefined if it began without one. */
export async function findInvitation(tx: Queryable, environmentId: string, membershipId: string): Promise<Sending | undefined> {
  const { rows } = await tx.query<Sending>({
    name: 'find-invitation',
    text: `select ${columns} from invitations t where t.environment_id = $1 and t.membership_id = $2`,
    values: [environmentId, membershipId],
  });
  return rows[0];
}

/** Notes that an invitation is sent again. Its membership is locked, so none is counted twice. */
export async function countResend(tx: Queryable, environmentId: string, membershipId: string): Promise<Sending> {
  const { rows } = await tx.query<Sending>({
    name: 'count-resend',
    text: `update invitations t set resent_count = t.resent_count + 1, resent_time = now()
           where t.environment_id = $1 and t.membership_id = $2 returning ${columns}`,
    values: [environmentId, membershipId],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the invitation of a locked membership vanished');
  return row;
}
