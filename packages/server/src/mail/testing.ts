import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { afterAll, beforeAll } from 'vitest';
import type { TestServer } from '../testing.ts';
import type { MailSettings } from './open-mail.ts';

/** What the mail server does with one connection, and so with one attempt. */
export type Behaviour =
  | 'take'
  /** 450 to the recipient, as greylisting does */
  | 'greylist'
  | 'unknown recipient'
  /** 451 after the message */
  | 'local error'
  | 'spam'
  /** the message is there, and then the connection is gone without an answer */
  | 'drop after data'
  /** the answer to the message takes this long, in milliseconds */
  | { slow: number };

const refusals: Record<string, { responseCode: number; message: string }> = {
  greylist: { responseCode: 450, message: '4.7.1 try again later' },
  'unknown recipient': { responseCode: 550, message: '5.1.1 no such mailbox' },
  'local error': { responseCode: 451, message: '4.3.0 local error' },
  spam: { responseCode: 554, message: '5.7.1 not wanted' },
};

/** A mail server of a test's own, on 127.0.0.1. */
export class SmtpSink {
  /** every message that came whole, also those that were refused after it */
  received: Email[] = [];
  /** the addresses that were named to it, in their Unicode form */
  recipients: string[] = [];
  /** what the next connections get, one after the other; those after them are taken */
  script: Behaviour[] = [];
  connections = 0;
  #server: SMTPServer | undefined;
  #port = 0;
  readonly #behaviours = new Map<string, Behaviour>();

  async start(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      // As many are: it has no SMTPUTF8, so addresses must come in ASCII.
      hideSMTPUTF8: true,
      onConnect: (session, callback) => {
        this.connections += 1;
        this.#behaviours.set(session.id, this.script.shift() ?? 'take');
        callback();
      },
      onRcptTo: ({ address }, session, callback) => {
        this.recipients.push(address);
        callback(this.#refusal(session, ['greylist', 'unknown recipient'], address));
      },
      onData: async (stream, session, callback) => {
        const parts: Buffer[] = [];
        try {
          for await (const part of stream) parts.push(part);
        } catch {
          // Whoever sent it was killed in the midst: it is nobody's message.
          return;
        }
        this.received.push(await PostalMime.parse(Buffer.concat(parts)));
        const behaviour = this.#behaviours.get(session.id);
        if (behaviour === 'drop after data') return this.#drop(session);
        if (typeof behaviour === 'object') await new Promise((resolve) => setTimeout(resolve, behaviour.slow));
        callback(this.#refusal(session, ['local error', 'spam']), 'taken');
      },
    });
    server.on('error', () => {});
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.server.address();
    // Started again, it is at the same place.
    this.#port = typeof address === 'object' && address !== null ? address.port : this.#port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server?.close(() => resolve()) ?? resolve());
    this.#server = undefined;
  }

  /** The settings of a service that sends by it. */
  settings(options: Partial<MailSettings> = {}): MailSettings {
    const smtp = { host: '127.0.0.1', port: this.#port, secure: false, auth: undefined };
    return { smtp, from: { name: 'Crosswalk Test', address: 'invitations@crosswalk.test' }, retrySeconds: [0, 0, 0], ...options };
  }

  #refusal(session: SMTPServerSession, of: string[], about = ''): Error | null {
    const behaviour = this.#behaviours.get(session.id);
    if (typeof behaviour !== 'string' || !of.includes(behaviour)) return null;
    const { responseCode, message } = refusals[behaviour] ?? { responseCode: 451, message: '' };
    return Object.assign(new Error(about === '' ? message : `${message}: ${about}`), { responseCode });
  }

  #drop({ id }: SMTPServerSession): void {
    for (const connection of this.#server?.connections ?? []) if (connection.id === id) connection._socket.destroy();
  }
}

/** Starts a mail server for a test file. Register it before the test server that uses it. */
export function useSmtpSink(): SmtpSink {
  const sink = new SmtpSink();
  beforeAll(() => sink.start());
  afterAll(() => sink.stop());
  return sink;
}

/** Does what the worker would do now. */
export async function sendAll({ feed, mailWorker }: Pick<TestServer, 'feed' | 'mailWorker'>): Promise<void> {
  await feed.place();
  while (await mailWorker.sendDue());
}

/** The link in the text of a mail. */
export function linkIn(text: string | null | undefined): string {
  return /https?:\/\/\S+\/invitations\/\S+/.exec(text ?? '')?.[0] ?? '';
}

/** What stands behind the last slash of a link. */
export function tokenIn(text: string | null | undefined): string {
  return linkIn(text).replace(/^.*\//, '');
}
