import {
  type EventType,
  messageOf,
  type ReplayWebhooks,
  type ReplayWebhooksAnswer,
  sampleMessage,
  type TestWebhookAnswer,
  type WebhookDelivery,
  type WebhookDeliveryDetails,
  type WebhookEndpoint,
  webhookLimits,
} from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { Page, PageRequest } from '../database/page-query.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { inChange } from '../idempotency/index.ts';
import { invalid } from '../lib/api-error.ts';
import { formatId, type IdGenerator } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import type { DerivedKeys } from '../lib/seal.ts';
import { requireTime } from '../lib/time.ts';
import { attemptOf, deliveryNotFound, isSuccess, keyMissing, unsent } from './delivery.ts';
import { findDelivery, listDeliveries } from './delivery-store.ts';
import { endpointNotFound } from './endpoint.ts';
import { findEndpoint, findSecrets, lockEndpoint } from './endpoint-store.ts';
import { findParcel } from './parcel-store.ts';
import { findSpan, restartDelivery, restartFailed, scheduleSpan } from './replay-store.ts';
import type { Sender } from './sender.ts';
import { openSecrets, signatureHeaders } from './signature.ts';

/** Events of a replay that are scheduled in one transaction: the endpoint is held as long. */
const batchSize = 1_000;

/** The use cases of deliveries. `endpointId` and `eventId` are database IDs. */
export class WebhookDeliveryService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #cursors: PageTokens;
  readonly #sender: Sender;
  readonly #secretsKeys: DerivedKeys;
  readonly #lease: number;
  readonly #wake: () => void;

  /** `lease`: how long a delivery is one worker's alone, in milliseconds. `wake` tells whoever sends that there is something to send. */
  constructor(options: {
    pool: pg.Pool;
    ids: IdGenerator;
    cursors: PageTokens;
    sender: Sender;
    secretsKeys: DerivedKeys;
    lease: number;
    wake: () => void;
  }) {
    this.#pool = options.pool;
    this.#ids = options.ids;
    this.#cursors = options.cursors;
    this.#sender = options.sender;
    this.#secretsKeys = options.secretsKeys;
    this.#lease = options.lease;
    this.#wake = options.wake;
  }

  /** One page of the deliveries of an endpoint, newest event first, all or those of one status. */
  async list(
    { environmentId }: RequestContext,
    endpointId: string,
    status: WebhookDelivery['status'] | undefined,
    page: PageRequest,
  ): Promise<Page<WebhookDelivery>> {
    await this.#requireEndpoint(environmentId, endpointId);
    return listDeliveries(this.#pool, environmentId, endpointId, status, page);
  }

  /**
   * The delivery of an event to an endpoint, with its attempts and its message; 404 if there is none. Records whose own events are not kept
   * any more are in the message by ID alone.
   */
  async get({ environmentId }: RequestContext, endpointId: string, eventId: string): Promise<WebhookDeliveryDetails> {
    await this.#requireEndpoint(environmentId, endpointId);
    const [delivery, parcel] = await Promise.all([
      findDelivery(this.#pool, environmentId, endpointId, eventId),
      findParcel(this.#pool, environmentId, endpointId, eventId),
    ]);
    if (delivery === undefined) throw deliveryNotFound(endpointId, eventId);
    return {
      ...delivery,
      message:
        parcel?.event === undefined
          ? null
          : messageOf(parcel.event, { organization: parcel.organization ?? undefined, user: parcel.user ?? undefined }),
    };
  }

  /** Sends an event to an endpoint again, or now, if it waits for its next attempt. */
  async replayOne(context: RequestContext, endpointId: string, eventId: string): Promise<WebhookDelivery> {
    const { environmentId } = context;
    const delivery = await inChange(this.#pool, context, async (tx) => {
      if ((await lockEndpoint(tx, environmentId, endpointId)) === undefined) throw endpointNotFound(endpointId);
      await restartDelivery(tx, environmentId, endpointId, eventId, this.#lease);
      const after = await findDelivery(tx, environmentId, endpointId, eventId);
      if (after === undefined) throw deliveryNotFound(endpointId, eventId);
      return after;
    });
    this.#wake();
    return delivery;
  }

  /**
   * Sends again what was given up, or every event of a span of time, sent before or not. One request schedules up to 10,000; the
   * cursor of its answer goes on. 400 names the field when the request is neither.
   */
  async replay({ environmentId }: RequestContext, endpointId: string, request: ReplayWebhooks): Promise<ReplayWebhooksAnswer> {
    await this.#requireEndpoint(environmentId, endpointId);
    const scope = JSON.stringify([environmentId, 'webhook replay', endpointId, request.status, request.from, request.to]);
    let position = request.cursor === undefined ? undefined : this.#cursors.read(scope, request.cursor)?.id;
    if (request.cursor !== undefined && position === undefined)
      throw invalid('cursor', 'does not belong to this replay', 'cursor', 'INVALID_CURSOR');
    const { begin, schedule } = scheduler(environmentId, endpointId, request);
    // Before the endpoint is locked: placing events waits for that lock, and every reader of the feed waits for the placing.
    position ??= await begin(this.#pool);
    if (position === undefined) return { scheduled: 0, next_cursor: '' };
    let scheduled = 0;
    for (let batches = 0; batches < webhookLimits.replay / batchSize; batches += 1) {
      const start: string = position;
      const step = await inTransaction(this.#pool, async (tx) => {
        if ((await lockEndpoint(tx, environmentId, endpointId)) === undefined) throw endpointNotFound(endpointId);
        return schedule(tx, start);
      });
      this.#wake();
      scheduled += step.scheduled;
      position = step.position;
      if (position === undefined) return { scheduled, next_cursor: '' };
    }
    return { scheduled, next_cursor: this.#cursors.write(scope, { direction: 'next', id: position }) };
  }

  /** Sends a sample now, once, past the queue; tells what came of it. */
  async test({ environmentId }: RequestContext, endpointId: string, type: EventType): Promise<TestWebhookAnswer> {
    const endpoint = await this.#requireEndpoint(environmentId, endpointId);
    const secrets = await findSecrets(this.#pool, environmentId, endpointId);
    const time = Date.now();
    const id = formatId('evt', this.#ids.next());
    const message = sampleMessage(type, { id, environmentId: formatId('env', environmentId), time });
    const body = JSON.stringify(message);
    const opened = openSecrets(this.#secretsKeys, secrets);
    const outcome =
      opened === undefined
        ? unsent(keyMissing, time)
        : await this.#sender.send({ url: endpoint.url, body, headers: signatureHeaders(opened, id, time, body) });
    return { delivered: isSuccess(outcome), attempt: attemptOf(outcome), message };
  }

  async #requireEndpoint(environmentId: string, id: string): Promise<WebhookEndpoint> {
    const endpoint = await findEndpoint(this.#pool, environmentId, id);
    if (endpoint === undefined) throw endpointNotFound(id);
    return endpoint;
  }
}

/** How a replay is done. A position is where it has come to; undefined: the end. */
interface Scheduler {
  /** Where it begins. */
  begin: (db: Queryable) => Promise<string | undefined>;
  /** One step of it, with the endpoint held. */
  schedule: (tx: pg.PoolClient, position: string) => Promise<{ scheduled: number; position: string | undefined }>;
}

/** The steps of a replay; 400 names the field that is missing or too much. */
function scheduler(environmentId: string, endpointId: string, { status, from: fromText, to: toText }: ReplayWebhooks): Scheduler {
  if (status !== undefined) {
    if (fromText !== undefined || toText !== undefined)
      throw invalid(fromText === undefined ? 'to' : 'from', 'does not go with status', 'excluded');
    return {
      begin: async () => '0',
      async schedule(tx, position) {
        const scheduled = await restartFailed(tx, environmentId, endpointId, batchSize);
        return { scheduled, position: scheduled < batchSize ? undefined : position };
      },
    };
  }
  if (fromText === undefined) throw invalid('from', 'is required, or status', 'required');
  const from = requireTime('from', fromText);
  const to = toText === undefined ? new Date() : requireTime('to', toText);
  if (from >= to) throw invalid('to', 'must be later than from', 'order');
  return {
    async begin(db) {
      const span = await findSpan(db, environmentId, from, to);
      return span && `${span.after}:${span.last}`;
    },
    async schedule(tx, position) {
      const span = spanOf(position);
      const { scheduled, place } = await scheduleSpan(tx, environmentId, endpointId, { ...span, from, to }, batchSize);
      return { scheduled, position: place === undefined ? undefined : `${place}:${span.last}` };
    },
  };
}

/** Where a replay of a span of time has come to: after which place, and which is the last. */
function spanOf(position: string): { after: string; last: string } {
  const [after = '0', last = '0'] = position.split(':');
  return { after, last };
}
