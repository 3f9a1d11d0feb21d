import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '@crosswalk/contract';
import type pg from 'pg';
import type { Page, PageRequest } from '../database/page-query.ts';
import type { RequestContext } from '../environments/index.ts';
import type { Outlet, PlacedEvent } from '../feed/index.ts';
import { formatId, type IdGenerator, parseId } from '../lib/id.ts';
import { Loop } from '../lib/loop.ts';
import type { Sender } from '../lib/mail-settings.ts';
import { type Outcome, outcomeOf, printable, retryPauses } from './mail.ts';
import {
  type ClaimedMessage,
  type Content,
  claimMessages,
  claimThese,
  insertMessages,
  listMessages,
  type MessagesQuery,
  recordOutcome,
} from './mail-store.ts';
import type { SendLetter } from './smtp.ts';

/** What a message turns out to say: a letter, or nothing any more, and why. */
export type Composed = (Content & { senderName: string | null }) | { dropped: string };

/** What mail needs of the feature whose letters it sends. */
export interface Letters {
  /** What is kept of the secret in the link of a message. IDs are database IDs. */
  tokenHash(environmentId: string, messageId: string): Uint8Array;
  /** What messages say, in the order asked. */
  compose(messages: readonly { environmentId: string; id: string }[]): Promise<Composed[]>;
}

export interface MailOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  letters: Letters;
  /** undefined: messages are kept, to be read in the mailbox */
  send: SendLetter | undefined;
  from: Sender;
  /** what stands behind the @ of a Message-ID */
  host: string;
  /** how long a worker has a message for itself, in seconds; longer than anything that is done with it */
  leaseSeconds?: number | undefined;
  /** pauses after failed attempts, in seconds */
  retrySeconds?: readonly number[] | undefined;
  /** Hears of each message that was tried, and the state it goes to. */
  onOutcome?: ((state: Outcome['state']) => void) | undefined;
  /** writes to the log of the server */
  warn: (fields: object, message: string) => void;
}

/** Four times as long as a mail server may take for a message. Seconds. */
const defaultLease = 120;

/** Messages that one process sends at a time, each over a connection of its own. */
const concurrency = 8;

/** How often the worker looks for messages that are due again, or that others have queued. Milliseconds. */
const interval = 1_000;

/** A message that was taken and is not noted would be sent again: so it is tried to note it this often, after pauses of 1, 2, 4 ... seconds. */
const noteAttempts = 5;

/** Sends what events ask for, later and outside of any transaction, and tells what became of it. */
export class MailService implements Outlet {
  /** the worker, for whoever starts and stops work */
  readonly loop: Loop;
  readonly #options: MailOptions;
  #round: Promise<unknown> = Promise.resolve();

  constructor(options: MailOptions) {
    this.#options = options;
    this.loop = new Loop({
      work: () => this.sendDue(),
      interval,
      onError: (error) => options.warn({ err: error }, 'sending mail failed'),
    });
  }

  /** Queues a message for each invitation that is to be sent. */
  async take(tx: pg.PoolClient, events: readonly PlacedEvent[]): Promise<void> {
    const { ids, letters } = this.#options;
    const asking = events.filter(({ type }) => type === 'user.organization_invitation').sort(bySequence);
    if (asking.length === 0) return;
    // In their order, so that lists have it too.
    const messages = asking.map(({ environment_id: environmentId, sequence }) => {
      const id = ids.next();
      return { environmentId, id, sequence, tokenHash: letters.tokenHash(environmentId, id) };
    });
    await insertMessages(tx, messages);
  }

  wake(): void {
    this.loop.wake();
  }

  /** Sends some of what is due; resolves to whether there was anything. Rounds follow one another. */
  sendDue(): Promise<boolean> {
    const { pool, leaseSeconds = defaultLease } = this.#options;
    return this.#inTurn(() => claimMessages(pool, leaseSeconds, concurrency));
  }

  #inTurn(claim: () => Promise<ClaimedMessage[]>): Promise<boolean> {
    const round = this.#round.then(
      () => this.#sendSome(claim),
      () => this.#sendSome(claim),
    );
    this.#round = round;
    return round;
  }

  async #sendSome(claim: () => Promise<ClaimedMessage[]>): Promise<boolean> {
    const claimed = await claim();
    if (claimed.length === 0) return false;
    const composed = await this.#options.letters.compose(claimed);
    // Each is noted when it is done: one that is slow must not make the others look as if they had not been sent.
    await Promise.all(claimed.map((message, index) => this.#settle(message, composed[index] ?? { dropped: 'nothing is known of it' })));
    return true;
  }

  async #settle(message: ClaimedMessage, composed: Composed): Promise<void> {
    if ('dropped' in composed) return this.#note(message, { state: 'DROPPED', error: composed.dropped, pause: 0 }, undefined);
    const content = { ...composed, subject: printable(composed.subject, longestSubject) };
    const outcome = await this.#deliver(message, content);
    if (outcome.error !== null) {
      // Mail servers repeat the address, which is no business of the log.
      const reason = outcome.error.replaceAll(message.to, '…');
      const told = { message_id: formatId('msg', message.id), state: outcome.state, attempt: message.attempt, reason };
      this.#options.warn(told, 'a mail was not sent');
    }
    this.#options.onOutcome?.(outcome.state);
    await this.#note(message, outcome, content);
  }

  async #deliver(
    message: ClaimedMessage,
    { senderName, locale, subject, text, html }: Content & { senderName: string | null },
  ): Promise<Outcome> {
    const { send, from, host, retrySeconds = retryPauses } = this.#options;
    if (send === undefined) return { state: 'KEPT', error: null, pause: 0 };
    const sender = { name: senderName ?? from.name, address: from.address };
    const messageId = `${formatId('msg', message.id)}@${host}`;
    const delivery = await send({ from: sender, to: message.to, messageId, locale, subject, text, html });
    return outcomeOf(delivery, message.attempt, Math.random(), retrySeconds);
  }

  async #note(message: ClaimedMessage, outcome: Outcome, content: Content | undefined): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await recordOutcome(this.#options.pool, message, outcome, content);
      } catch (error) {
        if (attempt === noteAttempts) throw error;
        await sleep(1_000 * 2 ** (attempt - 1));
      }
    }
  }

  /**
   * One page of messages, newest first. Where they are kept, those of the page that wait are written first, so that the caller sees what was asked
   * for just before; how much waits elsewhere is no matter.
   */
  async list({ environmentId }: RequestContext, query: MessagesQuery, page: PageRequest): Promise<Page<Message>> {
    const { pool, send } = this.#options;
    if (send === undefined) {
      const seen = await listMessages(pool, environmentId, { ...query, state: undefined }, page);
      const waiting = seen.items.filter(({ state }) => state === 'QUEUED').flatMap(({ id }) => parseId('msg', id) ?? []);
      if (waiting.length > 0) await this.#write(environmentId, waiting);
      else if (query.state === undefined) return seen;
    }
    const found = await listMessages(pool, environmentId, query, page);
    // Kept before there was a mail server, a message still has a link that opens the invitation.
    if (send !== undefined) return { ...found, items: found.items.map((message) => ({ ...message, text: null, html: null })) };
    return found;
  }

  #write(environmentId: string, ids: readonly string[]): Promise<boolean> {
    const { pool, leaseSeconds = defaultLease } = this.#options;
    return this.#inTurn(() => claimThese(pool, leaseSeconds, environmentId, ids));
  }
}

/** Characters of a subject after its variables are filled in: RFC 5322 allows 998 in a line, people read fewer. */
const longestSubject = 250;

function bySequence(a: PlacedEvent, b: PlacedEvent): number {
  return BigInt(a.sequence) < BigInt(b.sequence) ? -1 : 1;
}
