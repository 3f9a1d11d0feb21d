import type { Message, MessageState } from '@crosswalk/contract';
import { readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { CallOptions, Connection } from './request.ts';

/** One page of messages. */
export interface MessagePage extends PageInfo {
  messages: Message[];
}

/** The mails that Crosswalk sends; without a mail server, the mails themselves. */
export class Mailbox {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Newest first, of the last 30 days: all, or those in one state, about one organization or to one user. */
  list(
    wanted: PageOptions & { state?: MessageState; organizationId?: string; userId?: string } = {},
    options?: CallOptions,
  ): List<MessagePage, Message> {
    const names = { state: true, organizationId: true, userId: true, ...pageNames } as const;
    const { state, organizationId, userId, pageSize, pageToken } = readOptions(wanted, names);
    const query = { state, organization_id: organizationId, user_id: userId, page_size: pageSize };
    return new List<MessagePage, Message>(
      (token) =>
        this.#connection.call({ method: 'GET', path: '/api/v1/mailbox', query: { ...query, page_token: token }, options }, 'messages'),
      (page) => page.messages,
      pageToken,
    );
  }
}
