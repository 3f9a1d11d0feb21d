import { createHmac } from 'node:crypto';
import type { OperatorRole, Session } from '@crosswalk/contract';

/** A session that is valid now. */
export interface VerifiedSession {
  /** database ID */
  operatorId: string;
  /** by database ID of the environment */
  roles: Readonly<Record<string, OperatorRole>>;
  /** what its operator is told of it */
  session: Session;
}

/** Tells whose a session is. `cached` answers at once for one that was looked up within the last seconds. `token` is what the cookie holds. */
export interface SessionVerifier {
  cached(token: string): VerifiedSession | undefined;
  verify(token: string): Promise<VerifiedSession | undefined>;
}

/** How long a session lasts: without use, and in all. Hours, days. */
export const sessionLife = { idleHours: 12, days: 7 } as const;

/** Whether a text may be a session's token: what is none costs no query. */
export function isSessionToken(token: string): boolean {
  return /^cwo_[A-Za-z0-9_-]{43}$/.test(token);
}

/**
 * The token that every change of a session carries. It follows from the session's own, which no script can read, and does not
 * lead back to it (OWASP, "HMAC-based token pattern").
 */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('csrf').digest('base64url');
}
