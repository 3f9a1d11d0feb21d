import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { formatId } from '../lib/id.ts';
import { Loop } from '../lib/loop.ts';
import type { MailFrom } from '../lib/mail-settings.ts';
import { type Outcome, outcomeOf, printable, retryPauses } from './mail.ts';
import { type ClaimedMessage, type Content, claimMessages, claimThese, recordOutcome } from './mail-store.ts';
import type { SendMessage } from './smtp.ts';

/** What a message turns out to say, or why it says nothing any more. */
export type Composed = (Content & { senderName: string | null }) | { dropped: string };

/** What mail needs of the feature whose messages it sends. */
export interface MessageWriter {
  /** What is kept of the secret in the link of a message. IDs are database IDs. */
  tokenHash(environmentId: string, messageId: string): Uint8Array;
  /** What messages say, in the order asked. */
  compose(messages: readonly { environmentId: string; id: string }[]): Promise<Composed[]>;
}

/** What the worker needs. */
export interface MailWorkerOptions {
  pool: pg.Pool;
  writer: MessageWriter;
  /** undefined: messages are kept, to be read in the mailbox */
  send: SendMessage | undefined;
  from: MailFrom;
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

/**
 * Sends what is due, outside of any transaction, and records what became of it; without a mail server it writes what is kept. Several workers, in any
 * number of processes, share the work: each claims messages for a while.
 */
export class MailWorker {
  readonly #options: MailWorkerOptions;
  readonly #loop: Loop;
  #round: Promise<unknown> = Promise.resolve();

  constructor(options: MailWorkerOptions) {
    this.#options = options;
    this.#loop = new Loop({
      work: () => this.sendDue(),
      interval,
      onError: (error) => options.warn({ err: error }, 'sending mail failed'),
    });
  }

  /** Whether messages are kept rather than sent. */
  get keeps(): boolean {
    return this.#options.send === undefined;
  }

  start(): void {
    this.#loop.start();
  }

  /** There may be something to send. */
  wake(): void {
    this.#loop.wake();
  }

  /** No round begins any more; resolves when the one under way has ended. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Sends some of what is due; resolves to whether there was anything. Rounds follow one another. */
  sendDue(): Promise<boolean> {
    const { pool, leaseSeconds = defaultLease } = this.#options;
    return this.#inTurn(() => claimMessages(pool, leaseSeconds, concurrency));
  }

  /** The same for these messages of an environment, as far as they are due. */
  sendThese(environmentId: string, ids: readonly string[]): Promise<boolean> {
    const { pool, leaseSeconds = defaultLease } = this.#options;
    return this.#inTurn(() => claimThese(pool, leaseSeconds, environmentId, ids));
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
    const composed = await this.#options.writer.compose(claimed);
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
}

/** Characters of a subject after its variables are filled in: RFC 5322 allows 998 in a line, people read fewer. */
const longestSubject = 250;
