import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { emailKey } from './lib/email.ts';
import { type MailFrom, parseMailFrom, parseSmtpUrl, type SmtpSettings } from './lib/mail-settings.ts';
import { SettingsReader } from './lib/settings-reader.ts';
import { type GivenOperator, passwordProblem } from './operators/index.ts';
import { longestLifetime, type TokenSettings } from './signing-keys/index.ts';

/** The settings of a server, read from environment variables. README has the table. */
export interface Config {
  port: number;
  host: string;
  /** undefined: the embedded engine */
  databaseUrl: string | undefined;
  /** a streaming replica of that database, read where callers take it; undefined: none */
  databaseReadUrl: string | undefined;
  /** Connections go through PgBouncer in transaction mode, or another pooler of its kind. */
  databasePooler: 'transaction' | undefined;
  /** seconds that `/readyz` answers 503 while all is still served, before a stop; 0: none */
  drainSeconds: number;
  /** absolute path */
  dataDirectory: string;
  /** without a trailing slash */
  publicUrl: string;
  /** Proxies whose `X-Forwarded-For` is trusted: addresses, or networks in CIDR notation. */
  trustedProxies: string[];
  /** present: the port speaks TLS */
  tls: { certFile: string; keyFile: string } | undefined;
  /** the credentials the first client gets, for unattended set-up */
  firstClient: { id: string | undefined; secret: string } | undefined;
  /** the operator that is made when there is none, for unattended set-up; undefined: a set-up link is printed */
  firstOperator: GivenOperator | undefined;
  /** undefined: a file in the data directory (embedded engine only) */
  secretKey: string | undefined;
  /** what the secret key was or will be, while it is being changed */
  otherSecretKey: string | undefined;
  /** how much of what was looked up is kept, in bytes of JSON; 0 = nothing */
  cacheSize: number;
  /** days an external ID keeps resolving after a change; 0 = not at all */
  aliasDays: number;
  /** days that events are kept; 0 = for ever */
  eventDays: number;
  /** requests per second one client may make of one server process, on average over ten seconds; 0 = no limit */
  rateLimit: number;
  /** how long tokens live, and how the keys that sign them are replaced */
  tokens: TokenSettings;
  /** networks of one's own that webhooks may reach, in CIDR notation */
  webhookAllow: string[];
  /** undefined: mail is kept, to be read in the mailbox */
  mail: { smtp: SmtpSettings; from: MailFrom } | undefined;
  /** what opens `/metrics`; undefined: there are no metrics */
  metricsToken: string | undefined;
  logLevel: string;
}

/** Everything that is wrong with the settings, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(problems: string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Reads and checks all settings together. Throws a `ConfigError` that lists every problem at once. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const reader = new SettingsReader(env);
  const config: Config = {
    ...readAddress(reader),
    ...readDatabase(reader),
    drainSeconds: reader.integer('CROSSWALK_DRAIN_SECONDS', 0, 600),
    dataDirectory: resolve(reader.text('CROSSWALK_DATA_DIR') ?? './data'),
    ...readSecrets(reader),
    firstClient: readClient(reader),
    firstOperator: readOperator(reader),
    ...readNetworks(reader),
    // 32 MB: some 40,000 records.
    cacheSize: reader.integer('CROSSWALK_CACHE_MB', 32, 16_384) * 1024 * 1024,
    aliasDays: reader.integer('CROSSWALK_ALIAS_DAYS', 30, 36_500),
    eventDays: reader.integer('CROSSWALK_EVENT_DAYS', 90, 36_500),
    rateLimit: reader.integer('CROSSWALK_RATE_LIMIT', 2_000, 1_000_000),
    tokens: {
      lifetime: reader.integer('CROSSWALK_TOKEN_SECONDS', 3_600, longestLifetime, 10),
      // NIST SP 800-57 part 1 lets a private key sign for one to three years; what nobody has to do by hand can be done more often.
      keyDays: reader.integer('CROSSWALK_SIGNING_KEY_DAYS', 90, 36_500),
      keyLead: reader.integer('CROSSWALK_SIGNING_KEY_LEAD_SECONDS', 900, 86_400),
    },
    mail: readMail(reader),
    metricsToken: reader.secret('METRICS_TOKEN'),
    logLevel: readLogLevel(reader),
  };
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config;
}

/** Where it listens, and where others reach it. */
function readAddress(reader: SettingsReader): Pick<Config, 'port' | 'host' | 'tls' | 'publicUrl'> {
  const port = reader.integer('PORT', 8080, 65_535);
  const tls = readTls(reader);
  const local = `${tls === undefined ? 'http' : 'https'}://localhost:${port}`;
  const publicUrl = (reader.text('CROSSWALK_PUBLIC_URL') ?? local).replace(/\/+$/, '');
  reader.check(isWebUrl(publicUrl), 'CROSSWALK_PUBLIC_URL must be an http or https address such as https://directory.example.com');
  return { port, host: reader.text('HOST') ?? '127.0.0.1', tls, publicUrl };
}

function readTls(reader: SettingsReader): Config['tls'] {
  const certFile = reader.text('TLS_CERT_FILE');
  const keyFile = reader.text('TLS_KEY_FILE');
  reader.check((certFile === undefined) === (keyFile === undefined), 'TLS_CERT_FILE and TLS_KEY_FILE must be set together');
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}

function readDatabase(reader: SettingsReader): Pick<Config, 'databaseUrl' | 'databaseReadUrl' | 'databasePooler'> {
  const databaseUrl = readDatabaseUrl(reader, 'DATABASE_URL');
  const databaseReadUrl = readDatabaseUrl(reader, 'DATABASE_READ_URL');
  reader.check(
    databaseReadUrl === undefined || databaseUrl !== undefined,
    'DATABASE_READ_URL needs DATABASE_URL beside it: the PostgreSQL that Crosswalk brings has no replica',
  );
  const pooler = reader.text('DATABASE_POOLER');
  reader.check(
    pooler === undefined || (pooler === 'transaction' && databaseUrl !== undefined),
    'DATABASE_POOLER must be transaction, with DATABASE_URL beside it, or unset',
  );
  return { databaseUrl, databaseReadUrl, databasePooler: pooler === 'transaction' ? pooler : undefined };
}

function readDatabaseUrl(reader: SettingsReader, name: string): string | undefined {
  const url = reader.text(name);
  if (url === undefined) return undefined;
  if (!/^postgres(ql)?:\/\//.test(url)) reader.problems.push(`${name} must begin with postgres:// or postgresql://`);
  else if (!isDatabaseUrl(url))
    reader.problems.push(`${name} cannot be read. Percent-encode special characters in its parts: a # in a password is %23, a / is %2F`);
  return url;
}

function readSecrets(reader: SettingsReader): Pick<Config, 'secretKey' | 'otherSecretKey'> {
  const secretKey = reader.secret('CROSSWALK_SECRET_KEY');
  reader.check(
    secretKey !== undefined || reader.text('DATABASE_URL') === undefined,
    'CROSSWALK_SECRET_KEY is required with DATABASE_URL: it encrypts signing keys and webhook secrets, and makes page tokens and the links of ' +
      'invitations. Make one with: openssl rand -base64 32',
  );
  const otherSecretKey = reader.secret('CROSSWALK_OTHER_SECRET_KEY');
  reader.check(otherSecretKey === undefined || secretKey !== undefined, 'CROSSWALK_OTHER_SECRET_KEY needs CROSSWALK_SECRET_KEY beside it');
  return { secretKey, otherSecretKey };
}

function readClient(reader: SettingsReader): Config['firstClient'] {
  const id = reader.text('CROSSWALK_CLIENT_ID');
  const secret = reader.secret('CROSSWALK_CLIENT_SECRET');
  reader.check(
    id === undefined || /^skc_[1-9][0-9]{0,17}$/.test(id),
    'CROSSWALK_CLIENT_ID must be skc_ and up to 18 digits, for example skc_1001',
  );
  reader.check(id === undefined || secret !== undefined, 'CROSSWALK_CLIENT_ID needs CROSSWALK_CLIENT_SECRET beside it');
  return secret === undefined ? undefined : { id, secret };
}

function readOperator(reader: SettingsReader): Config['firstOperator'] {
  const email = reader.text('ADMIN_EMAIL');
  const password = reader.text('ADMIN_PASSWORD');
  reader.check(
    (email === undefined) === (password === undefined),
    'ADMIN_EMAIL and ADMIN_PASSWORD must be set together, or neither: then a set-up link is printed',
  );
  reader.check(email === undefined || emailKey(email) !== undefined, 'ADMIN_EMAIL must be one plain address such as ada@example.com');
  const problem = password === undefined ? undefined : passwordProblem(password);
  if (problem !== undefined) reader.problems.push(`ADMIN_PASSWORD ${problem}`);
  return email === undefined || password === undefined ? undefined : { email, password };
}

function readMail(reader: SettingsReader): Config['mail'] {
  const url = reader.text('SMTP_URL');
  const sender = reader.text('MAIL_FROM');
  const smtp = url === undefined ? undefined : parseSmtpUrl(url);
  const from = sender === undefined ? undefined : parseMailFrom(sender);
  reader.check(
    url === undefined || smtp !== undefined,
    'SMTP_URL must be smtp://host:port or smtps://host:port, with user:password@ before the host where they are needed. ' +
      'Percent-encode special characters in them: a % is %25, an @ is %40, a / is %2F',
  );
  reader.check(
    sender === undefined || from !== undefined,
    'MAIL_FROM must be an address such as invitations@example.com, or Name <invitations@example.com>',
  );
  reader.check(
    (url === undefined) === (sender === undefined),
    'SMTP_URL and MAIL_FROM must be set together: where mail is handed in, and whom it comes from',
  );
  return smtp === undefined || from === undefined ? undefined : { smtp, from };
}

function readNetworks(reader: SettingsReader): Pick<Config, 'trustedProxies' | 'webhookAllow'> {
  const trustedProxies = reader.list('CROSSWALK_TRUSTED_PROXIES');
  for (const proxy of trustedProxies)
    reader.check(
      ipaddr.isValid(proxy) || ipaddr.isValidCIDR(proxy),
      `CROSSWALK_TRUSTED_PROXIES lists addresses and networks such as 10.0.0.7 or 10.0.0.0/8, with commas between; "${proxy.slice(0, 50)}" is none`,
    );
  const webhookAllow = reader.list('CROSSWALK_WEBHOOK_ALLOW');
  for (const network of webhookAllow)
    reader.check(
      ipaddr.isValidCIDR(network),
      `CROSSWALK_WEBHOOK_ALLOW lists networks such as 10.0.0.0/8, with commas between; "${network.slice(0, 50)}" is none`,
    );
  return { trustedProxies, webhookAllow };
}

function readLogLevel(reader: SettingsReader): string {
  const level = reader.text('LOG_LEVEL') ?? 'info';
  reader.check(logLevels.includes(level), `LOG_LEVEL must be one of ${logLevels.join(', ')}`);
  return level;
}

/** A URL, whose host may be left out where the parameter `host` names a directory with a Unix socket. A # is not part of one. */
function isDatabaseUrl(text: string): boolean {
  return !text.includes('#') && URL.canParse(text.replace('@/', '@localhost/'));
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
