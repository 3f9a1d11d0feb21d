import { createHash, createHmac } from 'node:crypto';
import type { InvitationState } from '@crosswalk/contract';
import { emailKey } from '../lib/email.ts';
import { type Standing, stateOf } from './invitation.ts';

/** What a link is good for now: that of its invitation, or it is not the link of it any more. */
export type LinkState = InvitationState | 'SUPERSEDED' | 'GONE';

/** What decides on a link: the message that has it, and what it is about now. */
export interface LinkFacts {
  /** undefined: the membership, its user or its organization is gone */
  standing: Standing | undefined;
  /** whether a later message has another link */
  superseded: boolean;
  /** the address that the message went to, and the one that the user has now */
  sentTo: string;
  email: string | null;
}

/**
 * What a link is good for. It belongs to an organization and an address: when the user has got another address, the link that went to the
 * old one proves nothing. An invitation that was accepted or revoked says so by each of its links, old ones included.
 */
export function linkStateOf({ standing, superseded, sentTo, email }: LinkFacts, now: Date): LinkState {
  if (standing === undefined || email === null) return 'GONE';
  const state = stateOf(standing, now);
  if (state === 'ACCEPTED' || state === 'REVOKED') return state;
  return superseded || emailKey(sentTo) !== emailKey(email) ? 'SUPERSEDED' : state;
}

/**
 * The token in the link of a message: 256 bits, in base64url. It is derived from the ID of the message with a key that only the server
 * has, so that a message which is tried again has the same link, and nothing that opens an invitation is stored.
 */
export function linkToken(key: Uint8Array, environmentId: string, messageId: string): string {
  return createHmac('sha256', key).update(`${environmentId}/${messageId}`).digest('base64url');
}

/** What is kept of a token, and how it is found again. */
export function linkTokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Whether a text has the form of a token: 32 bytes in base64url. */
export function isLinkToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}
