import { timingSafeEqual } from 'node:crypto';
import { sessionHeaders } from '@crosswalk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { headerValues } from './headers.ts';

/** The cookie of a session of an operator. */
export interface SessionCookie {
  /** What a request brings; undefined without one. */
  read(rawHeaders: readonly string[]): string | undefined;
  /** `seconds`: after how long the browser forgets it */
  set(reply: FastifyReply, token: string, seconds: number): void;
  clear(reply: FastifyReply): void;
}

/** The name of the cookie. Over https it has a prefix with which browsers take it only from this very host (RFC 6265bis section 4.1.3.2). */
export function sessionCookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-crosswalk_session' : 'crosswalk_session';
}

/** No script reads it, and no page of another site sends it. */
export function sessionCookie(publicUrl: string): SessionCookie {
  const name = sessionCookieName(publicUrl);
  const attributes = `Path=/; HttpOnly; SameSite=Strict${publicUrl.startsWith('https:') ? '; Secure' : ''}`;
  return {
    read(rawHeaders) {
      for (const header of headerValues(rawHeaders, 'cookie')) {
        for (const pair of header.split(';')) {
          const [key, value] = pair.trim().split('=', 2);
          if (key === name && value !== undefined && value !== '') return value;
        }
      }
      return undefined;
    },
    set: (reply, token, seconds) => void reply.header('set-cookie', `${name}=${token}; Max-Age=${seconds}; ${attributes}`),
    clear: (reply) => void reply.header('set-cookie', `${name}=; Max-Age=0; ${attributes}`),
  };
}

/**
 * Throws 403 CROSS_SITE_REQUEST unless a page of this server sent the request, or the user did. Browsers say so in Sec-Fetch-Site, and
 * older ones, or those without TLS, in the Origin of what is no GET (Fetch Metadata; OWASP CSRF Prevention Cheat Sheet).
 */
export function requireOwnSite(request: FastifyRequest, publicUrl: string): void {
  const { 'sec-fetch-site': site, origin } = request.headers;
  // Another port of this machine, or a sibling domain, is `same-site`: that is somebody else too.
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw crossSite('Sec-Fetch-Site');
  if (origin === undefined || (!isUnsafe(request) && site !== undefined)) return;
  // The proxy in front may have changed the Host: then the public address counts.
  const isOwn = URL.canParse(origin) && (new URL(origin).host === request.host || origin === new URL(publicUrl).origin);
  if (!isOwn) throw crossSite('Origin');
}

/** Throws 403 INVALID_CSRF_TOKEN unless a request that may change something carries the token of its session. */
export function requireCsrfToken(request: Pick<FastifyRequest, 'method' | 'headers'>, expected: string): void {
  if (!isUnsafe(request)) return;
  const sent = Buffer.from(String(request.headers[sessionHeaders.csrf] ?? ''));
  const wanted = Buffer.from(expected);
  if (sent.length === wanted.length && timingSafeEqual(sent, wanted)) return;
  throw new ApiError('INVALID_CSRF_TOKEN', `${sessionHeaders.csrf}: must be the csrf_token of the session`, {
    violations: [{ field: sessionHeaders.csrf, description: 'must be the csrf_token of the session' }],
  });
}

/** The database ID of the environment that a request with a session is about; 400 names the header. */
export function environmentOf(request: FastifyRequest): string {
  const name = request.headers[sessionHeaders.environment];
  if (typeof name === 'string' && name !== '') return requireId('env', name, sessionHeaders.environment);
  throw invalid(
    sessionHeaders.environment,
    'must name the environment that the request is about, such as env_915840612345678901',
    'required',
  );
}

function isUnsafe({ method }: Pick<FastifyRequest, 'method'>): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function crossSite(header: string): ApiError {
  return new ApiError('CROSS_SITE_REQUEST', `${header}: the request comes from a page of another site`);
}
