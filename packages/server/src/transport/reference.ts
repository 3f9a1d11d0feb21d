import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ErrorAnswer, ProblemAnswer, sessionHeaders, WebhookMessage } from '@crosswalk/contract';
import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import { getHtmlDocument } from '@scalar/core/libs/html-rendering';
import type { FastifyInstance } from 'fastify';
import { sessionCookieName } from './session-request.ts';

const require = createRequire(import.meta.url);

/** The OpenAPI 3.1 document at `/openapi.json`, and the reference page made of it at `/docs`, all from our own origin. */
export async function registerReference(app: FastifyInstance, publicUrl: string): Promise<void> {
  await app.register(swagger, {
    transform({ schema, url }) {
      const { requestHeaders, ...rest } = schema;
      return { schema: { ...rest, ...(requestHeaders === undefined ? {} : { headers: requestHeaders }) }, url };
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Crosswalk',
        version: '1',
        description:
          'A directory of organizations and users, addressed by the IDs you already have. Every answer has `X-Request-Id`. Errors are as shown, or as ' +
          'RFC 9457 has it where `Accept` asks for `application/problem+json`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          oauth: {
            type: 'oauth2',
            flows: {
              clientCredentials: { tokenUrl: `${publicUrl}/oauth/token`, scopes: { read: 'Read records.', write: 'Change records.' } },
            },
          },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: sessionCookieName(publicUrl),
            description:
              `An operator in the dashboard. \`${sessionHeaders.environment}\` names the environment; what changes something carries ` +
              `\`${sessionHeaders.csrf}\`. See docs/dashboard.md.`,
          },
        },
      },
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => ({ ...withSharedErrors(app.swagger()), webhooks }));
  const page = getHtmlDocument({
    cdn: 'js/standalone.js',
    pageTitle: 'Crosswalk API',
    url: '/openapi.json',
    favicon: '/dashboard/icon.svg',
    // Nothing that leads to, or asks, another server.
    telemetry: false,
    withDefaultFonts: false,
    agent: { disabled: true },
    hideClientButton: true,
    showDeveloperTools: 'never',
    authentication: { preferredSecurityScheme: 'oauth' },
  });
  app.get('/docs', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs/', 301));
  app.get('/docs/', { schema: { hide: true } }, async (_request, reply) =>
    reply.header('content-security-policy', referencePolicy).type('text/html; charset=utf-8').send(page),
  );
  await app.register(fastifyStatic, { root: scripts, prefix: '/docs/js/', wildcard: false, decorateReply: false });
}

/** The two forms of every error: named once, as three quarters of the document were copies of them. */
const errorForms = {
  'application/json': { schema: { $ref: '#/components/schemas/ErrorAnswer' } },
  'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemAnswer' } },
};

/** The document with its errors, which `operation()` describes by their codes, in both of their forms. */
function withSharedErrors({ paths = {}, components, ...document }: { paths?: object; components?: object }): object {
  for (const methods of Object.values<unknown>(Object(paths))) {
    for (const { responses } of Object.values<{ responses: Record<string, { description: string; content?: unknown }> }>(Object(methods))) {
      for (const response of Object.values(responses)) if (/^`[A-Z_]+`: /.test(response.description)) response.content = errorForms;
    }
  }
  return { ...document, components: { ...components, schemas: { ErrorAnswer, ProblemAnswer } }, paths };
}

/**
 * The script of the page. The plugin it comes with would load all that reads OpenAPI documents, and keep the script in memory, with each
 * start of a server (0.2 s and 25 MB), for a page that few open.
 */
const scripts = join(dirname(require.resolve('@scalar/fastify-api-reference')), 'js');

/** What the service sends of itself (OpenAPI 3.1 `webhooks`): one message for every type of event. */
const webhooks = {
  event: {
    post: {
      operationId: 'event',
      tags: ['Webhooks'],
      summary: 'An event, as it is sent to the webhook endpoints that want it',
      description:
        'Check the signature with `webhooks.verify` of the SDK or any library for Standard Webhooks, answer any 2xx within 15 seconds, and do ' +
        'nothing for an `id` that was dealt with before. See docs/webhooks.md.',
      parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
        name,
        in: 'header',
        required: true,
        schema: { type: 'string' },
      })),
      requestBody: { required: true, content: { 'application/json': { schema: WebhookMessage } } },
      responses: {
        '2XX': { description: 'It is taken. Anything else is tried again for three days, 410 apart, which disables the endpoint.' },
      },
    },
  },
};

/** The page may talk to this server only. It styles itself inline. */
const referencePolicy =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
