import type { Event } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { type EventRow, eventColumns, toEvent } from '../feed/index.ts';
import type { Claim } from './delivery-store.ts';
import { signingSecrets } from './endpoint-store.ts';

/** Which delivery, and of which event. */
type ParcelKey = Pick<Claim, 'environment_id' | 'endpoint_id' | 'event_sequence'>;

/** What a claimed delivery sends, and where. */
export interface Parcel<Key extends ParcelKey = Claim> {
  claim: Key;
  url: string;
  /** sealed */
  secrets: Buffer[];
  /** undefined: the event is not kept any more */
  event: Event | undefined;
  /** of a membership's event: the records it is about as they were then; null: not known any more */
  organization: object | null;
  user: object | null;
}

interface ParcelRow extends EventRow {
  position: string;
  url: string;
  secrets: Buffer[];
  sequence: string | null;
  organization: object | null;
  user: object | null;
}

/** SQL: a record as it was when event `t` happened: what the last event of it up to then says. */
const recordThen = (kind: string, id: string) => `
  (select r.data from events r where r.environment_id = t.environment_id and r.record_id = ${id} and r.record_kind = '${kind}'
     and r.place <= t.place order by r.record_version desc limit 1)`;

/** Reads what claimed deliveries send. Those whose endpoint is gone are left out. */
export async function loadParcels<Key extends ParcelKey>(db: Queryable, claims: readonly Key[]): Promise<Parcel<Key>[]> {
  const { rows } = await db.query<ParcelRow>({
    name: 'load-webhook-parcels',
    text: `select c.position, w.url, w.secrets, t.sequence, ${eventColumns},
             case when t.record_kind = 'membership' then ${recordThen('organization', 't.organization_id')} end as organization,
             case when t.record_kind = 'membership'
               then ${recordThen('user', "substr(t.data ->> 'user_id', 5)::bigint")} end as user
           from unnest($1::bigint[], $2::bigint[], $3::bigint[]) with ordinality as c (environment_id, endpoint_id, sequence, position)
           join lateral (
             select t.url, ${signingSecrets} as secrets from webhook_endpoints t
             where t.environment_id = c.environment_id and t.id = c.endpoint_id and t.delete_time is null) w on true
           left join events t on t.environment_id = c.environment_id and t.sequence = c.sequence`,
    values: [
      claims.map((claim) => claim.environment_id),
      claims.map((claim) => claim.endpoint_id),
      claims.map((claim) => claim.event_sequence),
    ],
  });
  return rows.flatMap((row) => {
    const claim = claims[Number(row.position) - 1];
    if (claim === undefined) return [];
    const { url, secrets, organization, user } = row;
    return [{ claim, url, secrets, event: row.sequence === null ? undefined : toEvent(row), organization, user }];
  });
}

/** What a delivery sends; undefined if there is no such delivery. */
export async function findParcel(
  db: Queryable,
  environmentId: string,
  endpointId: string,
  eventId: string,
): Promise<Parcel<ParcelKey> | undefined> {
  const { rows } = await db.query<ParcelKey>(
    `select t.environment_id, t.endpoint_id, t.event_sequence from webhook_deliveries t
     where t.environment_id = $1 and t.endpoint_id = $2 and t.event_id = $3`,
    [environmentId, endpointId, eventId],
  );
  return (await loadParcels(db, rows))[0];
}
