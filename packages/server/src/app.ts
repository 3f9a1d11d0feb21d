import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type pg from 'pg';
import { AccessTokens, ClientService, clientRoutes, deriveKey, tokenRoutes } from './clients/index.ts';
import { DomainService, domainRoutes, openTxtRecords } from './domains/index.ts';
import { externalIdRoutes, purgeAliases, RekeyService, ResolveService } from './external-ids/index.ts';
import { purgeKeys } from './idempotency/index.ts';
import { emailKey } from './lib/email.ts';
import { IdGenerator } from './lib/id.ts';
import { PageTokens } from './lib/page-token.ts';
import { MembershipService, membershipRoutes } from './memberships/index.ts';
import { findOrganizations, moveOrganizations, OrganizationService, organizationRoutes } from './organizations/index.ts';
import { authenticationHook } from './transport/authentication.ts';
import { bodyLimit, registerBodyParser } from './transport/body.ts';
import { registerDashboard } from './transport/dashboard.ts';
import { answerError, registerErrorHandler } from './transport/error-response.ts';
import { registerHealth } from './transport/health.ts';
import { registerMethodCheck } from './transport/methods.ts';
import { clientLimiter, TokenLimiter } from './transport/rate-limits.ts';
import { registerReference } from './transport/reference.ts';
import { refuseConnection, registerConnect } from './transport/refused-connection.ts';
import { registerHeadChecks } from './transport/request-head.ts';
import { requestIdOf } from './transport/request-id.ts';
import { registerUnreadBodies } from './transport/unread-body.ts';
import { validatorCompiler } from './transport/validation.ts';
import { findUsers, moveUsers, UserService, userRoutes } from './users/index.ts';

export interface AppOptions {
  /** connected to a database that is migrated */
  pool: pg.Pool;
  publicUrl: string;
  secretKey: string;
  aliasDays: number;
  rateLimit: number;
  /** Asked for the TXT records that prove domains, as `address` or `address:port`; the system's name servers if left out. */
  nameServers?: readonly string[];
  /** how long a request may take to arrive, in milliseconds; default 30,000 */
  requestTimeout?: number;
  logger?: FastifyBaseLogger;
}

/** A service that is put together and does not listen yet. */
export interface App {
  server: FastifyInstance;
  clients: ClientService;
  /** Removes what has expired: answers kept for idempotency, aliases. */
  purge(): Promise<void>;
}

/** The one place that connects the parts. */
export async function buildApp({
  pool,
  publicUrl,
  secretKey,
  aliasDays,
  rateLimit,
  nameServers,
  requestTimeout,
  logger,
}: AppOptions): Promise<App> {
  const ids = new IdGenerator(await processNumber(pool));
  const pageTokens = new PageTokens(deriveKey(secretKey, 'page tokens'));
  const tokens = await AccessTokens.open({ pool, issuer: publicUrl, secretKey });
  const clients = new ClientService({ pool, ids });
  const organizations = new OrganizationService({ pool, ids, aliasDays });
  const users = new UserService({ pool, ids, aliasDays });
  const memberships = new MembershipService({ pool, ids, findUsers });
  const domains = new DomainService({ pool, ids, findOrganizations, lookUpTxt: openTxtRecords(nameServers) });
  const resolver = new ResolveService({ pool, emailKey });
  const rekeyer = new RekeyService({ pool, ids, aliasDays, moveRecords: { organization: moveOrganizations, user: moveUsers } });

  const server = createServer(logger, requestTimeout);
  const limiter = clientLimiter(rateLimit);
  server.decorateRequest('token', undefined);
  server.addHook('onRequest', authenticationHook(tokens, limiter));
  await registerReference(server, publicUrl);
  const checkMethods = registerMethodCheck(server);
  const routes = server.withTypeProvider<TypeBoxTypeProvider>();
  tokenRoutes(routes, { clients, tokens, limiter: new TokenLimiter(), publicUrl });
  clientRoutes(routes, clients);
  organizationRoutes(routes, organizations, pageTokens);
  userRoutes(routes, users, pageTokens);
  membershipRoutes(routes, memberships, pageTokens);
  domainRoutes(routes, domains);
  externalIdRoutes(routes, { resolver, rekeyer });
  registerHealth(server, pool);
  await registerDashboard(server);
  checkMethods();

  return {
    server,
    clients,
    async purge() {
      for (const step of [purgeKeys, purgeAliases]) while ((await step(pool)) > 0);
    },
  };
}

/** Each process has a number that is part of the IDs it makes. */
async function processNumber(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ number: string }>("select nextval('process_number') as number");
  return Number(rows[0]?.number);
}

function createServer(logger: FastifyBaseLogger | undefined, requestTimeout = 30_000): FastifyInstance {
  const server = fastify({
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // A client that sends its request slowly gets 408; none may hold a connection for nothing.
    requestTimeout,
    http: {
      // Told when the server is made too: else Node keeps 60 seconds for the head, and takes the longer of the two for the whole.
      requestTimeout,
      // How often Node looks for slow requests. Its own 30 seconds would double the time.
      connectionsCheckingInterval: Math.min(5_000, requestTimeout),
      // A missing Host is answered by us.
      requireHostHeader: false,
    },
    clientErrorHandler: (error, socket) => refuseConnection(server.log, error, socket),
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    // An external ID of 255 characters of four bytes each, percent-encoded.
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: false, caseSensitive: true },
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply);
    },
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    // X-Forwarded-* of strangers mean nothing: every link comes from the configured URL.
    trustProxy: false,
    exposeHeadRoutes: true,
  });
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  registerHeadChecks(server);
  registerBodyParser(server);
  registerUnreadBodies(server);
  registerConnect(server);
  server.setValidatorCompiler(validatorCompiler);
  // Answers are built by us, mostly of free-form metadata, where JSON.stringify is the fastest.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  registerErrorHandler(server);
  return server;
}
