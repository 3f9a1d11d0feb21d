import { type WebhookAttempt, webhookLimits } from '@crosswalk/contract';
import { ApiError } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';

/** Pauses before each new attempt, in seconds; the last is repeated until the delivery expires. */
export const retrySchedule = [5, 30, 2 * 60, 5 * 60, 15 * 60, 30 * 60, 60 * 60] as const;

/** Pauses are shortened or lengthened by up to this part, so that what failed together does not return together. */
const jitter = 0.2;

/** How long a delivery is tried. Milliseconds. */
export const deliveryLife = 3 * 24 * 3600 * 1000;

/** An endpoint where nothing arrives for this long is disabled. Days. */
export const failingDays = 5;

/** How long deliveries that have ended are kept, and with them the log of their attempts. Days. */
export const keptDays = 14;

/** The longest pause that a receiver can ask for with Retry-After. Seconds. */
const maxRetryAfter = 24 * 3600;

/** What came of one request to an endpoint. */
export interface Outcome {
  /** null: there was no answer */
  status: number | null;
  /** the first kilobyte of the answer */
  body: string;
  /** Why it failed when there was no usable answer. */
  error: string | null;
  /** what Retry-After asks for, in seconds */
  retryAfter: number | null;
  /** when it began, milliseconds since 1970 */
  time: number;
  /** milliseconds */
  duration: number;
}

/** What follows from an outcome. */
export type Verdict = { status: 'DELIVERED' } | { status: 'FAILED'; gone: boolean } | { status: 'PENDING'; pause: number };

/**
 * Decides what follows from the outcome of an attempt, of which it was the `attempt`th: only 2xx counts as received; 410 ends the
 * endpoint; everything else is tried again after a pause (seconds) while there is time. `random` is between 0 and 1.
 */
export function judge(
  outcome: Outcome,
  { attempt, now, expireTime, random }: { attempt: number; now: number; expireTime: number; random: number },
): Verdict {
  if (isSuccess(outcome)) return { status: 'DELIVERED' };
  if (outcome.status === 410) return { status: 'FAILED', gone: true };
  const scheduled = (retrySchedule[Math.min(attempt, retrySchedule.length) - 1] ?? 0) * (1 + jitter * (2 * random - 1));
  const pause = Math.max(scheduled, Math.min(outcome.retryAfter ?? 0, maxRetryAfter));
  return now + pause * 1000 > expireTime ? { status: 'FAILED', gone: false } : { status: 'PENDING', pause };
}

/** The error of a delivery whose event was removed before it could be sent. It tells nothing of the endpoint. */
export const eventGone = 'the event is not kept any more: see CROSSWALK_EVENT_DAYS';

/** The error of what cannot be signed: nothing arrives there until somebody does something, so the endpoint is seen to fail. */
export const keyMissing =
  'the secret was encrypted with a CROSSWALK_SECRET_KEY that this server does not have: give it that one as CROSSWALK_OTHER_SECRET_KEY, or rotate the secret';

/** The outcome of what could not be sent at all. `time`: milliseconds since 1970. */
export function unsent(error: string, time: number): Outcome {
  return { status: null, body: '', error, retryAfter: null, time, duration: 0 };
}

/** Whether the receiver has taken the message. */
export function isSuccess({ status, error }: Outcome): boolean {
  return error === null && status !== null && status >= 200 && status < 300;
}

/** Whether the receiver is overloaded or away, rather than at odds with one message. */
export function isOverload({ status, error }: Outcome): boolean {
  return error !== null || status === null || status === 429 || status >= 500;
}

/** An attempt as it is kept and shown. */
export function attemptOf(outcome: Outcome): WebhookAttempt {
  return {
    time: new Date(outcome.time).toISOString(),
    duration_ms: outcome.duration,
    response_status: outcome.status,
    response_body: outcome.body,
    error: isSuccess(outcome) ? null : (outcome.error ?? failureOf(outcome.status)),
  };
}

function failureOf(status: number | null): string {
  if (status !== null && status >= 300 && status < 400) return `answered ${status}: redirects are not followed`;
  return `answered ${status}: only 2xx counts as received`;
}

/** Seconds that a Retry-After header asks for (RFC 9110 section 10.2.3); null for none and for nonsense. */
export function retryAfterOf(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^[0-9]{1,10}$/.test(header)) return Number(header);
  const time = Date.parse(header);
  // Date.parse reads much that is no HTTP date, which always names its zone so.
  return header.endsWith('GMT') && !Number.isNaN(time) ? Math.max(0, Math.ceil((time - now) / 1000)) : null;
}

/** Text of a stranger as the database takes it: no NUL, no half characters, at most a kilobyte. */
export function keptText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, webhookLimits.responseBytes)).replaceAll('\0', '\ufffd');
}

/** Characters of a reason that are kept: receivers may have a say in it. */
const reasonLength = 300;

/** A reason as the database takes it: no NUL, and no half of a pair where it is cut. Results are recorded together, so one text must not spoil them all. */
export function keptReason(text: string): string {
  return keptText(new TextEncoder().encode(text)).slice(0, reasonLength).toWellFormed();
}

/** The 404 of a delivery. Database IDs. */
export function deliveryNotFound(endpointId: string, eventId: string): ApiError {
  return new ApiError('WEBHOOK_DELIVERY_NOT_FOUND', `${formatId('whe', endpointId)} has no delivery of ${formatId('evt', eventId)}`, {
    resource: { kind: 'webhook_delivery' },
  });
}
