import type { OrganizationClient } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf, type NewEvent } from '../events/index.ts';
import type { IdGenerator } from '../lib/id.ts';
import { clientRecord } from './organization-client.ts';
import { deleteSomeOrganizationClients } from './organization-client-store.ts';

// What is done to organizations' clients within a change, of this feature or another.

export type ClientEventType = 'organization_client.created' | 'organization_client.updated' | 'organization_client.deleted';

/** The event of a change of a client. */
export function clientEvent(
  type: ClientEventType,
  before: OrganizationClient | undefined,
  after: OrganizationClient | undefined,
): NewEvent {
  const record = (client: OrganizationClient | undefined) => (client === undefined ? undefined : clientRecord(client));
  return eventOf(type, 'organization_client', record(before), record(after));
}

/** Revokes all clients of a locked organization (database ID) within a change, in batches, each with its event. */
export async function deleteClientsOf(tx: pg.PoolClient, context: RequestContext, ids: IdGenerator, organizationId: string): Promise<void> {
  for (;;) {
    const ended = await deleteSomeOrganizationClients(tx, context.environmentId, organizationId);
    if (ended.length === 0) return;
    await appendEvents(
      tx,
      context,
      ids,
      ended.map((client) => clientEvent('organization_client.deleted', client, undefined)),
    );
  }
}
