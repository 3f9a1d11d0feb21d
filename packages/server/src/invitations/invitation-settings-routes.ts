import {
  InvitationPreviewAnswer,
  type InvitationSettings,
  InvitationSettingsAnswer,
  PreviewInvitation,
  UpdateInvitationSettings,
} from '@crosswalk/contract';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { InvitationSettingsService } from './invitation-settings-service.ts';

const path = '/api/v1/invitation-settings';
const tag = 'Invitations';

/** REST of what the invitations of the environment are like. */
export function invitationSettingsRoutes(app: Routes, service: InvitationSettingsService): void {
  const changed = (settings: InvitationSettings) => ({ status: 200, body: { settings }, tag: settings.version });

  app.get(
    path,
    operation(
      {
        id: 'getInvitationSettings',
        tag,
        summary: 'Get what the invitations of the environment are like',
        scope: 'read',
        answers: { 200: InvitationSettingsAnswer },
      },
      {},
    ),
    async (request, reply) => {
      const settings = await service.get(contextOf(request));
      return sendRecord(request, reply, settings.version, { settings });
    },
  );

  app.patch(
    path,
    operation(
      {
        id: 'updateInvitationSettings',
        tag,
        summary: 'Set what the invitations of the environment are like',
        description: 'How long they are open, what their mails say in each language, and where people go when they have accepted.',
        scope: 'write',
        adminOnly: true,
        answers: { 200: InvitationSettingsAnswer },
        errors: ['INVALID_TEMPLATE', 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'],
      },
      { body: UpdateInvitationSettings },
    ),
    async (request, reply) => {
      const settings = await service.update(changeContextOf(request, changed), request.body, preconditionsOf(request));
      return sendRecord(request, reply, settings.version, { settings });
    },
  );

  app.post(
    `${path}::preview`,
    operation(
      {
        id: 'previewInvitation',
        tag,
        summary: 'See the mail of an invitation as it would be sent',
        description:
          'By the template that is given, or by the one that would be used. Nothing is sent or stored, and its link opens nothing.',
        scope: 'read',
        answers: { 200: InvitationPreviewAnswer },
        errors: ['INVALID_TEMPLATE', 'INVALID_ID', 'ORGANIZATION_NOT_FOUND', 'USER_NOT_FOUND'],
      },
      { body: PreviewInvitation },
    ),
    async (request) => ({ preview: await service.preview(contextOf(request), request.body) }),
  );
}
