import { type ErrorCode, InvitationAnswer, InvitationPage, InviteAnswer, ListInvitationsQuery, ResendInvite } from '@crosswalk/contract';
import { type Static, Type } from 'typebox';
import { requireId } from '../lib/id.ts';
import type { PageTokens } from '../lib/page-token.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { pageAnswer, pageRequestOf } from '../transport/pages.ts';
import { member, paramsOf, type RecordPath, recordPaths, withQuery } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import { type Invited, invitedTag } from './invitation.ts';
import type { InvitationReference, InvitationService, StateWanted } from './invitation-service.ts';

const collection = '/api/v1/invites/organizations/:organization_id/users';
const tag = 'Invitations';
const findErrors: ErrorCode[] = ['INVALID_ID', 'USER_NOT_FOUND', 'MEMBERSHIP_NOT_FOUND', 'INVITATION_NOT_FOUND'];
const changeErrors: ErrorCode[] = [...findErrors, 'INVITATION_CLOSED', 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED'];

const listQuery = Type.Object(ListInvitationsQuery, { additionalProperties: false });

/** REST of invitations. Their versions are those of the memberships. */
export function invitationRoutes(app: Routes, invitations: InvitationService, tokens: PageTokens): void {
  const resent = (invited: Invited) => ({ status: 200, body: { invite: invited.invitation }, tag: invitedTag(invited) });
  const changed = (invited: Invited) => ({ status: 200, body: { invitation: invited.invitation }, tag: invitedTag(invited) });

  app.get(
    '/api/v1/invitations',
    operation(
      {
        id: 'listAllInvitations',
        tag,
        summary: 'List the invitations to all organizations, newest first',
        scope: 'read',
        answers: { 200: InvitationPage },
        errors: ['INVALID_PAGE_TOKEN'],
      },
      { querystring: listQuery },
    ),
    async (request) => {
      const page = await invitations.list(contextOf(request), wantedOf(request.query), pageRequestOf(request, tokens));
      return pageAnswer(request, tokens, 'invitations', page);
    },
  );

  for (const path of recordPaths('/api/v1/organizations', 'org', 'organization_id')) {
    const list = path.partUrl('invitations');
    app.get(
      list,
      operation(
        {
          id: `listInvitations${path.suffix}`,
          tag,
          summary: `List the invitations to the organization named by ${path.by}, newest first`,
          scope: 'read',
          answers: { 200: InvitationPage },
          errors: ['ORGANIZATION_NOT_FOUND', 'INVALID_ID', 'INVALID_PAGE_TOKEN'],
        },
        {
          params: paramsOf(list),
          querystring: Type.Unsafe<Static<typeof listQuery>>(withQuery(path.parts, ListInvitationsQuery).querystring),
        },
      ),
      async (request) => {
        const page = await invitations.listOfOrganization(
          contextOf(request),
          path.reference(request),
          wantedOf(request.query),
          pageRequestOf(request, tokens),
        );
        return pageAnswer(request, tokens, 'invitations', page);
      },
    );
  }

  for (const path of recordPaths(collection, 'usr')) {
    const whose = `the invitation of the user named by ${path.by}`;

    app.get(
      path.url,
      operation(
        {
          id: `getInvitation${path.suffix}`,
          tag,
          summary: `Get ${whose}`,
          scope: 'read',
          answers: { 200: InvitationAnswer },
          errors: findErrors,
        },
        path.parts,
      ),
      async (request, reply) => {
        const found = await invitations.get(contextOf(request), referenceOf(path, request));
        return sendRecord(request, reply, invitedTag(found), changed(found).body);
      },
    );

    app.patch(
      path.partUrl('resend'),
      operation(
        {
          id: `resendInvite${path.suffix}`,
          tag,
          summary: `Send ${whose} again`,
          description:
            'An open invitation keeps its end; one that has expired gets a new one. The mail has a new link, and those sent before open nothing ' +
            'any more. The event `user.organization_invitation` says that there is something to send.',
          scope: 'write',
          answers: { 200: InviteAnswer },
          errors: [...changeErrors, 'USER_LIMIT_REACHED'],
        },
        { ...path.parts, body: ResendInvite },
      ),
      async (request, reply) => {
        const context = changeContextOf(request, resent);
        const result = await invitations.resend(context, referenceOf(path, request), preconditionsOf(request));
        return sendRecord(request, reply, invitedTag(result), resent(result).body);
      },
    );

    app.post(
      path.partUrl('revoke'),
      operation(
        {
          id: `revokeInvitation${path.suffix}`,
          tag,
          summary: `Take back ${whose}`,
          description:
            'Its links open nothing any more and its place in the user limit is free. The membership stays, INACTIVE, with its roles, metadata ' +
            'and history: delete it to invite the person anew. Again, it changes nothing.',
          scope: 'write',
          answers: { 200: InvitationAnswer },
          errors: changeErrors,
        },
        { ...path.parts, body: ResendInvite },
      ),
      async (request, reply) => {
        const context = changeContextOf(request, changed);
        const result = await invitations.revoke(context, referenceOf(path, request), preconditionsOf(request));
        return sendRecord(request, reply, invitedTag(result), changed(result).body);
      },
    );

    app.post(
      path.partUrl('accept'),
      operation(
        {
          id: `acceptInvitation${path.suffix}`,
          tag,
          summary: `Accept ${whose} for them`,
          description:
            'For a back end that knows that it is them, from a sign-in of its own for example: this takes no link. Of many at once one succeeds.',
          scope: 'write',
          answers: { 200: InvitationAnswer },
          errors: changeErrors,
        },
        { ...path.parts, body: ResendInvite },
      ),
      async (request, reply) => {
        const context = changeContextOf(request, changed);
        const result = await invitations.accept(context, referenceOf(path, request), preconditionsOf(request));
        return sendRecord(request, reply, invitedTag(result), changed(result).body);
      },
    );
  }
}

function wantedOf({ state }: Static<typeof listQuery>): StateWanted {
  return state === undefined ? {} : { state };
}

function referenceOf(path: RecordPath, request: { params: unknown; query: unknown }): InvitationReference {
  return { organizationId: requireId('org', member(request.params, 'organization_id'), 'organization_id'), user: path.reference(request) };
}
