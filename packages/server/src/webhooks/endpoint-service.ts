import {
  type CreateWebhookEndpoint,
  type RotateWebhookSecret,
  type UpdateWebhookEndpoint,
  type WebhookEndpoint,
  type WebhookEndpointSecretAnswer,
  type WebhookStats,
  webhookLimits,
} from '@crosswalk/contract';
import type pg from 'pg';
import { holdEnvironment } from '../database/hold-environment.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { inChange } from '../idempotency/index.ts';
import { ApiError } from '../lib/api-error.ts';
import type { IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { type DerivedKeys, seal, sealAnew } from '../lib/seal.ts';
import { checkFields, endpointNotFound, patchFields } from './endpoint.ts';
import {
  countEndpoints,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  listSealedSecrets,
  lockEndpoint,
  markDeleted,
  replaceSealedSecrets,
  replaceSecret,
  setDisabled,
  updateEndpoint,
} from './endpoint-store.ts';
import { newWebhookSecret, requireWebhookSecret } from './signature.ts';
import { firstHour, statsOf } from './stats.ts';
import { readHours } from './stats-store.ts';
import type { Targets } from './target.ts';

/** The use cases of webhook endpoints. Each change and its event are one transaction. `id` is a database ID. */
export class WebhookEndpointService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #targets: Targets;
  readonly #secretsKeys: DerivedKeys;

  constructor({ pool, ids, targets, secretsKeys }: { pool: pg.Pool; ids: IdGenerator; targets: Targets; secretsKeys: DerivedKeys }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#targets = targets;
    this.#secretsKeys = secretsKeys;
  }

  /** All endpoints of the environment, newest first. */
  list({ environmentId }: RequestContext): Promise<WebhookEndpoint[]> {
    return listEndpoints(this.#pool, environmentId);
  }

  /** The endpoint; 404 if there is none. */
  async get({ environmentId }: RequestContext, id: string): Promise<WebhookEndpoint> {
    const endpoint = await findEndpoint(this.#pool, environmentId, id);
    if (endpoint === undefined) throw endpointNotFound(id);
    return endpoint;
  }

  /** What sending to the endpoint was like in the last `hours` hours, this one included. */
  async stats(context: RequestContext, id: string, hours: number): Promise<WebhookStats> {
    await this.get(context, id);
    const now = Date.now();
    return statsOf(await readHours(this.#pool, context.environmentId, id, firstHour(now, hours)), now);
  }

  /** Makes an endpoint. Only this answer shows its secret. */
  async create(context: RequestContext, body: CreateWebhookEndpoint): Promise<WebhookEndpointSecretAnswer> {
    const { environmentId } = context;
    checkFields(body);
    const secret = body.secret === undefined ? newWebhookSecret() : requireWebhookSecret(body.secret);
    // Before the transaction: it must not wait for the DNS.
    const url = await this.#targets.requireUrl(body.url);
    const fields = { url, description: body.description ?? '', event_types: body.event_types ?? [] };
    return inChange(this.#pool, context, async (tx) => {
      // So that no two take the last place.
      await holdEnvironment(tx, environmentId);
      if ((await countEndpoints(tx, environmentId)) >= webhookLimits.endpoints) {
        throw new ApiError('TOO_MANY_WEBHOOK_ENDPOINTS', `there are ${webhookLimits.endpoints} webhook endpoints already`);
      }
      const endpoint = await insertEndpoint(tx, environmentId, this.#ids.next(), fields, this.#seal(secret));
      await appendEvents(tx, context, this.#ids, [eventOf('webhook_endpoint.created', 'webhook_endpoint', undefined, endpoint)]);
      return { webhook_endpoint: endpoint, secret };
    });
  }

  /** Changes what the body names. What is pending goes to the new address. */
  async update(context: RequestContext, id: string, body: UpdateWebhookEndpoint, preconditions: Preconditions): Promise<WebhookEndpoint> {
    checkFields(body);
    const changes = body.url === undefined ? body : { ...body, url: await this.#targets.requireUrl(body.url) };
    return this.#change(context, id, preconditions, (tx, before) =>
      updateEndpoint(tx, context.environmentId, id, patchFields(before, changes)),
    );
  }

  /** Sends to the endpoint again. What was pending when it was disabled goes on; what happened since is not sent by itself. */
  enable(context: RequestContext, id: string, preconditions: Preconditions): Promise<WebhookEndpoint> {
    return this.#change(context, id, preconditions, (tx) => setDisabled(tx, context.environmentId, id, null));
  }

  /** Sends nothing to the endpoint any more. */
  disable(context: RequestContext, id: string, preconditions: Preconditions): Promise<WebhookEndpoint> {
    return this.#change(context, id, preconditions, (tx) => setDisabled(tx, context.environmentId, id, 'REQUESTED'));
  }

  /** Gives the endpoint a new secret. Only this answer shows it; the old one signs too for a while. */
  async rotateSecret(
    context: RequestContext,
    id: string,
    { secret: given, overlap_hours: overlap = 24 }: RotateWebhookSecret,
    preconditions: Preconditions,
  ): Promise<WebhookEndpointSecretAnswer> {
    const secret = given === undefined ? newWebhookSecret() : requireWebhookSecret(given);
    return inChange(this.#pool, context, async (tx) => {
      const before = await this.#lock(tx, context.environmentId, id, preconditions);
      const endpoint = await replaceSecret(tx, context.environmentId, id, this.#seal(secret), overlap);
      await appendEvents(tx, context, this.#ids, [eventOf('webhook_endpoint.updated', 'webhook_endpoint', before, endpoint)]);
      return { webhook_endpoint: endpoint, secret };
    });
  }

  /** Deletes the endpoint with what is pending for it. */
  async delete(context: RequestContext, id: string, preconditions: Preconditions): Promise<void> {
    await inChange(this.#pool, context, async (tx) => {
      const before = await this.#lock(tx, context.environmentId, id, preconditions);
      await markDeleted(tx, context.environmentId, id);
      await appendEvents(tx, context, this.#ids, [eventOf('webhook_endpoint.deleted', 'webhook_endpoint', before, undefined)]);
    });
  }

  #change(
    context: RequestContext,
    id: string,
    preconditions: Preconditions,
    work: (tx: pg.PoolClient, before: WebhookEndpoint) => Promise<WebhookEndpoint | undefined>,
  ): Promise<WebhookEndpoint> {
    return inChange(this.#pool, context, async (tx) => {
      const before = await this.#lock(tx, context.environmentId, id, preconditions);
      const after = await work(tx, before);
      if (after === undefined) return before;
      await appendEvents(tx, context, this.#ids, [eventOf('webhook_endpoint.updated', 'webhook_endpoint', before, after)]);
      return after;
    });
  }

  async #lock(tx: pg.PoolClient, environmentId: string, id: string, preconditions: Preconditions): Promise<WebhookEndpoint> {
    const endpoint = await lockEndpoint(tx, environmentId, id);
    if (endpoint === undefined) throw endpointNotFound(id);
    requireVersion(preconditions, endpoint);
    return endpoint;
  }

  #seal(secret: string): Buffer {
    return seal(this.#secretsKeys, Buffer.from(secret));
  }
}

/** Disables a locked endpoint because of what came of sending to it, within the transaction that records it; the system does it. */
export async function disableByItself(
  tx: pg.PoolClient,
  ids: IdGenerator,
  environmentId: string,
  id: string,
  reason: 'GONE' | 'FAILING',
): Promise<void> {
  const before = await lockEndpoint(tx, environmentId, id);
  const after = before && (await setDisabled(tx, environmentId, id, reason));
  if (after === undefined) return;
  const context: RequestContext = { environmentId, actor: { type: 'system', id: null }, requestId: 'webhook-delivery' };
  await appendEvents(tx, context, ids, [eventOf('webhook_endpoint.updated', 'webhook_endpoint', before, after)]);
}

/** Endpoints that are sealed anew at once. */
const batch = 500;

/**
 * Seals the secrets of all endpoints with the secret key of now that are sealed with the other one. Throws a `SecretKeyError` when one is sealed with neither.
 */
export async function sealSecretsAnew(pool: pg.Pool, keys: DerivedKeys): Promise<void> {
  for (let after = '0', more = true; more; ) {
    const found = await listSealedSecrets(pool, after, batch);
    for (const from of found) {
      const current = sealAnew(keys, from.current);
      const previous = from.previous === null ? undefined : sealAnew(keys, from.previous);
      if (current !== undefined || previous !== undefined)
        await replaceSealedSecrets(pool, from, { current: current ?? from.current, previous: previous ?? from.previous });
    }
    after = found.at(-1)?.id ?? after;
    more = found.length === batch;
  }
}
