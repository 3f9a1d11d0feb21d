import { OrganizationAnswer, UserAnswer } from '@crosswalk/contract';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type pg from 'pg';
import { AliasService, aliasRoutes } from './aliases/index.ts';
import { ApiTokenService, apiTokenRoutes, purgeTokens } from './api-tokens/index.ts';
import {
  AccessTokens,
  ClientService,
  CredentialService,
  clientRoutes,
  OrganizationClientService,
  organizationClientRoutes,
  tokenRoutes,
} from './clients/index.ts';
import { takeProcessNumber } from './database/process-number.ts';
import { Reads } from './database/reads.ts';
import { RecordCache } from './database/record-cache.ts';
import type { Replica } from './database/replica.ts';
import { countGrownTables } from './database/statistics.ts';
import { DomainService, domainRoutes, openTxtRecords } from './domains/index.ts';
import { EnvironmentService, environmentRoutes, listEnvironmentIds } from './environments/index.ts';
import { ExportService, exportRoutes } from './export/index.ts';
import { externalIdRoutes, notFound, purgeAliases, RekeyService, ResolveService } from './external-ids/index.ts';
import { FeedService, feedRoutes, findChanges, historyRoutes, readFeedBacklog } from './feed/index.ts';
import { purgeKeys } from './idempotency/index.ts';
import {
  clearBrokenUploads,
  findImportFailures,
  ImportService,
  ImportWorker,
  importRoutes,
  purgeImports,
  readImportBacklog,
} from './imports/index.ts';
import {
  acceptRoutes,
  InvitationService,
  InvitationSettingsService,
  InvitationWriter,
  invitationRoutes,
  invitationSettingsRoutes,
} from './invitations/index.ts';
import { emailKey } from './lib/email.ts';
import { databaseId, IdGenerator } from './lib/id.ts';
import { Loop } from './lib/loop.ts';
import { PageTokens } from './lib/page-token.ts';
import { deriveKeys, type SecretKeys } from './lib/seal.ts';
import { findTracer } from './lib/tracing.ts';
import { recordTag } from './lib/version-tag.ts';
import {
  findMailFailures,
  MailService,
  type MailSettings,
  MailWorker,
  mailRoutes,
  openMail,
  purgeMessages,
  readMailBacklog,
} from './mail/index.ts';
import { invitedMemberships, MembershipService, membershipRoutes, reassignRole, userRoleRoutes } from './memberships/index.ts';
import { MetadataIndexService, MetadataIndexWorker, metadataIndexRoutes } from './metadata-indexes/index.ts';
import {
  FirstOperatorService,
  OperatorService,
  operatorRoutes,
  type PasswordCost,
  Passwords,
  purgeSessions,
  SessionService,
  sessionRoutes,
  setRole,
} from './operators/index.ts';
import {
  findOrganizations,
  moveOrganizations,
  OrganizationService,
  OrganizationSettingsService,
  organizationRoutes,
  organizationSettingsRoutes,
  setDefaultMemberRole,
} from './organizations/index.ts';
import { countEvents, OverviewService, overviewRoutes, purgeFigures } from './overview/index.ts';
import { ReconcileService, reconcileRoutes } from './reconcile/index.ts';
import { PermissionService, permissionRoutes, RoleService, roleRoutes } from './roles/index.ts';
import { createScalekitSurface, refuseOverHttp1, type ScalekitSurface } from './scalekit/index.ts';
import { SearchService, searchRoutes } from './search/index.ts';
import { KeyPairs, KeyRing, purgeSigningKeys, SigningKeyService, signingKeyRoutes, type TokenSettings } from './signing-keys/index.ts';
import { listSystems, SystemService, systemRoutes } from './systems/index.ts';
import { backlogReader, Metrics, metricsRoutes, Telemetry } from './telemetry/index.ts';
import { authenticationHook, createAdmission } from './transport/authentication.ts';
import { bodyLimit, registerBodyParser } from './transport/body.ts';
import { registerConsistencyTokens } from './transport/consistency-token.ts';
import { registerDashboard } from './transport/dashboard.ts';
import { refuseOnceClosing } from './transport/draining.ts';
import { answerError, registerErrorHandler } from './transport/error-response.ts';
import { registerPreconditionCheck } from './transport/etag.ts';
import { registerHealth } from './transport/health.ts';
import { HeldAnswers, type HeldAnswersOptions, registerHeldAnswers } from './transport/held-answers.ts';
import { registerKeyCheck } from './transport/idempotency-key.ts';
import { type Certificate, createListener, type Listener } from './transport/listener.ts';
import { registerMethodCheck } from './transport/methods.ts';
import { registerObservation } from './transport/observation.ts';
import { Patience, registerPatience } from './transport/patience.ts';
import { clientLimiter, SignInLimiter, TokenLimiter } from './transport/rate-limits.ts';
import { registerReference } from './transport/reference.ts';
import { refuseConnection, registerConnect } from './transport/refused-connection.ts';
import { registerHeadChecks } from './transport/request-head.ts';
import { requestIdOf } from './transport/request-id.ts';
import { RequestLog } from './transport/request-log.ts';
import { sessionCookie } from './transport/session-request.ts';
import { registerUnreadBodies } from './transport/unread-body.ts';
import { validatorCompiler } from './transport/validation.ts';
import { findUsers, lockUser, moveUsers, removeUser, UserService, userRoutes, userTag } from './users/index.ts';
import {
  DeliveryWorker,
  findWebhookFailures,
  purgeDeliveries,
  purgeEndpoints,
  purgeWebhookHours,
  readDeliveryBacklog,
  readDeliveryHours,
  Sender,
  scheduleEvents,
  sealSecretsAnew,
  Targets,
  WebhookDeliveryService,
  WebhookEndpointService,
  webhookDeliveryRoutes,
  webhookEndpointRoutes,
} from './webhooks/index.ts';

export interface AppOptions {
  /** connected to a database that is migrated */
  pool: pg.Pool;
  /** Connections for what is done without being asked for, so that a burst of requests does not hold it up; default: those of the requests. */
  workPool?: pg.Pool;
  /** Connections without time limits, for building indexes; default: those for work. */
  buildPool?: pg.Pool;
  /** A replica that is read from where the caller takes it; left out: the primary alone is. */
  replica?: Replica | undefined;
  publicUrl: string;
  /** proxies that are believed whom they speak for: addresses, or networks in CIDR notation; default: none */
  trustedProxies?: readonly string[];
  secretKeys: SecretKeys;
  /** how much of what was looked up is kept, in bytes of JSON; 0: nothing */
  cacheSize: number;
  aliasDays: number;
  /** how long events are kept; 0: for ever */
  eventDays: number;
  rateLimit: number;
  tokens: TokenSettings;
  webhooks: WebhookOptions;
  /** how long a reader of an export may take for a batch, in milliseconds; default 60,000 */
  exportPatience?: number;
  /** Asked for the TXT records that prove domains and for the addresses of webhook endpoints, as `address` or `address:port`; the system's name servers if left out. */
  nameServers?: readonly string[];
  imports?: ImportSettings | undefined;
  /** How mail leaves; left out: it is kept, to be read in the mailbox. */
  mail?: MailSettings | undefined;
  /** how long a request may take to arrive, in milliseconds; default 30,000 */
  requestTimeout?: number;
  /** how long a request may take to be answered, without the time in which it arrives, in milliseconds; default 14,000 */
  patience?: number | undefined;
  answers?: HeldAnswersOptions | undefined;
  /** what a new hash of a password costs; default: what OWASP advises */
  passwordCost?: PasswordCost;
  /** present: the port speaks TLS */
  certificate?: Certificate | undefined;
  /** What opens `/metrics`; left out: there are no metrics. */
  metricsToken?: string | undefined;
  logger: FastifyBaseLogger;
}

/** A service that is put together and does not listen yet. */
export interface App {
  server: FastifyInstance;
  environments: EnvironmentService;
  clients: ClientService;
  signingKeys: SigningKeyService;
  firstOperator: FirstOperatorService;
  feed: FeedService;
  mailWorker: MailWorker;
  /** what it offers to Scalekit's clients */
  scalekit: ScalekitSurface;
  /** From now on `/readyz` says that this server is about to go, so that proxies send nothing new. It still answers everything else. */
  announceStop(): void;
  /** Ends every connection now, whatever is under way. */
  cutOff(): void;
  /** New connections are greeted with this certificate from now on. */
  renewCertificate(certificate: Certificate): void;
  /** Begins what is done without being asked for. Until then nothing leaves the service but answers. */
  startWork(): void;
  /** Ends that work; resolves when what was under way is recorded. */
  stopWork(): Promise<void>;
  /** Ends what has expired: replaces signing keys that are old, removes answers kept for idempotency, aliases, API tokens, sessions and messages, marks invitations that were not accepted. */
  purge(): Promise<void>;
}

/** How webhooks are sent. */
export interface WebhookOptions {
  /** networks of one's own that they may reach, in CIDR notation */
  allow: readonly string[];
  /** the time for a whole request with its answer, in milliseconds; default 15,000 */
  timeout?: number;
  /** how long a delivery is one worker's alone, in milliseconds; default 25,000: what a killed worker had is sent again within half a minute */
  lease?: number;
}

/** How imports are received and done. Milliseconds. */
export interface ImportSettings {
  /** how long an upload may be silent; default 30,000 */
  stall?: number;
  /** how long an upload goes on after a sign of life of the server that receives it; default 120,000: longer than a failover of the database */
  receiveLease?: number;
  /** how long an import is its worker's alone after a sign of life; default 10,000: what a killed worker had is gone on with so soon */
  lease?: number;
}

/** How often events get their place in the feed: the most that a webhook waits for its turn. Milliseconds. */
const placeInterval = 200;

/** How often uploads are looked for that were broken off. Milliseconds. */
const brokenInterval = 500;

/** How often tables that have grown are looked for: a table is not large after less. Milliseconds. */
const countInterval = 5_000;

/** The one place that connects the parts. */
export async function buildApp({
  pool,
  workPool = pool,
  buildPool = workPool,
  replica,
  publicUrl,
  trustedProxies = [],
  secretKeys,
  cacheSize,
  aliasDays,
  eventDays,
  rateLimit,
  tokens: tokenSettings,
  webhooks,
  certificate,
  nameServers,
  imports: importSettings = {},
  mail: mailSettings,
  exportPatience,
  requestTimeout,
  patience: longestWait,
  answers: answersOptions,
  passwordCost,
  metricsToken,
  logger,
}: AppOptions): Promise<App> {
  const cache = cacheSize === 0 ? undefined : new RecordCache({ findChanges: (known) => findChanges(pool, known), size: cacheSize });
  const reads = new Reads({ pool, replica, cache });
  const ids = new IdGenerator(await takeProcessNumber(pool));
  const pageTokens = new PageTokens(deriveKeys(secretKeys, 'page tokens'));
  const metrics =
    metricsToken === undefined
      ? undefined
      : new Metrics({
          pools: { requests: pool, work: workPool, builds: buildPool },
          lookUps: cache?.counts,
          readBacklog: backlogReader(workPool, { readFeedBacklog, readDeliveryBacklog, readMailBacklog, readImportBacklog }),
        });
  const tracer = findTracer();
  const telemetry = metrics === undefined && tracer === undefined ? undefined : new Telemetry({ metrics, tracer });
  const pairs = new KeyPairs(secretKeys);
  // What every request rests on must not wait behind them for a connection.
  const ring = await KeyRing.open({ pool: workPool, ids, pairs });
  const signingKeys = new SigningKeyService({ pool, ids, pairs, ring, settings: tokenSettings });
  const tokens = new AccessTokens({ pool, issuer: publicUrl, ring });
  const credentials = new CredentialService({ pool, lifetime: tokenSettings.lifetime });
  const clients = new ClientService({ pool, ids });
  const organizationClients = new OrganizationClientService({ pool, ids });
  const apiTokens = new ApiTokenService({ pool, ids });
  const passwords = new Passwords(passwordCost);
  const sessions = new SessionService({ pool, ids, passwords });
  const firstOperator = new FirstOperatorService({ pool, ids, passwords });
  const operators = new OperatorService({ pool, ids, passwords, sessions });
  const environments = new EnvironmentService({
    pool,
    ids,
    makeAdmin: (tx, environmentId, operatorId) => setRole(tx, environmentId, operatorId, 'admin'),
    onChange: () => sessions.forget(),
  });
  const onError = (what: string) => (error: unknown) => logger.warn({ err: error }, `${what} failed`);
  const secretsKeys = deriveKeys(secretKeys, 'webhook secrets');
  await sealSecretsAnew(workPool, secretsKeys);
  const targets = new Targets({ allow: webhooks.allow, publicUrl, nameServers });
  const sender = new Sender({ targets, timeout: webhooks.timeout ?? 15_000 });
  const deliveryLease = webhooks.lease ?? 25_000;
  const deliveryWorker = new DeliveryWorker({
    pool: workPool,
    ids,
    sender,
    secretsKeys,
    findOrganizations,
    findUsers,
    lease: deliveryLease,
    onAttempt: (result, duration) => metrics?.webhookAttempt(result, duration),
    onError: onError('sending webhooks'),
  });
  const writer = new InvitationWriter({ pool: workPool, publicUrl, secretKeys });
  const warn = (fields: object, message: string) => logger.warn(fields, message);
  const onOutcome = (state: string) => metrics?.mailAttempt(state);
  const mailWorker = new MailWorker({ pool: workPool, writer, ...(await openMail(mailSettings, publicUrl)), onOutcome, warn });
  const mail = new MailService({ pool: workPool, ids, writer, worker: mailWorker });
  const feed = new FeedService({
    pool,
    workPool,
    cursors: pageTokens,
    keptDays: eventDays,
    ids,
    outlets: [{ take: scheduleEvents, wake: () => deliveryWorker.wake() }, mail, { take: countEvents, wake: () => {} }],
  });
  const webhookEndpoints = new WebhookEndpointService({ pool, ids, targets, secretsKeys });
  const webhookDeliveries = new WebhookDeliveryService({
    pool,
    ids,
    cursors: pageTokens,
    sender,
    secretsKeys,
    lease: deliveryLease,
    wake: () => deliveryWorker.wake(),
  });
  const organizations = new OrganizationService({ pool, reads, ids, aliasDays });
  const settings = new OrganizationSettingsService({ pool, ids, organizations });
  const users = new UserService({ pool, reads, ids, aliasDays });
  const memberships = new MembershipService({ pool, reads, ids, users: { find: findUsers, lock: lockUser, remove: removeUser } });
  const invitations = new InvitationService({ pool, ids, memberships: invitedMemberships });
  const invitationSettings = new InvitationSettingsService({ pool, ids, publicUrl });
  const roles = new RoleService({ pool, ids, reassignRole, setDefaultMemberRole });
  const permissions = new PermissionService({ pool, ids });
  const domains = new DomainService({ pool, ids, findOrganizations, lookUpTxt: openTxtRecords(nameServers) });
  const resolver = new ResolveService({ pool, emailKey });
  const rekeyer = new RekeyService({ pool, ids, aliasDays, moveRecords: { organization: moveOrganizations, user: moveUsers } });

  const systems = new SystemService({ pool, ids });
  const metadataIndexWorker = new MetadataIndexWorker({ pool: workPool, buildPool, ids, onError: onError('building indexes of metadata') });
  const metadataIndexes = new MetadataIndexService({ pool, ids, wake: () => metadataIndexWorker.wake() });
  const overview = new OverviewService({
    pool,
    placeEvents: () => feed.place(),
    readDeliveryHours,
    listSystems,
    findWebhookFailures,
    findMailFailures,
    findImportFailures,
  });
  const exports = new ExportService({ pool, cursorOf: (context) => feed.end(context), patience: exportPatience });
  const importWorker = new ImportWorker({
    pool: workPool,
    ids,
    aliasDays,
    lease: importSettings.lease ?? 10_000,
    feed,
    onError: onError('importing'),
  });
  const imports = new ImportService({
    pool,
    ids,
    wake: () => importWorker.wake(),
    stall: importSettings.stall ?? 30_000,
    lease: importSettings.receiveLease ?? 120_000,
  });

  // Not a part of the import worker: an upload that cannot be removed now must not keep imports waiting.
  const clearing = new Loop({
    work: () => clearBrokenUploads(workPool),
    interval: brokenInterval,
    onError: onError('removing broken uploads'),
  });

  // Readers of the feed do this themselves; what has no reader must not wait for one.
  const placing = new Loop({
    work: () => feed.placeByItself().then(() => false),
    interval: placeInterval,
    onError: onError('placing events'),
  });
  // PostgreSQL plans by what it last counted, and counts by itself once a minute: docs/decisions/0035.
  const counting = new Loop({
    work: () => countGrownTables(workPool).then(() => false),
    interval: countInterval,
    onError: onError('counting tables that have grown'),
  });
  const workers = [placing, counting, deliveryWorker, mailWorker, importWorker, clearing, metadataIndexWorker];

  const limiter = clientLimiter(rateLimit);
  const admit = createAdmission(tokens, limiter);
  const cookie = sessionCookie(publicUrl);
  const patience = new Patience(longestWait);
  const answers = new HeldAnswers(answersOptions);
  const scalekit = createScalekitSurface(
    { organizations, settings, users, memberships, invitations, organizationClients, apiTokens, roles, permissions, domains },
    { pageTokens, admit, reads, patience, answers, logger, telemetry },
  );
  const listener = createListener({ certificate, requestTimeout, onGrpc: scalekit.handle });
  const server = createServer(logger, listener, telemetry, trustedProxies);
  registerPatience(server, patience);
  registerHeldAnswers(server, answers);
  server.addHook('preClose', async () => feed.stop());
  server.decorateRequest('caller', undefined);
  server.decorateRequest('session', undefined);
  server.decorateRequest('errorCode', undefined);
  refuseOverHttp1(server);
  server.addHook('onRequest', authenticationHook(admit, { sessions, cookie, limiter, publicUrl }));
  registerPreconditionCheck(server);
  registerKeyCheck(server);
  registerConsistencyTokens(server, reads);
  const checkMethods = registerMethodCheck(server);
  await registerReference(server, publicUrl);
  const routes = server.withTypeProvider<TypeBoxTypeProvider>();
  tokenRoutes(routes, { credentials, tokens, limiter: new TokenLimiter(), publicUrl });
  sessionRoutes(routes, { sessions, firstOperator, cookie, limiter: new SignInLimiter() });
  operatorRoutes(routes, operators);
  environmentRoutes(routes, environments);
  clientRoutes(routes, clients);
  signingKeyRoutes(routes, signingKeys);
  organizationClientRoutes(routes, organizationClients, pageTokens);
  apiTokenRoutes(routes, apiTokens, pageTokens);
  organizationRoutes(routes, organizations, pageTokens, feed);
  organizationSettingsRoutes(routes, settings);
  userRoutes(routes, users, pageTokens, feed);
  membershipRoutes(routes, memberships, pageTokens, feed);
  invitationRoutes(routes, invitations, pageTokens);
  invitationSettingsRoutes(routes, invitationSettings);
  acceptRoutes(routes, invitations);
  mailRoutes(routes, mail, pageTokens, feed);
  userRoleRoutes(routes, memberships);
  roleRoutes(routes, roles);
  permissionRoutes(routes, permissions, pageTokens);
  domainRoutes(routes, domains);
  externalIdRoutes(routes, { resolver, rekeyer });
  aliasRoutes(routes, new AliasService({ pool }));
  searchRoutes(routes, new SearchService({ pool, resolver }));
  systemRoutes(routes, systems);
  metadataIndexRoutes(routes, metadataIndexes);
  overviewRoutes(routes, overview);
  feedRoutes(routes, feed);
  exportRoutes(routes, exports);
  reconcileRoutes(routes, new ReconcileService({ pool }));
  webhookEndpointRoutes(routes, webhookEndpoints, webhookDeliveries);
  webhookDeliveryRoutes(routes, webhookDeliveries, pageTokens);
  await importRoutes(routes, imports, pageTokens);
  historyRoutes(routes, feed, {
    collection: '/api/v1/organizations',
    prefix: 'org',
    noun: 'organization',
    answer: OrganizationAnswer,
    tagOf: recordTag,
    idOf: async (context, reference) =>
      'id' in reference ? reference.id : databaseId((await organizations.get(context, reference)).record.id),
    setMetadataKey: (...change) => organizations.setMetadataKey(...change),
    notFound: (reference) => notFound('organization', reference),
  });
  historyRoutes(routes, feed, {
    collection: '/api/v1/users',
    prefix: 'usr',
    noun: 'user',
    answer: UserAnswer,
    tagOf: userTag,
    idOf: async (context, reference) => ('id' in reference ? reference.id : databaseId((await users.get(context, reference)).record.id)),
    setMetadataKey: (...change) => users.setMetadataKey(...change),
    notFound: (reference) => notFound('user', reference),
  });
  const announceStop = registerHealth(server, pool);
  if (metrics !== undefined && metricsToken !== undefined) metricsRoutes(server, metrics, metricsToken);
  await registerDashboard(server);
  checkMethods();

  return {
    server,
    environments,
    clients,
    signingKeys,
    firstOperator,
    feed,
    mailWorker,
    scalekit,
    announceStop,
    cutOff: () => listener.destroy(),
    renewCertificate: (renewed) => listener.renew(renewed),
    startWork() {
      for (const worker of workers) worker.start();
    },
    async stopWork() {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
    async purge() {
      const environmentIds = await listEnvironmentIds(workPool);
      const steps = [
        purgeKeys,
        purgeAliases,
        purgeTokens,
        purgeDeliveries,
        purgeEndpoints,
        purgeMessages,
        purgeImports,
        purgeFigures,
        purgeWebhookHours,
        purgeSessions,
        () => signingKeys.rotateOld(),
        purgeSigningKeys,
        () => memberships.expireInvitations(),
        () => feed.purge(environmentIds),
      ];
      const failures: unknown[] = [];
      // One that fails, such as for a lock, does not keep the others from being taken.
      for (const step of steps) {
        try {
          while ((await step(workPool)) > 0);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures, `${failures.length} steps failed`);
    },
  };
}

function createServer(
  logger: FastifyBaseLogger,
  listener: Listener,
  telemetry: Telemetry | undefined,
  trustedProxies: readonly string[],
): FastifyInstance {
  const server = fastify({
    childLoggerFactory: (_none, bindings) => new RequestLog(logger, bindings),
    serverFactory: (handler) => listener.server.on('request', handler),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    clientErrorHandler: (error, socket) => refuseConnection(server.log, error, socket),
    // An external ID of 255 characters of four bytes each, percent-encoded.
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: false, caseSensitive: true },
    // Clients that join an address with a slash at its end and a path ask for `//oauth/token`. Elsewhere a second slash counts: it may be of an external ID.
    rewriteUrl: ({ url = '/' }) => (url.startsWith('//') ? url.slice(1) : url),
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply);
    },
    // Fastify's own answer is none of the catalogue: see transport/draining.ts.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // X-Forwarded-* of strangers mean nothing, and every link comes from the configured URL.
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    exposeHeadRoutes: true,
  });
  // Given at its making, Fastify would make a logger and listeners for each request, which most have no use for.
  server.log = logger;
  if (telemetry !== undefined) registerObservation(server, telemetry);
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  refuseOnceClosing(server);
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
