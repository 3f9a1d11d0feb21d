import type { FastifyReply, FastifyRequest } from 'fastify';
import { databaseFailure } from '../database/sql-error.ts';
import { ApiError } from '../lib/api-error.ts';
import { member } from '../transport/paths.ts';
import type { Routes } from '../transport/routes.ts';
import { type AcceptPage, closedPage, failedPage, joinedPage, openPage, pageHeaders, renderPage } from './accept-page.ts';
import { type AcceptWords, wordsFor } from './accept-words.ts';
import type { Followed, InvitationService } from './invitation-service.ts';

/** A wildcard, as a parameter would end with 414 before the page that a link which opens nothing gets. */
const path = '/invitations/*';

/** Largest form that is read; there is nothing in it. Bytes. */
const formLimit = 16 * 1024;

/**
 * The page that the link of a mail opens. GET and HEAD change nothing: mail scanners follow links. POST accepts, for the invited address and
 * no other. There is no limit of its own on attempts: 256 bits cannot be guessed, and a wrong one costs one look-up by an index.
 */
export function acceptRoutes(app: Routes, invitations: InvitationService): void {
  // A context of its own: it takes a form, and answers people, errors included.
  app.register(async (pages) => {
    pages.removeAllContentTypeParsers();
    pages.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer', bodyLimit: formLimit }, (_request, _body, done) =>
      done(null, undefined),
    );
    pages.setErrorHandler(sendFailure);

    pages.get(path, { schema: { hide: true } }, async (request, reply) => {
      const followed = await invitations.follow(tokenOf(request));
      return send(reply, statusOf(followed), pageOf(followed), applicationUrlOf(followed));
    });

    pages.post(path, { schema: { hide: true } }, async (request, reply) => {
      const { accepted, followed } = await invitations.acceptByLink(tokenOf(request), request.id);
      const applicationUrl = applicationUrlOf(followed);
      if (!accepted || followed === undefined) return send(reply, statusOf(followed), pageOf(followed), applicationUrl);
      if (applicationUrl !== null) return reply.code(303).headers(pageHeaders(applicationUrl)).header('location', applicationUrl).send();
      const { organizationName, link } = followed.message;
      const page = joinedPage(wordsOf(followed), { organization: organizationName ?? '', email: link.sentTo });
      return send(reply, 200, page, null);
    });
  });
}

function tokenOf(request: FastifyRequest): string {
  return member(request.params, '*');
}

/** 404 for what was never sent; 410 for what was and is of no use any more. */
function statusOf(followed: Followed): number {
  if (followed === undefined) return 404;
  return followed.state === 'PENDING' ? 200 : 410;
}

function wordsOf(followed: Followed): AcceptWords {
  return followed === undefined ? wordsFor() : wordsFor(followed.message.inviteeLocale, followed.message.settings.locale);
}

function applicationUrlOf(followed: Followed): string | null {
  return followed?.message.settings.applicationUrl ?? null;
}

function pageOf(followed: Followed): AcceptPage {
  const words = wordsOf(followed);
  if (followed === undefined) return closedPage(words, 'UNKNOWN', null);
  const { state, message } = followed;
  const { link, organizationName } = message;
  const expires = link.standing?.expires_at;
  if (state !== 'PENDING') return closedPage(words, state, state === 'ACCEPTED' ? applicationUrlOf(followed) : null);
  if (typeof expires !== 'string' || organizationName === null) return closedPage(words, 'GONE', null);
  return openPage(words, { organization: organizationName, email: link.sentTo, expires: new Date(expires) });
}

function send(reply: FastifyReply, status: number, page: AcceptPage, applicationUrl: string | null): FastifyReply {
  return reply.code(status).headers(pageHeaders(applicationUrl)).send(renderPage(page));
}

/** Any error as a page. The log has the cause and never the address, which is a secret. */
function sendFailure(thrown: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = thrown instanceof ApiError ? thrown : databaseFailure(thrown);
  const status = known?.status ?? ('statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : 500);
  if (status >= 500) request.log.error({ err: known?.detail.cause ?? thrown }, 'the page of an invitation failed');
  else request.log.info({ status, method: request.method }, 'the page of an invitation was refused');
  if (known?.detail.retryAfter !== undefined) reply.header('retry-after', String(known.detail.retryAfter));
  return send(reply, status, failedPage(wordsFor()), null);
}
