import type { MailFrom, SmtpSettings } from '../lib/mail-settings.ts';
import type { MailWorkerOptions } from './mail-worker.ts';

/** How mail leaves the service. */
export interface MailSettings {
  smtp: SmtpSettings;
  from: MailFrom;
  /** how long a worker has a message for itself, in seconds; default 120 */
  leaseSeconds?: number;
  /** how long a mail server may take for one message, in milliseconds; default 30,000 */
  timeout?: number;
  /** pauses after attempts that failed, in seconds; default: those of docs/invitations.md */
  retrySeconds?: readonly number[];
}

/** The parts of a mail worker that follow from its settings; without any, messages are kept, and what speaks SMTP is not even loaded. */
export async function openMail(
  settings: MailSettings | undefined,
  publicUrl: string,
): Promise<Pick<MailWorkerOptions, 'send' | 'from' | 'host' | 'leaseSeconds' | 'retrySeconds'>> {
  const host = new URL(publicUrl).hostname;
  if (settings === undefined) return { send: undefined, from: { name: '', address: `crosswalk@${host}` }, host };
  const { openSmtp } = await import('./smtp.ts');
  const { smtp, timeout, from, leaseSeconds, retrySeconds } = settings;
  return { send: openSmtp(smtp, timeout), from, host, leaseSeconds, retrySeconds };
}
