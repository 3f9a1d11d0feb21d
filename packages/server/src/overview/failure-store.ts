import type { Failure } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';

/** Dead letters of an endpoint that are counted; more are "1,000 and more". */
const countedLetters = 1000;

/** Endpoints that fail or were disabled by the server, and those with deliveries that were given up. There are a hundred endpoints at most. */
export async function findWebhookFailures(db: Queryable, environmentId: string): Promise<Failure[]> {
  const { rows } = await db.query<{
    id: string;
    url: string;
    disabled_reason: 'GONE' | 'FAILING' | null;
    failing_since: string | null;
    update_time: string;
    letters: string;
    letters_time: string | null;
  }>({
    name: 'find-webhook-failures',
    text: `select w.id, w.url, nullif(w.disabled_reason, 'REQUESTED') as disabled_reason, w.failing_since, w.update_time, l.letters,
             (select (d.log -> 0 ->> 'time')::timestamptz from webhook_deliveries d
              where d.environment_id = w.environment_id and d.endpoint_id = w.id and d.status = 'FAILED'
              order by d.event_id desc limit 1) as letters_time
           from webhook_endpoints w
           cross join lateral (select count(*) as letters from (
             select from webhook_deliveries d where d.environment_id = w.environment_id and d.endpoint_id = w.id and d.status = 'FAILED'
             limit ${countedLetters}) counted) l
           where w.environment_id = $1 and w.delete_time is null
             and (w.failing_since is not null or w.disabled_reason <> 'REQUESTED' or l.letters > 0)`,
    values: [environmentId],
  });
  return rows.flatMap(({ id, url: title, disabled_reason: reason, failing_since: since, update_time: changed, letters, letters_time }) => {
    const endpoint = { id: formatId('whe', id), title };
    const failures: Failure[] = [];
    if (reason !== null)
      failures.push({
        ...endpoint,
        kind: 'webhook_endpoint',
        detail: reason === 'GONE' ? 'Disabled: it answered that it is gone.' : 'Disabled: nothing arrived there for five days.',
        time: changed,
      });
    else if (since !== null) failures.push({ ...endpoint, kind: 'webhook_endpoint', detail: 'Nothing arrives there.', time: since });
    const count = Number(letters);
    if (count > 0)
      failures.push({
        ...endpoint,
        kind: 'dead_letters',
        detail: `${count}${count === countedLetters ? ' or more' : ''} ${count === 1 ? 'delivery was' : 'deliveries were'} given up.`,
        time: letters_time ?? changed,
      });
    return failures;
  });
}

/** The newest mails that were given up. */
export async function findMailFailures(db: Queryable, environmentId: string, limit: number): Promise<Failure[]> {
  const { rows } = await db.query<{ id: string; to_address: string; last_error: string | null; create_time: string }>({
    name: 'find-mail-failures',
    text: `select id, to_address, last_error, create_time from messages where environment_id = $1 and state = 'FAILED'
           order by id desc limit $2`,
    values: [environmentId, limit],
  });
  return rows.map((row) => ({
    kind: 'message',
    id: formatId('msg', row.id),
    title: row.to_address,
    detail: row.last_error ?? 'It was given up.',
    time: row.create_time,
  }));
}

/** Imports that are looked at, the newest: with nobody who looks there are no more than this many that a person still cares for. */
const importsLookedAt = 100;

/** Of the newest imports those that failed, and those that rejected rows: neither checks, whose purpose that is, nor what was undone. */
export async function findImportFailures(db: Queryable, environmentId: string): Promise<Failure[]> {
  const { rows } = await db.query<{ id: string; state: string; error_message: string | null; rejected: string; time: string }>({
    name: 'find-import-failures',
    text: `select id, state, error_message, rejected, coalesce(finish_time, create_time) as time from (
             select i.id, i.state, i.error_message, i.finish_time, i.create_time,
               (select coalesce(sum((c.value ->> 'conflicts')::bigint + (c.value ->> 'invalid')::bigint), 0) from jsonb_each(i.counts) c) as rejected
             from imports i where i.environment_id = $1 and not coalesce((i.options ->> 'dry_run')::boolean, false)
               and i.undo_state is distinct from 'DONE' order by i.id desc limit ${importsLookedAt}) newest
           where state = 'FAILED' or state = 'DONE' and rejected > 0`,
    values: [environmentId],
  });
  return rows.map(({ id, state, error_message: error, rejected, time }) => ({
    kind: 'import',
    id: formatId('imp', id),
    title: state === 'FAILED' ? 'Import failed' : 'Import rejected rows',
    detail: state === 'FAILED' ? (error ?? 'It failed.') : `${rejected} ${rejected === '1' ? 'row was' : 'rows were'} rejected.`,
    time,
  }));
}
