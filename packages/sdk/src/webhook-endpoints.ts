import type {
  CreateWebhookEndpoint,
  EventType,
  ReplayWebhooksAnswer,
  RotateWebhookSecret,
  TestWebhookAnswer,
  UpdateWebhookEndpoint,
  WebhookDelivery,
  WebhookDeliveryDetails,
  WebhookEndpoint,
  WebhookEndpointSecretAnswer,
  WebhookStats,
} from '@crosswalk/contract';
import type { Either } from './case.ts';
import { segment } from './identifiers.ts';
import { readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { Call, CallOptions, ChangeOptions, Connection } from './request.ts';

const collection = '/api/v1/webhook_endpoints';

/** One page of deliveries. */
export interface WebhookDeliveryPage extends PageInfo {
  deliveries: WebhookDelivery[];
}

/** What is sent again: what was given up, or every event of a span of time, sent before or not. `to`: now, if left out. */
export type ReplayRequest = { failed: true } | { from: Date | string; to?: Date | string };

/** Where events are sent. */
export class WebhookEndpoints {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Has events sent to an address from now on. The secret that `webhooks.verify` needs is in this answer and nowhere else. */
  create(endpoint: Either<CreateWebhookEndpoint>, options?: CallOptions): Promise<WebhookEndpointSecretAnswer> {
    return this.#connection.call({ method: 'POST', path: collection, body: endpoint, once: true, options });
  }

  /** All endpoints, newest first. */
  async list(options?: CallOptions): Promise<WebhookEndpoint[]> {
    const answer = await this.#connection.call<{ webhook_endpoints: WebhookEndpoint[] }>(
      { method: 'GET', path: collection, options },
      'webhook_endpoints',
    );
    return answer.webhook_endpoints;
  }

  /** The endpoint; a `NotFoundError` if there is none. */
  get(id: string, options?: CallOptions): Promise<WebhookEndpoint> {
    return this.#one({ method: 'GET', path: pathOf(id), options });
  }

  /** Changes what is named. What is pending goes to the new address. */
  update(id: string, changes: Either<UpdateWebhookEndpoint>, options?: ChangeOptions): Promise<WebhookEndpoint> {
    return this.#one({ method: 'PATCH', path: pathOf(id), body: changes, takes: 'change', options });
  }

  /** Sends to it again: what was pending goes on, what happened since is sent by `replay` alone. */
  enable(id: string, options?: ChangeOptions): Promise<WebhookEndpoint> {
    return this.#one({ method: 'POST', path: `${pathOf(id)}:enable`, takes: 'change', options });
  }

  /** Sends nothing to it any more. */
  disable(id: string, options?: ChangeOptions): Promise<WebhookEndpoint> {
    return this.#one({ method: 'POST', path: `${pathOf(id)}:disable`, takes: 'change', options });
  }

  /** Deletes it with what is pending for it. */
  async delete(id: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', path: pathOf(id), takes: 'change', options });
  }

  /** Gives it a new secret, which is in this answer and nowhere else. The old one signs too for `overlapHours` (24). */
  rotateSecret(id: string, rotation: Either<RotateWebhookSecret> = {}, options?: ChangeOptions): Promise<WebhookEndpointSecretAnswer> {
    return this.#connection.call({
      method: 'POST',
      path: `${pathOf(id)}:rotate_secret`,
      body: rotation,
      once: true,
      takes: 'change',
      options,
    });
  }

  /** Sends a sample now, once, and tells what came of it. */
  test(id: string, eventType?: EventType, options?: CallOptions): Promise<TestWebhookAnswer> {
    const body = eventType === undefined ? {} : { event_type: eventType };
    return this.#connection.call({ method: 'POST', path: `${pathOf(id)}:test`, body, once: true, options });
  }

  /** What was and is sent, newest event first, all or of one status. Those that have ended are kept for 14 days. */
  deliveries(
    id: string,
    wanted: PageOptions & { status?: WebhookDelivery['status'] } = {},
    options?: CallOptions,
  ): List<WebhookDeliveryPage, WebhookDelivery> {
    const { status, pageSize, pageToken } = readOptions(wanted, { status: true, ...pageNames });
    return new List<WebhookDeliveryPage, WebhookDelivery>(
      (token) =>
        this.#connection.call(
          {
            method: 'GET',
            path: `${pathOf(id)}/deliveries`,
            query: { status, page_size: pageSize, page_token: token },
            options,
          },
          'deliveries',
        ),
      (page) => page.deliveries,
      pageToken,
    );
  }

  /** The sending of one event, with its attempts and its message; a `NotFoundError` if it was not sent there. */
  async delivery(id: string, eventId: string, options?: CallOptions): Promise<WebhookDeliveryDetails> {
    const path = deliveryPath(id, eventId);
    const { delivery } = await this.#connection.call<{ delivery: WebhookDeliveryDetails }>({ method: 'GET', path, options }, 'delivery');
    return delivery;
  }

  /** What sending to it was like in the last `hours` (168, at most 336), by the hour. */
  async stats(id: string, wanted: { hours?: number } = {}, options?: CallOptions): Promise<WebhookStats> {
    const { hours } = readOptions(wanted, { hours: true });
    return this.#connection.call({ method: 'GET', path: `${pathOf(id)}/stats`, query: { hours }, options });
  }

  /** Sends one event again, with the same `webhook-id`. */
  async replayOne(id: string, eventId: string, options?: CallOptions): Promise<WebhookDelivery> {
    const path = `${deliveryPath(id, eventId)}:replay`;
    const { delivery } = await this.#connection.call<{ delivery: WebhookDelivery }>({ method: 'POST', path, options }, 'delivery');
    return delivery;
  }

  /** Sends many events again; resolves to how many. Makes a request for each 10,000. */
  async replay(id: string, request: ReplayRequest, options?: CallOptions): Promise<number> {
    const wanted = replayed(request);
    let scheduled = 0;
    for (let cursor: string | undefined; ; ) {
      const body = cursor === undefined ? wanted : { ...wanted, cursor };
      const path = `${pathOf(id)}:replay`;
      const answer = await this.#connection.call<ReplayWebhooksAnswer>({ method: 'POST', path, body, once: true, options }, 'scheduled');
      scheduled += answer.scheduled;
      if (answer.next_cursor === '') return scheduled;
      cursor = answer.next_cursor;
    }
  }

  async #one(call: Call): Promise<WebhookEndpoint> {
    const answer = await this.#connection.call<{ webhook_endpoint: WebhookEndpoint }>(call, 'webhook_endpoint');
    return answer.webhook_endpoint;
  }
}

/** What a request for a replay has. Throws a `TypeError` when it does not say what is sent again. */
function replayed(request: ReplayRequest): { status: 'FAILED' } | { from: string; to: string } {
  const names = { failed: true, from: true, to: true } as const;
  const { failed, from, to } = readOptions<{ failed?: boolean; from?: Date | string; to?: Date | string }>(request, names);
  if (failed === true && from === undefined && to === undefined) return { status: 'FAILED' };
  if (failed === true || from === undefined)
    throw new TypeError(
      'say what to send again: { failed: true }, or { from } with the time of the first event, and { to } unless it is now',
    );
  return { from: timeOf('from', from), to: timeOf('to', to ?? new Date()) };
}

function timeOf(name: string, time: Date | string): string {
  if (typeof time === 'string') return time;
  if (!(time instanceof Date) || Number.isNaN(time.getTime()))
    throw new TypeError(`${name} must be a Date that is a time, or a text such as 2026-01-31T12:00:00Z, not ${String(time).slice(0, 100)}`);
  return time.toISOString();
}

function pathOf(id: string): string {
  return `${collection}/${segment('id', id)}`;
}

function deliveryPath(id: string, eventId: string): string {
  return `${pathOf(id)}/deliveries/${segment('eventId', eventId)}`;
}
