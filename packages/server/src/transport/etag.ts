import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import type { Preconditions } from '../lib/preconditions.ts';

/** Reads If-Match and If-None-Match; 400 if they are not ETags of ours. */
export function preconditionsOf(request: FastifyRequest): Preconditions {
  const preconditions: Preconditions = {};
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
  if (ifMatch !== undefined) {
    const tags = parse('If-Match', ifMatch);
    // A record has one current version, and a weak ETag never matches here (RFC 9110 section 13.1.1).
    if (tags !== 'any' && (tags.length !== 1 || ifMatch.includes('W/'))) {
      throw unreadable('If-Match', 'must be one strong ETag such as "7", or *');
    }
    preconditions.match = tags === 'any' ? 'any' : Number.parseInt(tags.join(), 10);
  }
  if (ifNoneMatch !== undefined) preconditions.noneMatch = parse('If-None-Match', ifNoneMatch);
  return preconditions;
}

/** The tags of a header. Each begins with the version; what may follow tells apart answers of one version. */
function parse(header: string, value: string): string[] | 'any' {
  if (value.trim() === '*') return 'any';
  if (value.length > 1000) throw unreadable(header, 'is too long');
  return value.split(',').map((part) => {
    const tag = /^\s*(?:W\/)?"([1-9][0-9]{0,15}(?:-[0-9a-f]{16})?)"\s*$/.exec(part)?.[1];
    if (tag === undefined) throw unreadable(header, 'must be the ETag of an earlier answer, such as "7", or *');
    return tag;
  });
}

function unreadable(header: string, description: string): ApiError {
  return new ApiError('INVALID_PRECONDITION', `${header}: ${description}`, { violations: [{ field: header, description }] });
}

/**
 * Answers a record: with its ETag, or 304 without a body when the caller has this answer already. `tag` is the
 * version, followed by more where the answer holds more than the one record.
 */
export function sendRecord(request: FastifyRequest, reply: FastifyReply, tag: number | string, body: object): FastifyReply {
  reply.header('etag', `"${tag}"`);
  if (request.headers['if-none-match'] !== undefined && (request.method === 'GET' || request.method === 'HEAD')) {
    const { noneMatch } = preconditionsOf(request);
    if (noneMatch === 'any' || noneMatch?.includes(String(tag))) return reply.code(304).send();
  }
  return reply.send(body);
}
