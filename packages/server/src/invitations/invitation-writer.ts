import type pg from 'pg';
import { type DerivedKeys, deriveKeys, type SecretKeys } from '../lib/seal.ts';
import type { Composed, MessageWriter } from '../mail/index.ts';
import { type LinkState, linkStateOf, linkToken, linkTokenHash } from './invitation-link.ts';
import { invitationMail } from './invitation-mail.ts';
import { findInvitationMessages, type InvitationMessage } from './link-store.ts';

/** Why a message is not sent any more. */
const reasons: Record<Exclude<LinkState, 'PENDING'>, string> = {
  ACCEPTED: 'the invitation was accepted before',
  REVOKED: 'the invitation was revoked before',
  EXPIRED: 'the invitation had expired; send it again',
  SUPERSEDED: 'a later message replaces this one, or the user has another address now',
  GONE: 'the membership does not exist any more',
};

/** Why a message is not sent whose link would open nothing. */
const keyGone = 'its link was made with a CROSSWALK_SECRET_KEY that this server does not have; send the invitation again';

/** Writes what the messages about invitations say, when they are about to be sent: from what is true then. */
export class InvitationWriter implements MessageWriter {
  readonly #pool: pg.Pool;
  readonly #publicUrl: string;
  readonly #keys: DerivedKeys;

  constructor({ pool, publicUrl, secretKeys }: { pool: pg.Pool; publicUrl: string; secretKeys: SecretKeys }) {
    this.#pool = pool;
    this.#publicUrl = publicUrl;
    this.#keys = deriveKeys(secretKeys, 'invitation links');
  }

  tokenHash(environmentId: string, messageId: string): Uint8Array {
    return linkTokenHash(linkToken(this.#keys[0], environmentId, messageId));
  }

  async compose(messages: readonly { environmentId: string; id: string }[]): Promise<Composed[]> {
    const found = await findInvitationMessages(this.#pool, messages);
    const now = new Date();
    return messages.map(({ environmentId, id }, index) => {
      const message = found[index];
      if (message === undefined) return { dropped: reasons.GONE };
      const token = this.#tokenOf(environmentId, id, message.tokenHash);
      return token === undefined ? { dropped: keyGone } : composed(message, invitationUrl(this.#publicUrl, token), now);
    });
  }

  /** The token of a message, by the key that it was begun with. */
  #tokenOf(environmentId: string, id: string, hash: Uint8Array): string | undefined {
    return this.#keys.map((key) => linkToken(key, environmentId, id)).find((token) => linkTokenHash(token).equals(hash));
  }
}

function composed(message: InvitationMessage, acceptUrl: string, now: Date): Composed {
  const { link, organizationName, inviteeName, inviteeLocale, inviterEmail, settings } = message;
  const state = linkStateOf(link, now);
  const expiresAt = link.standing?.expires_at;
  if (state !== 'PENDING') return { dropped: reasons[state] };
  if (typeof expiresAt !== 'string' || organizationName === null) return { dropped: reasons.GONE };
  const { senderName } = settings;
  const facts = {
    organizationName,
    inviteeEmail: link.sentTo,
    inviteeName,
    inviterEmail,
    senderName,
    acceptUrl,
    expiresAt: new Date(expiresAt),
  };
  return { ...invitationMail(facts, settings, inviteeLocale), senderName };
}

/** The address of the page that an invitation is accepted on. Always under the configured public URL, whatever a request says. */
export function invitationUrl(publicUrl: string, token: string): string {
  return `${publicUrl}/invitations/${token}`;
}
