import { createTransport } from 'nodemailer';
import type { MailFrom, SmtpSettings } from '../lib/mail-settings.ts';
import type { Delivery } from './mail.ts';

/** A message as it goes out, to one address. */
export interface OutgoingMessage {
  from: MailFrom;
  to: string;
  /** without angle brackets; the same at each attempt */
  messageId: string;
  locale: string;
  subject: string;
  text: string;
  html: string | null;
}

/** Hands a message to a mail server. Never throws: what went wrong is a part of the answer. */
export type SendMessage = (message: OutgoingMessage) => Promise<Delivery>;

/** How long connecting and each answer may take; the second also that of the last byte, where content filters work. Milliseconds. */
const [connectionTimeout, answerTimeout] = [10_000, 25_000];

/** How long everything may take together, whatever trickles in. Milliseconds. */
const totalTimeout = 30_000;

/** Opens the way to a mail server; a connection is made for each message, as they are few. `timeout` is for tests. */
export function openSmtp({ host, port, secure, auth }: SmtpSettings, timeout = totalTimeout): SendMessage {
  const local = ['localhost', '127.0.0.1', '::1'].includes(host);
  const transport = createTransport({
    host,
    port,
    secure,
    ...(auth === undefined ? {} : { auth }),
    // A password never goes over a network in the clear. On this machine the certificate is one nobody signed.
    requireTLS: auth !== undefined && !local,
    ignoreTLS: local,
    connectionTimeout,
    greetingTimeout: connectionTimeout,
    socketTimeout: answerTimeout,
    // A message is text: nothing in it may make the server read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ from, to, messageId, locale, subject, text, html }) => {
    try {
      await transport.sendMail({
        from,
        to: { name: '', address: to },
        messageId: `<${messageId}>`,
        subject,
        text,
        ...(html === null ? {} : { html }),
        // RFC 3834 and its equal for Exchange: no out-of-office replies.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'Content-Language': locale },
        signal: AbortSignal.timeout(timeout),
      });
      return { taken: true };
    } catch (error) {
      return { taken: false, permanent: isPermanent(error), reason: reasonOf(error) };
    }
  };
}

/**
 * Whether a server refused this message for good: 5xx to the sender, the recipient or the content. A 5xx to anything else (the password, the
 * greeting) is the set-up's fault, which an operator mends.
 */
function isPermanent(error: unknown): boolean {
  const { code, responseCode } = Object(error);
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500 && responseCode < 600;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the mail server could not be asked';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'the mail server took too long; it may have the message';
  return error.message;
}
