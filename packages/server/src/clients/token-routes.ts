import { TokenAnswer, TokenError } from '@crosswalk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { databaseFailure } from '../database/sql-error.ts';
import { ApiError, excerpt } from '../lib/api-error.ts';
import { decode } from '../transport/body.ts';
import type { TokenLimiter } from '../transport/rate-limits.ts';
import type { Routes } from '../transport/routes.ts';
import type { AccessTokens } from './access-token.ts';
import type { CredentialService } from './credential-service.ts';

/** An error of the token endpoint (RFC 6749 section 5.2). */
class GrantError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, description: string, status = 400) {
    super(description);
    this.code = code;
    this.status = status;
  }
}

const tag = 'Tokens';

/** OAuth 2.0: the token endpoint (client credentials), the public keys and the metadata of RFC 8414. */
export function tokenRoutes(
  app: Routes,
  {
    credentials,
    tokens,
    limiter,
    publicUrl,
  }: { credentials: CredentialService; tokens: AccessTokens; limiter: TokenLimiter; publicUrl: string },
): void {
  app.get(
    '/keys',
    {
      schema: {
        operationId: 'listKeys',
        tags: [tag],
        summary: 'Public keys of access tokens (JWKS)',
        security: [],
        response: { 200: Type.Object({ keys: Type.Array(Type.Unknown()) }, { description: 'Success.' }) },
      },
    },
    async (_request, reply) => reply.header('cache-control', 'public, max-age=60').send({ keys: await tokens.publicKeys() }),
  );

  app.get(
    '/.well-known/oauth-authorization-server',
    {
      schema: {
        operationId: 'getOauthMetadata',
        tags: [tag],
        summary: 'OAuth 2.0 metadata (RFC 8414)',
        security: [],
        response: { 200: Type.Object({ issuer: Type.String() }, { description: 'Success.' }) },
      },
    },
    async () => ({
      issuer: publicUrl,
      token_endpoint: `${publicUrl}/oauth/token`,
      jwks_uri: `${publicUrl}/keys`,
      scopes_supported: ['read', 'write'],
      response_types_supported: [],
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      service_documentation: `${publicUrl}/docs`,
    }),
  );

  // A context of its own: it reads forms, and answers errors as OAuth does.
  app.register(async (oauth) => {
    oauth.removeAllContentTypeParsers();
    oauth.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer', bodyLimit: 16 * 1024 }, (_request, body, done) => {
      try {
        done(null, new URLSearchParams(decode(body)));
      } catch {
        done(new GrantError('invalid_request', 'the body is not UTF-8'));
      }
    });
    oauth.setErrorHandler(sendGrantError);
    oauth.post(
      '/oauth/token',
      {
        schema: {
          operationId: 'createToken',
          tags: [tag],
          summary: 'Get an access token (client credentials, RFC 6749 section 4.4)',
          description:
            'Send `grant_type=client_credentials` with `client_id` and `client_secret` in the form, or these two as HTTP Basic. `scope` may narrow what the token can do. The client is one of the environment, whose token opens this API, or one of an organization, whose token is for your own services: check it with the keys at /keys.',
          consumes: ['application/x-www-form-urlencoded'],
          security: [],
          response: {
            200: { ...TokenAnswer, description: 'Success.' },
            400: { ...TokenError, description: '`invalid_request`, `unsupported_grant_type` or `invalid_scope`.' },
            401: { ...TokenError, description: '`invalid_client`.' },
            429: { ...TokenError, description: '`temporarily_unavailable`: wait as long as `Retry-After` says.' },
          },
        },
      },
      async (request, reply) => {
        const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
        const { clientId, secret } = credentialsOf(request, form);
        if (form.get('grant_type') !== 'client_credentials')
          throw new GrantError('unsupported_grant_type', 'grant_type must be client_credentials');
        const client = await limiter.attempt(request.ip, clientId, () => credentials.authenticate(clientId, secret));
        if (client === undefined) throw new GrantError('invalid_client', 'no client has this ID and secret', 401);
        const wanted =
          form
            .get('scope')
            ?.split(' ')
            .filter((scope) => scope !== '') ?? [];
        const refused = wanted.find((scope) => !client.scopes.includes(scope));
        if (refused !== undefined) throw new GrantError('invalid_scope', `the client does not have the scope "${excerpt(refused)}"`);
        const scopes = wanted.length === 0 ? client.scopes : client.scopes.filter((scope) => wanted.includes(scope));
        const token = await tokens.sign(client, scopes);
        return noStore(reply).send({
          access_token: token,
          token_type: 'Bearer' as const,
          expires_in: client.lifetime,
          scope: scopes.join(' '),
        });
      },
    );
  });
}

/** The credentials of a request: in the form or as HTTP Basic, not in both (RFC 6749 section 2.3.1). */
function credentialsOf(request: FastifyRequest, form: URLSearchParams): { clientId: string; secret: string } {
  const names = [...form.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new GrantError('invalid_request', `${excerpt(twice)} is given twice`);
  const header = request.headers.authorization;
  const [formId, formSecret] = [form.get('client_id'), form.get('client_secret')];
  if (header !== undefined) {
    if (formSecret !== null) throw new GrantError('invalid_request', 'credentials are given both in the form and as HTTP Basic');
    const [clientId, secret] = readBasic(header);
    if (formId !== null && formId !== clientId) throw new GrantError('invalid_request', 'client_id differs from the one of HTTP Basic');
    return { clientId, secret };
  }
  if (formId === null || formSecret === null)
    throw new GrantError('invalid_request', 'client_id and client_secret are required, in the form or as HTTP Basic');
  return { clientId: formId, secret: formSecret };
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined. */
function readBasic(header: string): [string, string] {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  const pair = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 0) throw new GrantError('invalid_client', 'the Authorization header is not HTTP Basic', 401);
  try {
    return [formDecode(pair.slice(0, colon)), formDecode(pair.slice(colon + 1))];
  } catch {
    throw new GrantError('invalid_client', 'the Authorization header has an escape that is not UTF-8', 401);
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function noStore(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
}

/** Any error of the token endpoint in the form of RFC 6749 section 5.2. */
function sendGrantError(thrown: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, status, description, retryAfter } = grantErrorOf(thrown);
  if (status >= 500) request.log.error({ err: thrown }, 'token request failed');
  else request.log.info({ error: code, status }, 'token request refused');
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  // For whoever tried the header (RFC 6749 section 5.2).
  if (status === 401 && request.headers.authorization !== undefined) reply.header('www-authenticate', 'Basic realm="crosswalk"');
  return noStore(reply).code(status).send({ error: code, error_description: description });
}

function grantErrorOf(thrown: Error): { code: string; status: number; description: string; retryAfter?: number | undefined } {
  if (thrown instanceof GrantError) return { code: thrown.code, status: thrown.status, description: thrown.message };
  const known = thrown instanceof ApiError ? thrown : databaseFailure(thrown);
  if (known !== undefined && (known.status === 429 || known.status === 503)) {
    return { code: 'temporarily_unavailable', status: known.status, description: known.message, retryAfter: known.detail.retryAfter };
  }
  const status = 'statusCode' in thrown && typeof thrown.statusCode === 'number' ? thrown.statusCode : (known?.status ?? 500);
  if (status < 500)
    return {
      code: 'invalid_request',
      status: status === 413 ? 413 : 400,
      description: 'send a form: Content-Type application/x-www-form-urlencoded, at most 16 KB',
    };
  return { code: 'server_error', status: 500, description: 'something failed inside the server; its log has the cause' };
}
