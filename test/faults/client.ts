import { keyField } from './checkers.ts';
import type { Ending, History } from './history.ts';
import { send } from './writers.ts';

/** Where the clients of an experiment send to: both may change while it runs, as a server that starts again gives a new token. */
export interface Target {
  url: string;
  token: string;
}

/** How long a client waits for an answer. Longer than the server lets any request take, so that one without an answer is a stuck one. Milliseconds. */
const patience = 60_000;

/** One client of a server, whose operations are noted in a history. It never repeats a request by itself. */
export class Client {
  readonly #target: Target;
  readonly #history: History;

  constructor(target: Target, history: History) {
    this.#target = target;
    this.#history = history;
  }

  /** Makes an organization with an external ID. */
  create(externalId: string): Promise<Ending> {
    return this.#history.note({ kind: 'create', key: externalId }, () =>
      this.#send('POST', '', { display_name: externalId, external_id: externalId }),
    );
  }

  /** Makes an organization that only its Idempotency-Key tells from another, until it is answered. */
  async createOnce(key: string, isOver: () => boolean = () => false): Promise<void> {
    while (!isOver()) {
      const ending = await this.#history.note({ kind: 'create', key, idempotencyKey: key }, () =>
        this.#send('POST', '', { display_name: key, metadata: { [keyField]: key } }, key),
      );
      if (ending.outcome === 'ok') return;
      await rest();
    }
  }

  /** Merges a field into the metadata of an organization. */
  merge(id: string, field: string, value: unknown): Promise<Ending> {
    const wanted = { [field]: value };
    return this.#history.note({ kind: 'merge', key: id, wanted }, () => this.#send('PATCH', `/${id}`, { metadata: wanted }));
  }

  /** Reads an organization. */
  read(id: string): Promise<Ending> {
    return this.#history.note({ kind: 'read', key: id }, () => this.#send('GET', `/${id}`));
  }

  async #send(method: string, path: string, body?: object, idempotencyKey?: string): Promise<Ending> {
    const { url, token } = this.#target;
    try {
      const answer = await send(url, token, method, `/api/v1/organizations${path}`, body, {
        signal: AbortSignal.timeout(patience),
        ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
      });
      return endingOf(answer);
    } catch (error) {
      const code = Object(Object(error).cause).code;
      // Nobody listened: it was not even sent.
      if (code === 'ECONNREFUSED') return { outcome: 'failed', reason: code };
      return { outcome: 'unknown', reason: String(code ?? error) };
    }
  }
}

/** A client that was refused waits for this: far less than it should, and enough to leave the machine to those who recover. */
export function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

function endingOf({ status, retryAfter, body }: Awaited<ReturnType<typeof send>>): Ending {
  if (status < 300) {
    const { id, version, metadata } = Object(body).organization;
    return { outcome: 'ok', status, id, version, value: metadata };
  }
  const [detail] = Object(body).details ?? [];
  const holder: unknown = Object(Object(detail).resource_info).id;
  return {
    // A 5xx says that the database went away, which may have been while it committed.
    outcome: status >= 500 ? 'unknown' : 'failed',
    status,
    ...(retryAfter === null ? {} : { retryAfter }),
    ...(typeof holder === 'string' ? { id: holder } : {}),
    reason: String(Object(detail).error_code),
  };
}
