import type { WebhookEndpoint } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { formatId } from '../lib/id.ts';
import { failingDays } from './delivery.ts';
import type { DisabledReason, EndpointFields } from './endpoint.ts';

interface EndpointRow {
  id: string;
  environment_id: string;
  url: string;
  description: string;
  event_types: string[];
  disabled_reason: DisabledReason | null;
  failing_since: string | null;
  previous_secret_expire_time: string | null;
  version: string;
  create_time: string;
  update_time: string;
}

const columns =
  't.id, t.environment_id, t.url, t.description, t.event_types, t.disabled_reason, t.failing_since, ' +
  'case when t.previous_secret_expire_time > now() then t.previous_secret_expire_time end as previous_secret_expire_time, ' +
  't.version, t.create_time, t.update_time';

function toEndpoint(row: EndpointRow): WebhookEndpoint {
  return {
    id: formatId('whe', row.id),
    environment_id: formatId('env', row.environment_id),
    url: row.url,
    description: row.description,
    event_types: row.event_types,
    status: row.disabled_reason === null ? 'ENABLED' : 'DISABLED',
    disabled_reason: row.disabled_reason,
    failing_since: row.failing_since,
    previous_secret_expire_time: row.previous_secret_expire_time,
    version: Number(row.version),
    create_time: row.create_time,
    update_time: row.update_time,
  };
}

/** How many endpoints an environment has. */
export async function countEndpoints(db: Queryable, environmentId: string): Promise<number> {
  const { rows } = await db.query<{ count: string }>(
    'select count(*) from webhook_endpoints where environment_id = $1 and delete_time is null',
    [environmentId],
  );
  return Number(rows[0]?.count ?? 0);
}

/** Writes a new endpoint. */
export async function insertEndpoint(
  tx: Queryable,
  environmentId: string,
  id: string,
  { url, description, event_types: types }: EndpointFields,
  sealedSecret: Buffer,
): Promise<WebhookEndpoint> {
  const { rows } = await tx.query<EndpointRow>(
    `insert into webhook_endpoints as t (environment_id, id, url, description, event_types, secret_sealed)
     values ($1, $2, $3, $4, $5, $6) returning ${columns}`,
    [environmentId, id, url, description, types, sealedSecret],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return toEndpoint(row);
}

/** All endpoints of an environment, newest first: there are a hundred at most. */
export async function listEndpoints(db: Queryable, environmentId: string): Promise<WebhookEndpoint[]> {
  const { rows } = await db.query<EndpointRow>(
    `select ${columns} from webhook_endpoints t where t.environment_id = $1 and t.delete_time is null order by t.id desc`,
    [environmentId],
  );
  return rows.map(toEndpoint);
}

/** An endpoint; undefined if there is none. */
export async function findEndpoint(db: Queryable, environmentId: string, id: string): Promise<WebhookEndpoint | undefined> {
  const { rows } = await db.query<EndpointRow>(
    `select ${columns} from webhook_endpoints t where t.environment_id = $1 and t.id = $2 and t.delete_time is null`,
    [environmentId, id],
  );
  return rows.map(toEndpoint)[0];
}

/** An endpoint, locked until the transaction ends; undefined if there is none. */
export async function lockEndpoint(tx: Queryable, environmentId: string, id: string): Promise<WebhookEndpoint | undefined> {
  const { rows } = await tx.query<EndpointRow>(
    `select ${columns} from webhook_endpoints t where t.environment_id = $1 and t.id = $2 and t.delete_time is null for no key update`,
    [environmentId, id],
  );
  return rows.map(toEndpoint)[0];
}

/** Sets the fields of a locked endpoint and raises its version; undefined if that changes nothing. */
export async function updateEndpoint(
  tx: Queryable,
  environmentId: string,
  id: string,
  { url, description, event_types: types }: EndpointFields,
): Promise<WebhookEndpoint | undefined> {
  const { rows } = await tx.query<EndpointRow>(
    `update webhook_endpoints t set url = $3, description = $4, event_types = $5, version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.id = $2 and (t.url, t.description, t.event_types) is distinct from ($3, $4, $5::text[])
     returning ${columns}`,
    [environmentId, id, url, description, types],
  );
  return rows.map(toEndpoint)[0];
}

/** Enables (null) or disables a locked endpoint and raises its version; undefined if that changes nothing. */
export async function setDisabled(
  tx: Queryable,
  environmentId: string,
  id: string,
  reason: DisabledReason | null,
): Promise<WebhookEndpoint | undefined> {
  const { rows } = await tx.query<EndpointRow>(
    `update webhook_endpoints t
     set disabled_reason = $3, failing_since = case when $3::text is null then null else t.failing_since end,
       version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.id = $2 and (t.disabled_reason is null) <> ($3::text is null) returning ${columns}`,
    [environmentId, id, reason],
  );
  return rows.map(toEndpoint)[0];
}

/** SQL: whether anything is sent to endpoint `w`. */
export const enabled = 'w.disabled_reason is null and w.delete_time is null';

/** Holds the enabled endpoints of environments until the transaction ends, as every change of their lanes must; returns their database IDs. */
export async function holdEnabledEndpoints(tx: Queryable, environmentIds: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select w.id from webhook_endpoints w where w.environment_id = any($1::bigint[]) and ${enabled} order by w.id for no key update`,
    [environmentIds],
  );
  return rows.map(({ id }) => id);
}

/** An endpoint that is held for the results of sending to it. */
export interface HeldEndpoint {
  environment_id: string;
  id: string;
  /** attempts have failed, and none has succeeded since */
  failing: boolean;
  /** that is so for too long */
  overdue: boolean;
}

/** Holds the endpoints of deliveries until the transaction ends, as every change of their lanes must. */
export async function holdEndpoints(
  tx: Queryable,
  deliveries: readonly { environment_id: string; endpoint_id: string }[],
): Promise<HeldEndpoint[]> {
  const byId = new Map(deliveries.map(({ environment_id, endpoint_id }) => [endpoint_id, environment_id]));
  const { rows } = await tx.query<HeldEndpoint>({
    name: 'hold-webhook-endpoints',
    text: `select w.environment_id, w.id, w.failing_since is not null as failing,
             coalesce(${enabled} and w.failing_since < now() - make_interval(days => ${failingDays}), false) as overdue
           from webhook_endpoints w join unnest($1::bigint[], $2::bigint[]) as k (environment_id, id)
             on w.environment_id = k.environment_id and w.id = k.id
           order by w.id for no key update of w`,
    values: [[...byId.values()], [...byId.keys()]],
  });
  return rows;
}

/** Notes of held endpoints that they fail from now on, or that they do not any more. */
export async function setFailing(tx: Queryable, endpoints: readonly HeldEndpoint[], failing: boolean): Promise<void> {
  if (endpoints.length === 0) return;
  await tx.query(
    `update webhook_endpoints w set failing_since = case when $3 then now() end
     from unnest($1::bigint[], $2::bigint[]) as k (environment_id, id) where w.environment_id = k.environment_id and w.id = k.id`,
    [endpoints.map((endpoint) => endpoint.environment_id), endpoints.map(({ id }) => id), failing],
  );
}

/** Gives a locked endpoint a new secret and raises its version; the old one signs too for so many hours. */
export async function replaceSecret(
  tx: Queryable,
  environmentId: string,
  id: string,
  sealedSecret: Buffer,
  overlapHours: number,
): Promise<WebhookEndpoint> {
  const { rows } = await tx.query<EndpointRow>(
    `update webhook_endpoints t
     set secret_sealed = $3, previous_secret_sealed = case when $4::int > 0 then t.secret_sealed end,
       previous_secret_expire_time = case when $4::int > 0 then now() + make_interval(hours => $4) end,
       version = t.version + 1, update_time = now()
     where t.environment_id = $1 and t.id = $2 returning ${columns}`,
    [environmentId, id, sealedSecret, overlapHours],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a locked endpoint vanished');
  return toEndpoint(row);
}

/** The secrets that sign the messages of an endpoint, sealed, the newest first. */
export async function findSecrets(db: Queryable, environmentId: string, id: string): Promise<Buffer[]> {
  const { rows } = await db.query<{ secrets: Buffer[] }>(
    `select ${signingSecrets} as secrets from webhook_endpoints t where t.environment_id = $1 and t.id = $2 and t.delete_time is null`,
    [environmentId, id],
  );
  return rows[0]?.secrets ?? [];
}

/** The sealed secrets of an endpoint, with its ID as a place to go on from. */
export interface SealedSecrets {
  id: string;
  current: Buffer;
  previous: Buffer | null;
}

/** The secrets of the first endpoints behind an ID, of all environments, in the order of their IDs. */
export async function listSealedSecrets(db: Queryable, after: string, limit: number): Promise<SealedSecrets[]> {
  const { rows } = await db.query<SealedSecrets>(
    `select id, secret_sealed as current, previous_secret_sealed as previous from webhook_endpoints
     where delete_time is null and id > $1 order by id limit $2`,
    [after, limit],
  );
  return rows;
}

/** Seals the secrets of an endpoint anew, unless they have become others meanwhile. */
export async function replaceSealedSecrets(db: Queryable, from: SealedSecrets, to: Omit<SealedSecrets, 'id'>): Promise<void> {
  await db.query(
    `update webhook_endpoints set secret_sealed = $4, previous_secret_sealed = $5
     where id = $1 and secret_sealed = $2 and previous_secret_sealed is not distinct from $3`,
    [from.id, from.current, from.previous, to.current, to.previous],
  );
}

/** SQL: the sealed secrets that sign for endpoint `t` now. */
export const signingSecrets =
  'array_remove(array[t.secret_sealed, case when t.previous_secret_expire_time > now() then t.previous_secret_sealed end], null)';

/** Marks a locked endpoint as deleted. Its secrets are gone at once, its deliveries in a while. */
export async function markDeleted(tx: Queryable, environmentId: string, id: string): Promise<void> {
  await tx.query(
    `update webhook_endpoints set delete_time = now(), disabled_reason = 'REQUESTED', secret_sealed = '', previous_secret_sealed = null
     where environment_id = $1 and id = $2`,
    [environmentId, id],
  );
}

/** Removes endpoints that were deleted and have no deliveries any more; returns how many. */
export async function purgeEndpoints(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(
    `delete from webhook_endpoints w where w.delete_time is not null and not exists (
       select from webhook_deliveries d where d.environment_id = w.environment_id and d.endpoint_id = w.id)`,
  );
  return rowCount ?? 0;
}
