import { ListMessagesQuery, MessagePage } from '@crosswalk/contract';
import type { FeedService } from '../feed/index.ts';
import { requireId } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageRequestOf } from '../transport/pages.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { MailService } from './mail-service.ts';

/** REST of the mailbox: what was sent, what was not and why, and without a mail server the messages themselves. */
export function mailRoutes(app: Routes, mail: MailService, tokens: PageTokens, feed: FeedService): void {
  app.get(
    '/api/v1/mailbox',
    operation(
      {
        id: 'listMessages',
        tag: 'Mailbox',
        summary: 'List the mails that were asked for in the last 30 days, newest first',
        description:
          'Without `SMTP_URL` mails are kept and shown here, links and all: who reads them can accept the invitations, so it takes the scope ' +
          '`write`. With it, their states and failures are shown and not what they say.',
        scope: 'write',
        answers: { 200: MessagePage },
        errors: ['INVALID_ID', 'INVALID_PAGE_TOKEN'],
      },
      { querystring: ListMessagesQuery },
    ),
    async (request) => {
      const { state, organization_id: organizationId, user_id: userId } = request.query;
      const query = {
        state,
        organizationId: organizationId === undefined ? undefined : requireId('org', organizationId, 'organization_id'),
        userId: userId === undefined ? undefined : requireId('usr', userId, 'user_id'),
      };
      const wanted = pageRequestOf(request, tokens);
      // What the caller has just asked for is to be seen here.
      await feed.place();
      return pageAnswer(request, tokens, 'messages', await mail.list(contextOf(request), query, wanted));
    },
  );
}
