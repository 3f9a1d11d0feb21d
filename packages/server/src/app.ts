import { OrganizationAnswer, UserAnswer } from '@crosswalk/contract';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type pg from 'pg';
import { ApiTokenService, apiTokenRoutes, purgeTokens } from './api-tokens/index.ts';
import {
  AccessTokens,
  ClientService,
  CredentialService,
  clientRoutes,
  deriveKey,
  OrganizationClientService,
  organizationClientRoutes,
  tokenRoutes,
} from './clients/index.ts';
import { DomainService, domainRoutes, openTxtRecords } from './domains/index.ts';
import { listEnvironmentIds } from './environments/index.ts';
import { externalIdRoutes, notFound, purgeAliases, RekeyService, ResolveService } from './external-ids/index.ts';
import { FeedService, feedRoutes, historyRoutes } from './feed/index.ts';
import { purgeKeys } from './idempotency/index.ts';
import { InvitationService, invitationRoutes } from './invitations/index.ts';
import { emailKey } from './lib/email.ts';
import { IdGenerator, requireId } from './lib/id.ts';
import { PageTokens } from './lib/page-token.ts';
import { invitedMemberships, MembershipService, membershipRoutes, reassignRole, userRoleRoutes } from './memberships/index.ts';
import {
  findOrganizations,
  moveOrganizations,
  OrganizationService,
  OrganizationSettingsService,
  organizationRoutes,
  organizationSettingsRoutes,
  setDefaultMemberRole,
} from './organizations/index.ts';
import { PermissionService, permissionRoutes, RoleService, roleRoutes } from './roles/index.ts';
import { createScalekitSurface, type ScalekitSurface } from './scalekit/index.ts';
import { authenticationHook, createAdmission } from './transport/authentication.ts';
import { bodyLimit, registerBodyParser } from './transport/body.ts';
import { registerDashboard } from './transport/dashboard.ts';
import { answerError, registerErrorHandler } from './transport/error-response.ts';
import { registerHealth } from './transport/health.ts';
import { type Certificate, createListener, type Listener } from './transport/listener.ts';
import { registerMethodCheck } from './transport/methods.ts';
import { clientLimiter, TokenLimiter } from './transport/rate-limits.ts';
import { registerReference } from './transport/reference.ts';
import { refuseConnection, registerConnect } from './transport/refused-connection.ts';
import { registerHeadChecks } from './transport/request-head.ts';
import { requestIdOf } from './transport/request-id.ts';
import { RequestLog } from './transport/request-log.ts';
import { registerUnreadBodies } from './transport/unread-body.ts';
import { validatorCompiler } from './transport/validation.ts';
import { findUsers, lockUser, moveUsers, removeUser, UserService, userRoutes } from './users/index.ts';

export interface AppOptions {
  /** connected to a database that is migrated */
  pool: pg.Pool;
  publicUrl: string;
  secretKey: string;
  aliasDays: number;
  /** how long events are kept; 0: for ever */
  eventDays: number;
  rateLimit: number;
  /** Asked for the TXT records that prove domains, as `address` or `address:port`; the system's name servers if left out. */
  nameServers?: readonly string[];
  /** how long a request may take to arrive, in milliseconds; default 30,000 */
  requestTimeout?: number;
  /** present: the port speaks TLS */
  certificate?: Certificate | undefined;
  logger: FastifyBaseLogger;
}

/** A service that is put together and does not listen yet. */
export interface App {
  server: FastifyInstance;
  clients: ClientService;
  feed: FeedService;
  /** what it offers to Scalekit's clients */
  scalekit: ScalekitSurface;
  /** Ends every connection now, whatever is under way. */
  cutOff(): void;
  /** New connections are greeted with this certificate from now on. */
  renewCertificate(certificate: Certificate): void;
  /** Ends what has expired: removes answers kept for idempotency, aliases and API tokens, marks invitations that were not accepted. */
  purge(): Promise<void>;
}

/** The one place that connects the parts. */
export async function buildApp({
  pool,
  publicUrl,
  secretKey,
  aliasDays,
  eventDays,
  rateLimit,
  certificate,
  nameServers,
  requestTimeout,
  logger,
}: AppOptions): Promise<App> {
  const ids = new IdGenerator(await processNumber(pool));
  const pageTokens = new PageTokens(deriveKey(secretKey, 'page tokens'));
  const tokens = await AccessTokens.open({ pool, issuer: publicUrl, secretKey });
  const credentials = new CredentialService({ pool });
  const clients = new ClientService({ pool, ids });
  const organizationClients = new OrganizationClientService({ pool, ids });
  const apiTokens = new ApiTokenService({ pool, ids });
  const feed = new FeedService({ pool, cursors: pageTokens, keptDays: eventDays });
  const organizations = new OrganizationService({ pool, ids, aliasDays });
  const settings = new OrganizationSettingsService({ pool, ids, organizations });
  const users = new UserService({ pool, ids, aliasDays });
  const memberships = new MembershipService({ pool, ids, users: { find: findUsers, lock: lockUser, remove: removeUser } });
  const invitations = new InvitationService({ pool, ids, memberships: invitedMemberships });
  const roles = new RoleService({ pool, ids, reassignRole, setDefaultMemberRole });
  const permissions = new PermissionService({ pool, ids });
  const domains = new DomainService({ pool, ids, findOrganizations, lookUpTxt: openTxtRecords(nameServers) });
  const resolver = new ResolveService({ pool, emailKey });
  const rekeyer = new RekeyService({ pool, ids, aliasDays, moveRecords: { organization: moveOrganizations, user: moveUsers } });

  const admit = createAdmission(tokens, clientLimiter(rateLimit));
  const scalekit = createScalekitSurface(
    { organizations, settings, users, memberships, invitations, organizationClients, apiTokens, roles, permissions, domains },
    { pageTokens, admit, logger },
  );
  const listener = createListener({ certificate, requestTimeout, onGrpc: scalekit.handle });
  const server = createServer(logger, listener);
  server.addHook('preClose', async () => feed.stop());
  server.decorateRequest('token', undefined);
  server.addHook('onRequest', authenticationHook(admit));
  await registerReference(server, publicUrl);
  const checkMethods = registerMethodCheck(server);
  const routes = server.withTypeProvider<TypeBoxTypeProvider>();
  tokenRoutes(routes, { credentials, tokens, limiter: new TokenLimiter(), publicUrl });
  clientRoutes(routes, clients);
  organizationClientRoutes(routes, organizationClients, pageTokens);
  apiTokenRoutes(routes, apiTokens, pageTokens);
  organizationRoutes(routes, organizations, pageTokens, feed);
  organizationSettingsRoutes(routes, settings);
  userRoutes(routes, users, pageTokens, feed);
  membershipRoutes(routes, memberships, pageTokens, feed);
  invitationRoutes(routes, invitations);
  userRoleRoutes(routes, memberships);
  roleRoutes(routes, roles);
  permissionRoutes(routes, permissions, pageTokens);
  domainRoutes(routes, domains);
  externalIdRoutes(routes, { resolver, rekeyer });
  feedRoutes(routes, feed);
  historyRoutes(routes, feed, {
    collection: '/api/v1/organizations',
    prefix: 'org',
    noun: 'organization',
    answer: OrganizationAnswer,
    idOf: async (context, reference) =>
      'id' in reference ? reference.id : requireId('org', (await organizations.get(context, reference)).record.id),
    setMetadataKey: (...change) => organizations.setMetadataKey(...change),
    notFound: (reference) => notFound('organization', reference),
  });
  historyRoutes(routes, feed, {
    collection: '/api/v1/users',
    prefix: 'usr',
    noun: 'user',
    answer: UserAnswer,
    idOf: async (context, reference) =>
      'id' in reference ? reference.id : requireId('usr', (await users.get(context, reference)).record.id),
    setMetadataKey: (...change) => users.setMetadataKey(...change),
    notFound: (reference) => notFound('user', reference),
  });
  registerHealth(server, pool);
  await registerDashboard(server);
  checkMethods();

  return {
    server,
    clients,
    feed,
    scalekit,
    cutOff: () => listener.destroy(),
    renewCertificate: (renewed) => listener.renew(renewed),
    async purge() {
      const environmentIds = await listEnvironmentIds(pool);
      const steps = [purgeKeys, purgeAliases, purgeTokens, () => memberships.expireInvitations(), () => feed.purge(environmentIds)];
      for (const step of steps) while ((await step(pool)) > 0);
    },
  };
}

/** Each process has a number that is part of the IDs it makes. */
async function processNumber(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ number: string }>("select nextval('process_number') as number");
  return Number(rows[0]?.number);
}

function createServer(logger: FastifyBaseLogger, listener: Listener): FastifyInstance {
  const server = fastify({
    childLoggerFactory: (_none, bindings) => new RequestLog(logger, bindings),
    serverFactory: (handler) => listener.server.on('request', handler),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    clientErrorHandler: (error, socket) => refuseConnection(server.log, error, socket),
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
  // Given at its making, Fastify would make a logger and listeners for each request, which most have no use for.
  server.log = logger;
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  server.addHook('preClose', async () => listener.drain());
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
