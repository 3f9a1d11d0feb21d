import type { MessageState } from '@crosswalk/contract';

/**
 * The life of a message, the whole of it:
 *
 *     QUEUED --claim--> QUEUED (leased: due again at the end of the lease, so that a worker that dies loses nothing)
 *     leased --taken by the mail server--------------------------> SENT
 *     leased --refused for good (5xx for this message)-----------> FAILED
 *     leased --anything else, attempts left----------------------> QUEUED, due after a pause that grows
 *     leased --anything else, no attempt left--------------------> FAILED
 *     leased --nothing left to say (accepted, revoked, ...)------> DROPPED
 *     leased --no mail server is set-----------------------------> KEPT
 *
 * What is not QUEUED stays as it is. A drop of the connection after the last byte is "anything else": nobody knows whether the
 * server took the message, so it is sent again, with the Message-ID it had, by which receivers drop a repetition.
 */
export interface Outcome {
  state: MessageState;
  /** why it is not sent, for the owner; null when it is */
  error: string | null;
  /** seconds until it is due again, while it is QUEUED */
  pause: number;
}

/** What a mail server made of a message. */
export type Delivery =
  | { taken: true }
  /** `permanent`: it will never take this message */
  | { taken: false; permanent: boolean; reason: string };

/**
 * The pause after each attempt that failed, in seconds; docs/invitations.md has them. The first are for greylisting, which lets one pass
 * after minutes; ten attempts in about three days outlast a weekend without a mail server.
 */
export const retryPauses: readonly number[] = [60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600];

/** A pause is longer or shorter by up to this share, so that messages which failed together do not come back together. */
const jitter = 0.2;

/**
 * What becomes of a message after its `attempt`-th attempt, counted from 1. `random` is from 0 to 1; `pauses` are seconds.
 */
export function outcomeOf(delivery: Delivery, attempt: number, random: number, pauses: readonly number[] = retryPauses): Outcome {
  if (delivery.taken) return { state: 'SENT', error: null, pause: 0 };
  const error = printable(delivery.reason, longestReason);
  const pause = pauses[attempt - 1];
  if (delivery.permanent || pause === undefined) return { state: 'FAILED', error, pause: 0 };
  return { state: 'QUEUED', error, pause: pause * (1 - jitter + 2 * jitter * random) };
}

/** Characters kept of what a mail server says: several lines of SMTP. */
const longestReason = 500;

/** A text as one line: what would break a header, and what the database cannot hold, becomes a space. */
export function printable(text: string, longest: number): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, longest)
    .toWellFormed();
}
