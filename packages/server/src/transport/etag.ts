import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import type { Preconditions, SeenVersion } from '../lib/preconditions.ts';

/** Reads If-Match and If-None-Match of a change; 400 if they are not ETags of ours. */
export function preconditionsOf({ headers }: { headers: IncomingHttpHeaders }): Preconditions {
  const preconditions: Preconditions = {};
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined) {
    const tags = parse('If-Match', ifMatch);
    // A record has one current version, and a weak ETag never matches here (RFC 9110 section 13.1.1).
    if (tags !== 'any' && (tags.length !== 1 || ifMatch.includes('W/'))) {
      throw unreadable('If-Match', 'must be one strong ETag such as "7", or *');
    }
    preconditions.match = tags === 'any' ? 'any' : seenIn(tags.join());
  }
  if (ifNoneMatch !== undefined) {
    const tags = parse('If-None-Match', ifNoneMatch);
    preconditions.noneMatch = tags === 'any' ? 'any' : tags.map(seenIn);
  }
  return preconditions;
}

/** Refuses preconditions of a change that has no one record to hold to them: who sends one relies on it. */
export function refusePreconditions({ headers }: { headers: IncomingHttpHeaders }): void {
  for (const header of ['If-Match', 'If-None-Match']) {
    if (headers[header.toLowerCase()] === undefined) continue;
    throw unreadable(header, 'must be left out: this operation changes no record of which you could have read a version');
  }
}

/** Refuses preconditions where a route changes no one record. Register after authentication. */
export function registerPreconditionCheck(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    // Nearly every request: a read. What its route is like costs more to look up than all of this.
    if (request.method === 'GET' || request.method === 'HEAD') return done();
    const { scope, session, conditional } = request.routeOptions.config;
    if ((scope === 'write' || session !== undefined) && conditional !== true) refusePreconditions(request);
    done();
  });
}

/** The tags of a header: a version, with the ID of its record, with a hash of what was shown beside. Whoever has only read the body has the version alone. */
function parse(header: string, value: string): string[] | 'any' {
  if (value.trim() === '*') return 'any';
  if (value.length > 1000) throw unreadable(header, 'is too long');
  return value.split(',').map((part) => {
    const tag = /^\s*(?:W\/)?"([1-9][0-9]{0,15}(?:-[1-9][0-9]{0,18}(?:-[0-9a-f]{16})?)?)"\s*$/.exec(part)?.[1];
    if (tag === undefined) throw unreadable(header, 'must be the ETag of an earlier answer, such as "7", or *');
    return tag;
  });
}

function seenIn(tag: string): SeenVersion {
  const [version = '', id] = tag.split('-');
  return { version: Number(version), id };
}

function unreadable(header: string, description: string): ApiError {
  return new ApiError('INVALID_PRECONDITION', `${header}: ${description}`, { violations: [{ field: header, description }] });
}

/** The header of a tag. */
export function etagOf(tag: number | string): string {
  return `"${tag}"`;
}

/**
 * Answers a record: with its ETag, or 304 without a body when the caller has this answer already. `tag` is the
 * version, followed by more where the answer holds more than the one record. A body that is text is JSON already.
 */
export function sendRecord(request: FastifyRequest, reply: FastifyReply, tag: number | string, body: object | string): FastifyReply {
  reply.header('etag', etagOf(tag));
  const { 'if-none-match': ifNoneMatch } = request.headers;
  if (ifNoneMatch !== undefined && (request.method === 'GET' || request.method === 'HEAD')) {
    const tags = parse('If-None-Match', ifNoneMatch);
    if (tags === 'any' || tags.includes(String(tag))) return reply.code(304).send();
  }
  if (typeof body === 'string') reply.type('application/json; charset=utf-8');
  return reply.send(body);
}
