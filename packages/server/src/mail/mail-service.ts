import type { Message } from '@crosswalk/contract';
import type pg from 'pg';
import type { Page, PageRequest } from '../database/page-query.ts';
import type { RequestContext } from '../environments/index.ts';
import type { Outlet, PlacedEvent } from '../feed/index.ts';
import { type IdGenerator, parseId } from '../lib/id.ts';
import { insertMessages, listMessages, type MessagesQuery } from './mail-store.ts';
import type { MailWorker, MessageWriter } from './mail-worker.ts';

/** What the use cases of mail need. */
export interface MailServiceOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  writer: MessageWriter;
  worker: MailWorker;
}

/** Queues what events ask for, and tells what became of it. */
export class MailService implements Outlet {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #writer: MessageWriter;
  readonly #worker: MailWorker;

  constructor({ pool, ids, writer, worker }: MailServiceOptions) {
    this.#pool = pool;
    this.#ids = ids;
    this.#writer = writer;
    this.#worker = worker;
  }

  /** Queues a message for each invitation that is to be sent. */
  async take(tx: pg.PoolClient, events: readonly PlacedEvent[]): Promise<void> {
    const asking = events.filter(({ type }) => type === 'user.organization_invitation').sort(bySequence);
    if (asking.length === 0) return;
    // In their order, so that lists have it too.
    const messages = asking.map(({ environment_id: environmentId, sequence }) => {
      const id = this.#ids.next();
      return { environmentId, id, sequence, tokenHash: this.#writer.tokenHash(environmentId, id) };
    });
    await insertMessages(tx, messages);
  }

  wake(): void {
    this.#worker.wake();
  }

  /**
   * One page of messages, newest first. Where they are kept, those of the page that wait are written first, so that the caller sees what was asked
   * for just before; how much waits elsewhere is no matter.
   */
  async list({ environmentId }: RequestContext, query: MessagesQuery, page: PageRequest): Promise<Page<Message>> {
    if (this.#worker.keeps) {
      const seen = await listMessages(this.#pool, environmentId, { ...query, state: undefined }, page);
      const waiting = seen.items.filter(({ state }) => state === 'QUEUED').flatMap(({ id }) => parseId('msg', id) ?? []);
      if (waiting.length > 0) await this.#worker.sendThese(environmentId, waiting);
      else if (query.state === undefined) return seen;
    }
    const found = await listMessages(this.#pool, environmentId, query, page);
    // Kept before there was a mail server, a message still has a link that opens the invitation.
    if (!this.#worker.keeps) return { ...found, items: found.items.map((message) => ({ ...message, text: null, html: null })) };
    return found;
  }
}

function bySequence(a: PlacedEvent, b: PlacedEvent): number {
  return BigInt(a.sequence) < BigInt(b.sequence) ? -1 : 1;
}
