import { resolve } from 'node:path';

/** The settings of a server, read from environment variables. README has the table. */
export interface Config {
  port: number;
  host: string;
  /** undefined: the embedded engine */
  databaseUrl: string | undefined;
  /** absolute path */
  dataDirectory: string;
  /** without a trailing slash */
  publicUrl: string;
  /** present: the port speaks TLS */
  tls: { certFile: string; keyFile: string } | undefined;
  /** the credentials the first client gets, for unattended set-up */
  firstClient: { id: string | undefined; secret: string } | undefined;
  /** undefined: a file in the data directory (embedded engine only) */
  secretKey: string | undefined;
  /** days an external ID keeps resolving after a change; 0 = not at all */
  aliasDays: number;
  /** days that events are kept; 0 = for ever */
  eventDays: number;
  /** requests per second one client may make of one server process, on average over ten seconds; 0 = no limit */
  rateLimit: number;
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
  const integer = (name: string, fallback: number, max: number) => {
    const value = text(name);
    if (value === undefined) return fallback;
    if (/^[0-9]{1,9}$/.test(value) && Number(value) <= max) return Number(value);
    problems.push(`${name} must be a whole number from 0 to ${max}, not "${value.slice(0, 50)}"`);
    return fallback;
  };

  const certFile = text('TLS_CERT_FILE');
  const keyFile = text('TLS_KEY_FILE');
  if ((certFile === undefined) !== (keyFile === undefined)) problems.push('TLS_CERT_FILE and TLS_KEY_FILE must be set together');
  const tls = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };

  const port = integer('PORT', 8080, 65_535);
  const publicUrl = (text('CROSSWALK_PUBLIC_URL') ?? `${tls === undefined ? 'http' : 'https'}://localhost:${port}`).replace(/\/+$/, '');
  if (!isWebUrl(publicUrl)) problems.push('CROSSWALK_PUBLIC_URL must be an http or https address such as https://directory.example.com');

  const databaseUrl = text('DATABASE_URL');
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    problems.push('DATABASE_URL must begin with postgres:// or postgresql://');
  } else if (databaseUrl !== undefined && !isDatabaseUrl(databaseUrl)) {
    problems.push('DATABASE_URL cannot be read. Percent-encode special characters in its parts: a # in a password is %23, a / is %2F');
  }
  const secretKey = text('CROSSWALK_SECRET_KEY');
  if (databaseUrl !== undefined && secretKey === undefined) {
    problems.push('CROSSWALK_SECRET_KEY is required with DATABASE_URL: it encrypts signing keys. Make one with: openssl rand -base64 32');
  }
  if (secretKey !== undefined && secretKey.length < minSecretKey) {
    problems.push(`CROSSWALK_SECRET_KEY must have at least ${minSecretKey} characters`);
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

  const logLevel = text('LOG_LEVEL') ?? 'info';
  if (!logLevels.includes(logLevel)) problems.push(`LOG_LEVEL must be one of ${logLevels.join(', ')}`);

  const config: Config = {
    port,
    host: text('HOST') ?? '127.0.0.1',
    databaseUrl,
    dataDirectory: resolve(text('CROSSWALK_DATA_DIR') ?? './data'),
    publicUrl,
    tls,
    firstClient: clientSecret === undefined ? undefined : { id: clientId, secret: clientSecret },
    secretKey,
    aliasDays: integer('CROSSWALK_ALIAS_DAYS', 30, 36_500),
    eventDays: integer('CROSSWALK_EVENT_DAYS', 90, 36_500),
    rateLimit: integer('CROSSWALK_RATE_LIMIT', 2_000, 1_000_000),
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
