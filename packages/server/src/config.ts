import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { emailKey } from './lib/email.ts';
import { type MailFrom, parseMailFrom, parseSmtpUrl, type SmtpSettings } from './lib/mail-settings.ts';
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

/** The secret key is the root of every other: it has at least this many characters. */
export const minSecretKey = 32;

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Reads and checks all settings together. Throws a `ConfigError` that lists every problem at once. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const problems: string[] = [];
  const text = (name: string) => (env[name] === undefined || env[name] === '' ? undefined : env[name]);
  const integer = (name: string, fallback: number, max: number, min = 0) => {
    const value = text(name);
    if (value === undefined) return fallback;
    if (/^[0-9]{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
    problems.push(`${name} must be a whole number from ${min} to ${max}, not "${value.slice(0, 50)}"`);
    return fallback;
  };

  const certFile = text('TLS_CERT_FILE');
  const keyFile = text('TLS_KEY_FILE');
  if ((certFile === undefined) !== (keyFile === undefined)) problems.push('TLS_CERT_FILE and TLS_KEY_FILE must be set together');
  const tls = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };

  const port = integer('PORT', 8080, 65_535);
  const publicUrl = (text('CROSSWALK_PUBLIC_URL') ?? `${tls === undefined ? 'http' : 'https'}://localhost:${port}`).replace(/\/+$/, '');
  if (!isWebUrl(publicUrl)) problems.push('CROSSWALK_PUBLIC_URL must be an http or https address such as https://directory.example.com');

  const addressOf = (name: string) => {
    const url = text(name);
    if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
      problems.push(`${name} must begin with postgres:// or postgresql://`);
    } else if (url !== undefined && !isDatabaseUrl(url)) {
      problems.push(`${name} cannot be read. Percent-encode special characters in its parts: a # in a password is %23, a / is %2F`);
    }
    return url;
  };
  const databaseUrl = addressOf('DATABASE_URL');
  const databaseReadUrl = addressOf('DATABASE_READ_URL');
  if (databaseReadUrl !== undefined && databaseUrl === undefined) {
    problems.push('DATABASE_READ_URL needs DATABASE_URL beside it: the PostgreSQL that Crosswalk brings has no replica');
  }
  const pooler = text('DATABASE_POOLER');
  if (pooler !== undefined && (pooler !== 'transaction' || databaseUrl === undefined)) {
    problems.push('DATABASE_POOLER must be transaction, with DATABASE_URL beside it, or unset');
  }
  const secretKey = text('CROSSWALK_SECRET_KEY');
  if (databaseUrl !== undefined && secretKey === undefined) {
    problems.push(
      'CROSSWALK_SECRET_KEY is required with DATABASE_URL: it encrypts signing keys and webhook secrets, and makes page tokens and the links of ' +
        'invitations. Make one with: openssl rand -base64 32',
    );
  }
  if (secretKey !== undefined && secretKey.length < minSecretKey) {
    problems.push(`CROSSWALK_SECRET_KEY must have at least ${minSecretKey} characters`);
  }

  const otherSecretKey = text('CROSSWALK_OTHER_SECRET_KEY');
  if (otherSecretKey !== undefined && otherSecretKey.length < minSecretKey) {
    problems.push(`CROSSWALK_OTHER_SECRET_KEY must have at least ${minSecretKey} characters`);
  }
  if (otherSecretKey !== undefined && secretKey === undefined) {
    problems.push('CROSSWALK_OTHER_SECRET_KEY needs CROSSWALK_SECRET_KEY beside it');
  }

  const clientId = text('CROSSWALK_CLIENT_ID');
  const clientSecret = text('CROSSWALK_CLIENT_SECRET');
  if (clientId !== undefined && !/^skc_[1-9][0-9]{0,17}$/.test(clientId)) {
    problems.push('CROSSWALK_CLIENT_ID must be skc_ and up to 18 digits, for example skc_1001');
  }
  if (clientId !== undefined && clientSecret === undefined) problems.push('CROSSWALK_CLIENT_ID needs CROSSWALK_CLIENT_SECRET beside it');
  if (clientSecret !== undefined && clientSecret.length < 32) {
    problems.push('CROSSWALK_CLIENT_SECRET must have at least 32 characters. Make one with: openssl rand -base64 32');
  }

  const adminEmail = text('ADMIN_EMAIL');
  const adminPassword = text('ADMIN_PASSWORD');
  if ((adminEmail === undefined) !== (adminPassword === undefined)) {
    problems.push('ADMIN_EMAIL and ADMIN_PASSWORD must be set together, or neither: then a set-up link is printed');
  }
  if (adminEmail !== undefined && emailKey(adminEmail) === undefined) {
    problems.push('ADMIN_EMAIL must be one plain address such as ada@example.com');
  }
  const passwordIssue = adminPassword === undefined ? undefined : passwordProblem(adminPassword);
  if (passwordIssue !== undefined) problems.push(`ADMIN_PASSWORD ${passwordIssue}`);

  const smtpUrl = text('SMTP_URL');
  const mailFrom = text('MAIL_FROM');
  const smtp = smtpUrl === undefined ? undefined : parseSmtpUrl(smtpUrl);
  const from = mailFrom === undefined ? undefined : parseMailFrom(mailFrom);
  if (smtpUrl !== undefined && smtp === undefined) {
    problems.push(
      'SMTP_URL must be smtp://host:port or smtps://host:port, with user:password@ before the host where they are needed. ' +
        'Percent-encode special characters in them: a % is %25, an @ is %40, a / is %2F',
    );
  }
  if (mailFrom !== undefined && from === undefined) {
    problems.push('MAIL_FROM must be an address such as invitations@example.com, or Name <invitations@example.com>');
  }
  if ((smtpUrl === undefined) !== (mailFrom === undefined)) {
    problems.push('SMTP_URL and MAIL_FROM must be set together: where mail is handed in, and whom it comes from');
  }
  const list = (name: string) =>
    (text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
  const trustedProxies = list('CROSSWALK_TRUSTED_PROXIES');
  for (const proxy of trustedProxies.filter((proxy) => !ipaddr.isValid(proxy) && !ipaddr.isValidCIDR(proxy))) {
    problems.push(
      `CROSSWALK_TRUSTED_PROXIES lists addresses and networks such as 10.0.0.7 or 10.0.0.0/8, with commas between; "${proxy.slice(0, 50)}" is none`,
    );
  }
  const webhookAllow = list('CROSSWALK_WEBHOOK_ALLOW');
  for (const network of webhookAllow.filter((network) => !ipaddr.isValidCIDR(network))) {
    problems.push(`CROSSWALK_WEBHOOK_ALLOW lists networks such as 10.0.0.0/8, with commas between; "${network.slice(0, 50)}" is none`);
  }

  const metricsToken = text('METRICS_TOKEN');
  if (metricsToken !== undefined && metricsToken.length < 32) {
    problems.push('METRICS_TOKEN must have at least 32 characters. Make one with: openssl rand -base64 32');
  }
  const logLevel = text('LOG_LEVEL') ?? 'info';
  if (!logLevels.includes(logLevel)) problems.push(`LOG_LEVEL must be one of ${logLevels.join(', ')}`);

  const config: Config = {
    port,
    host: text('HOST') ?? '127.0.0.1',
    databaseUrl,
    databaseReadUrl,
    databasePooler: pooler === 'transaction' ? pooler : undefined,
    drainSeconds: integer('CROSSWALK_DRAIN_SECONDS', 0, 600),
    dataDirectory: resolve(text('CROSSWALK_DATA_DIR') ?? './data'),
    publicUrl,
    trustedProxies,
    tls,
    firstClient: clientSecret === undefined ? undefined : { id: clientId, secret: clientSecret },
    firstOperator: adminEmail === undefined || adminPassword === undefined ? undefined : { email: adminEmail, password: adminPassword },
    secretKey,
    otherSecretKey,
    aliasDays: integer('CROSSWALK_ALIAS_DAYS', 30, 36_500),
    eventDays: integer('CROSSWALK_EVENT_DAYS', 90, 36_500),
    rateLimit: integer('CROSSWALK_RATE_LIMIT', 2_000, 1_000_000),
    tokens: {
      lifetime: integer('CROSSWALK_TOKEN_SECONDS', 3_600, longestLifetime, 10),
      // NIST SP 800-57 part 1 lets a private key sign for one to three years; what nobody has to do by hand can be done more often.
      keyDays: integer('CROSSWALK_SIGNING_KEY_DAYS', 90, 36_500),
      keyLead: integer('CROSSWALK_SIGNING_KEY_LEAD_SECONDS', 900, 86_400),
    },
    webhookAllow,
    mail: smtp === undefined || from === undefined ? undefined : { smtp, from },
    metricsToken,
    logLevel,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** A URL, whose host may be left out where the parameter `host` names a directory with a Unix socket. A # is not part of one. */
function isDatabaseUrl(text: string): boolean {
  return !text.includes('#') && URL.canParse(text.replace('@/', '@localhost/'));
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
