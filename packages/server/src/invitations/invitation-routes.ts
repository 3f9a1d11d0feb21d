import { InviteAnswer, ResendInvite } from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, recordPaths } from '../transport/paths.ts';
import { changeContextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { Invited } from './invitation.ts';
import type { InvitationService } from './invitation-service.ts';

const collection = '/api/v1/invites/organizations/:organization_id/users';

/** REST of invitations. The ETag of an answer is that of the membership. */
export function invitationRoutes(app: Routes, invitations: InvitationService): void {
  const answer = ({ invitation }: Invited) => ({ status: 200, body: { invite: invitation } });

  for (const path of recordPaths(collection, 'usr')) {
    app.patch(
      path.partUrl('resend'),
      operation(
        {
          id: `resendInvite${path.suffix}`,
          tag: 'Invitations',
          summary: `Send the invitation of the user named by ${path.by} again`,
          description:
            'An open invitation keeps its end; one that has expired gets a new one, 15 days from now. ' +
            'The event `user.organization_invitation` says that there is something to send.',
          scope: 'write',
          answers: { 200: InviteAnswer },
          errors: [
            'INVALID_ID',
            'INVITATION_CLOSED',
            'USER_LIMIT_REACHED',
            'USER_NOT_FOUND',
            'MEMBERSHIP_NOT_FOUND',
            'INVITATION_NOT_FOUND',
            'VERSION_MISMATCH',
            'RECORD_BUSY',
            'IDEMPOTENCY_KEY_REUSED',
          ],
        },
        { ...path.parts, body: ResendInvite },
      ),
      async (request, reply) => {
        const organizationId = requireId('org', member(request.params, 'organization_id'), 'organization_id');
        const reference = { organizationId, user: path.reference(request) };
        const resent = await invitations.resend(changeContextOf(request, answer), reference, preconditionsOf(request));
        return sendRecord(request, reply, resent.membership.version, answer(resent).body);
      },
    );
  }
}
