import type { Message, MessageState } from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { type Page, type PageRequest, selectPage } from '../database/page-query.ts';
import { formatId } from '../lib/id.ts';
import type { Outcome } from './mail.ts';

interface MessageRow {
  id: string;
  state: MessageState;
  organization_id: string;
  user_id: string;
  to_address: string;
  locale: string | null;
  subject: string | null;
  body_text: string | null;
  body_html: string | null;
  attempts: number;
  last_error: string | null;
  due_time: string | null;
  sent_time: string | null;
  create_time: string;
}

const columns =
  't.id, t.state, t.organization_id, t.user_id, t.to_address, t.locale, t.subject, t.body_text, t.body_html, t.attempts, t.last_error, ' +
  't.due_time, t.sent_time, t.create_time';

function toMessage(row: MessageRow): Message {
  return {
    id: formatId('msg', row.id),
    state: row.state,
    organization_id: formatId('org', row.organization_id),
    user_id: formatId('usr', row.user_id),
    to: row.to_address,
    locale: row.locale,
    subject: row.subject,
    text: row.body_text,
    html: row.body_html,
    attempts: row.attempts,
    last_error: row.last_error,
    next_attempt_at: row.due_time,
    sent_at: row.sent_time,
    created_at: row.create_time,
  };
}

/** A message that an event asks for. Database IDs. */
export interface NewMessage {
  environmentId: string;
  id: string;
  /** the sequence of the event, see `PlacedEvent` */
  sequence: string;
  tokenHash: Uint8Array;
}

/** Queues messages, each to the address that the user has now. An event about a membership that is gone asks for none. */
export async function insertMessages(tx: Queryable, messages: readonly NewMessage[]): Promise<void> {
  await tx.query({
    name: 'insert-messages',
    text: `insert into messages (environment_id, id, event_sequence, organization_id, user_id, membership_id, to_address, token_hash)
           select e.environment_id, n.id, e.sequence, m.organization_id, m.user_id, m.id, u.email, n.token_hash
           from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[]) n (environment_id, id, sequence, token_hash)
           join events e on e.environment_id = n.environment_id and e.sequence = n.sequence
           join memberships m on m.environment_id = e.environment_id and m.id = e.record_id
           join users u on u.environment_id = m.environment_id and u.id = m.user_id`,
    values: [
      messages.map(({ environmentId }) => environmentId),
      messages.map(({ id }) => id),
      messages.map(({ sequence }) => sequence),
      messages.map(({ tokenHash }) => tokenHash),
    ],
  });
}

/** A message that this process may send until its lease ends. Database IDs. */
export interface ClaimedMessage {
  environmentId: string;
  id: string;
  to: string;
  /** counted from 1 */
  attempt: number;
}

interface ClaimedRow {
  environment_id: string;
  id: string;
  to_address: string;
  attempts: number;
}

function toClaimed({ environment_id: environmentId, id, to_address: to, attempts: attempt }: ClaimedRow): ClaimedMessage {
  return { environmentId, id, to, attempt };
}

/** SQL: takes a message `t` until the lease of `$1` seconds is over, when others may claim it again. */
const claim = 'update messages t set due_time = now() + make_interval(secs => $1), attempts = t.attempts + 1';
const claimedColumns = 't.environment_id, t.id, t.to_address, t.attempts';

/**
 * SQL: whether message `t`, which is named by its key, is queued. No index has it in this form: by the one of queued messages all of them are read where the
 * planner's statistics, which are of an hour without any, say that there are none.
 */
const isQueued = "case t.state when 'QUEUED' then true end";

/** Claims up to `limit` messages of all environments that are due, the oldest first. */
export async function claimMessages(db: Queryable, leaseSeconds: number, limit: number): Promise<ClaimedMessage[]> {
  const { rows } = await db.query<ClaimedRow>({
    name: 'claim-messages',
    text: `${claim}
           from (select environment_id, id from messages where state = 'QUEUED' and due_time <= now()
                 order by due_time limit $2 for update skip locked) due
           where t.environment_id = due.environment_id and t.id = due.id
           returning ${claimedColumns}`,
    values: [leaseSeconds, limit],
  });
  return rows.map(toClaimed);
}

/** Claims those of some messages of an environment that are due. */
export async function claimThese(
  db: Queryable,
  leaseSeconds: number,
  environmentId: string,
  ids: readonly string[],
): Promise<ClaimedMessage[]> {
  const { rows } = await db.query<ClaimedRow>({
    name: 'claim-these-messages',
    text: `${claim} where t.environment_id = $2 and t.id = any($3::bigint[]) and ${isQueued} and t.due_time <= now()
           returning ${claimedColumns}`,
    values: [leaseSeconds, environmentId, ids],
  });
  return rows.map(toClaimed);
}

/** How many messages could be sent now, 10,000 at most, and how long the oldest has been due, in seconds. All environments. */
export async function readMailBacklog(db: Queryable): Promise<{ waiting: number; oldest: number }> {
  const { rows } = await db.query<{ waiting: number; oldest: number }>({
    name: 'read-mail-backlog',
    text: `select count(*)::int as waiting, greatest(coalesce(extract(epoch from clock_timestamp() - min(t.due_time)), 0), 0)::float8 as oldest
           from (select due_time from messages where state = 'QUEUED' and due_time <= now() order by due_time limit 10000) t`,
  });
  return rows[0] ?? { waiting: 0, oldest: 0 };
}

/** What a message says. */
export interface Content {
  locale: string;
  subject: string;
  text: string;
  html: string | null;
}

/**
 * Records what became of a claimed message. Of a worker whose lease is over only a success counts: another one tries already. `content`
 * is what it says, of which the text stays only when the message is kept.
 */
export async function recordOutcome(
  db: Queryable,
  { environmentId, id, attempt }: ClaimedMessage,
  { state, error, pause }: Outcome,
  content: Content | undefined,
): Promise<void> {
  const kept = state === 'KEPT' ? content : undefined;
  await db.query({
    name: 'record-outcome',
    text: `update messages t set state = $4, last_error = $5,
             due_time = case when $4 = 'QUEUED' then now() + make_interval(secs => $6) end,
             sent_time = case when $4 = 'SENT' then now() end,
             locale = coalesce($7, t.locale), subject = coalesce($8, t.subject), body_text = $9, body_html = $10
           where t.environment_id = $1 and t.id = $2 and ${isQueued} and ($4 = 'SENT' or t.attempts = $3)`,
    values: [
      environmentId,
      id,
      attempt,
      state,
      error,
      pause,
      content?.locale ?? null,
      content?.subject ?? null,
      kept?.text ?? null,
      kept?.html ?? null,
    ],
  });
}

/** What a list of messages is narrowed by; all of it must hold. IDs are database IDs. */
export interface MessagesQuery {
  state?: MessageState | undefined;
  organizationId?: string | undefined;
  userId?: string | undefined;
}

/** One page of messages, newest first. */
export async function listMessages(
  db: Queryable,
  environmentId: string,
  { state, organizationId, userId }: MessagesQuery,
  request: PageRequest,
): Promise<Page<Message>> {
  const values: unknown[] = [environmentId];
  const where = ['t.environment_id = $1'];
  for (const [column, value] of [
    ['state', state],
    ['organization_id', organizationId],
    ['user_id', userId],
  ]) {
    if (value === undefined) continue;
    values.push(value);
    where.push(`t.${column} = $${values.length}`);
  }
  const page = await selectPage<MessageRow>(
    db,
    { columns, table: 'messages', where: where.join(' and '), values, indexed: false },
    request,
  );
  return { ...page, items: page.items.map(toMessage) };
}

/** A message that was given up. */
export interface MailFailure {
  id: string;
  to: string;
  error: string | null;
  create_time: string;
}

/** The newest messages that were given up. */
export async function findMailFailures(db: Queryable, environmentId: string, limit: number): Promise<MailFailure[]> {
  const { rows } = await db.query<MailFailure>({
    name: 'find-mail-failures',
    text: `select id, to_address as to, last_error as error, create_time from messages where environment_id = $1 and state = 'FAILED'
           order by id desc limit $2`,
    values: [environmentId, limit],
  });
  return rows.map((row) => ({ ...row, id: formatId('msg', row.id) }));
}

/** How long a message is kept, whatever became of it. Days. */
const keptDays = 30;

/**
 * Removes up to 1,000 messages of all environments that were kept long enough; returns how many. That of an invitation which is still
 * open stays, as it knows the link.
 */
export async function purgeMessages(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from messages t using (
       select o.environment_id, o.id from messages o
       where o.create_time < now() - make_interval(days => $1) and not exists (
         select from memberships m where m.environment_id = o.environment_id and m.id = o.membership_id and m.status = 'PENDING_INVITE')
       limit 1000) old
     where t.environment_id = old.environment_id and t.id = old.id`,
    [keptDays],
  );
  return rowCount ?? 0;
}
