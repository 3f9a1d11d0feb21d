import type {
  CreateOrganizationClient,
  CreateOrganizationClientAnswer,
  OrganizationClient,
  OrganizationClientSecretAnswer,
  UpdateOrganizationClient,
} from '@crosswalk/contract';
import type pg from 'pg';
import type { Page, PageRequest } from '../database/page-query.ts';
import { foreignKeyViolation } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents } from '../events/index.ts';
import { notFound, requireOrganization } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { formatId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { hashSecret, hintOf, newSecret } from '../lib/secret.ts';
import { clientSecretNotFound, maxSecrets } from './client.ts';
import { newOrganizationClient, organizationClientNotFound, patchFields } from './organization-client.ts';
import { type ClientEventType, clientEvent } from './organization-client-change.ts';
import {
  deleteOrganizationClient,
  findOrganizationClient,
  insertOrganizationClient,
  listOrganizationClients,
  lockOrganizationClient,
  raiseOrganizationClient,
  updateOrganizationClient,
} from './organization-client-store.ts';
import { deleteSecret, insertSecret } from './secret-store.ts';

/** Which client: both by database ID. */
export interface OrganizationClientReference {
  organizationId: string;
  clientId: string;
}

/**
 * The use cases of organizations' clients and their secrets. Each change and its event are one transaction. An answer
 * that shows a secret is never kept for an Idempotency-Key: the secret would be in the database in clear.
 */
export class OrganizationClientService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;

  constructor({ pool, ids }: { pool: pg.Pool; ids: IdGenerator }) {
    this.#pool = pool;
    this.#ids = ids;
  }

  /** The client; 404 if the organization has no such client. */
  async get({ environmentId }: RequestContext, { organizationId, clientId }: OrganizationClientReference): Promise<OrganizationClient> {
    const client = await findOrganizationClient(this.#pool, environmentId, organizationId, clientId);
    if (client === undefined) throw organizationClientNotFound(organizationId, clientId);
    return client;
  }

  /** One page of the clients of an organization (database ID); 404 if there is no such organization. */
  async list({ environmentId }: RequestContext, organizationId: string, page: PageRequest): Promise<Page<OrganizationClient>> {
    await requireOrganization(this.#pool, environmentId, organizationId);
    return listOrganizationClients(this.#pool, environmentId, organizationId, page);
  }

  /** Makes a client with its first secret, which only this answer shows. `organizationId` is a database ID. */
  async create(context: RequestContext, organizationId: string, body: CreateOrganizationClient): Promise<CreateOrganizationClientAnswer> {
    const { environmentId } = context;
    const fields = newOrganizationClient(body);
    const [clientId, secret] = [this.#ids.next(), newSecret('cwk')];
    try {
      return await inTransaction(this.#pool, async (tx) => {
        await insertOrganizationClient(tx, environmentId, organizationId, clientId, fields);
        await this.#addSecret(tx, environmentId, clientId, secret);
        const client = await findOrganizationClient(tx, environmentId, organizationId, clientId);
        if (client === undefined) throw new Error('an insert wrote no row');
        await this.#record(tx, context, 'organization_client.created', undefined, client);
        return { client, plain_secret: secret };
      });
    } catch (error) {
      if (foreignKeyViolation(error) !== 'organization_clients_organization_fkey') throw error;
      throw notFound('organization', { id: organizationId });
    }
  }

  /**
   * Changes what the body names; lists are replaced, by an empty one too. (Over gRPC an empty list is one that was not
   * sent: leave it out of the body.)
   */
  update(
    context: RequestContext,
    reference: OrganizationClientReference,
    body: UpdateOrganizationClient,
    preconditions: Preconditions,
  ): Promise<OrganizationClient> {
    const { organizationId, clientId } = reference;
    return inChange(this.#pool, context, async (tx) => {
      const before = await this.#lock(tx, context, reference, preconditions);
      const after = await updateOrganizationClient(tx, context.environmentId, organizationId, clientId, patchFields(before, body));
      if (after === undefined) return before;
      await this.#record(tx, context, 'organization_client.updated', before, after);
      return after;
    });
  }

  /** Revokes a client: it gets no new token. Tokens it has are good until they expire, as whoever checks them does not ask here. */
  delete(context: RequestContext, reference: OrganizationClientReference, preconditions: Preconditions): Promise<void> {
    return inChange(this.#pool, context, async (tx) => {
      const before = await this.#lock(tx, context, reference, preconditions);
      await deleteOrganizationClient(tx, context.environmentId, reference.organizationId, reference.clientId);
      await this.#record(tx, context, 'organization_client.deleted', before, undefined);
    });
  }

  /** Adds a second secret, so that the first can be replaced without a gap. Only this answer shows it. */
  createSecret(
    context: RequestContext,
    reference: OrganizationClientReference,
    preconditions: Preconditions,
  ): Promise<OrganizationClientSecretAnswer> {
    const { organizationId, clientId } = reference;
    const plainSecret = newSecret('cwk');
    return inTransaction(this.#pool, async (tx) => {
      const before = await this.#lock(tx, context, reference, preconditions);
      if (before.secrets.length >= maxSecrets) {
        const message = `${before.client_id} has ${maxSecrets} live secrets; delete the older one first`;
        throw new ApiError('TOO_MANY_CLIENT_SECRETS', message);
      }
      const publicId = await this.#addSecret(tx, context.environmentId, clientId, plainSecret);
      const after = await raiseOrganizationClient(tx, context.environmentId, organizationId, clientId);
      await this.#record(tx, context, 'organization_client.updated', before, after);
      const secret = after.secrets.find(({ id }) => id === publicId);
      if (secret === undefined) throw new Error('an insert wrote no row');
      return { secret, plain_secret: plainSecret };
    });
  }

  /**
   * Revokes a secret at once (database ID). The last one cannot be: a client without a secret is one that stopped working
   * by mistake. Existing clients compare the message of that refusal, so it is exactly what they expect.
   */
  deleteSecret(
    context: RequestContext,
    reference: OrganizationClientReference,
    secretId: string,
    preconditions: Preconditions,
  ): Promise<void> {
    const { organizationId, clientId } = reference;
    const publicId = formatId('sks', secretId);
    return inChange(this.#pool, context, async (tx) => {
      const before = await this.#lock(tx, context, reference, preconditions);
      if (!before.secrets.some(({ id }) => id === publicId)) {
        throw clientSecretNotFound(before.client_id, publicId);
      }
      if (before.secrets.length === 1) throw new ApiError('LAST_CLIENT_SECRET', 'last client cannot be deleted');
      await deleteSecret(tx, context.environmentId, 'm2morg', clientId, secretId);
      const after = await raiseOrganizationClient(tx, context.environmentId, organizationId, clientId);
      await this.#record(tx, context, 'organization_client.updated', before, after);
    });
  }

  /** Returns the public ID of the secret. */
  async #addSecret(tx: pg.PoolClient, environmentId: string, clientId: string, secret: string): Promise<string> {
    const id = this.#ids.next();
    await insertSecret(tx, environmentId, 'm2morg', clientId, id, hashSecret(secret), hintOf(secret));
    return formatId('sks', id);
  }

  async #lock(
    tx: pg.PoolClient,
    { environmentId }: RequestContext,
    { organizationId, clientId }: OrganizationClientReference,
    preconditions: Preconditions,
  ): Promise<OrganizationClient> {
    const client = await lockOrganizationClient(tx, environmentId, organizationId, clientId);
    if (client === undefined) throw organizationClientNotFound(organizationId, clientId);
    requireVersion(preconditions, { id: client.client_id, version: client.version });
    return client;
  }

  async #record(
    tx: pg.PoolClient,
    context: RequestContext,
    type: ClientEventType,
    before: OrganizationClient | undefined,
    after: OrganizationClient | undefined,
  ): Promise<void> {
    await appendEvents(tx, context, this.#ids, [clientEvent(type, before, after)]);
  }
}
