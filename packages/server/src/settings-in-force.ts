import type { Config } from './config.ts';
import type { SmtpSettings } from './lib/mail-settings.ts';

/** One setting of a server. */
export interface SettingInForce {
  /** name of the environment variable */
  name: string;
  /** What applies, in words where nothing is set. A secret is `***`, of an address its password. */
  value: string;
  /** whether the environment has it; otherwise it is the default */
  isSet: boolean;
}

type Value = string | number | undefined;

/** What each setting comes to, by its name, in the order of the table in README. */
const values: Record<string, (config: Config) => Value> = {
  PORT: ({ port }) => port,
  HOST: ({ host }) => host,
  DATABASE_URL: ({ databaseUrl }) => withoutPassword(databaseUrl) ?? 'none: the PostgreSQL it brings',
  DATABASE_READ_URL: ({ databaseReadUrl }) => withoutPassword(databaseReadUrl),
  DATABASE_POOLER: ({ databasePooler }) => databasePooler,
  CROSSWALK_DRAIN_SECONDS: ({ drainSeconds }) => drainSeconds,
  CROSSWALK_DATA_DIR: ({ dataDirectory }) => dataDirectory,
  CROSSWALK_PUBLIC_URL: ({ publicUrl }) => publicUrl,
  CROSSWALK_TRUSTED_PROXIES: ({ trustedProxies }) => trustedProxies.join() || undefined,
  CROSSWALK_SECRET_KEY: ({ secretKey }) => masked(secretKey) ?? 'a file in the data directory',
  CROSSWALK_OTHER_SECRET_KEY: ({ otherSecretKey }) => masked(otherSecretKey),
  CROSSWALK_CLIENT_ID: ({ firstClient }) => firstClient?.id ?? 'generated',
  CROSSWALK_CLIENT_SECRET: ({ firstClient }) => masked(firstClient?.secret) ?? 'generated',
  ADMIN_EMAIL: ({ firstOperator }) => firstOperator?.email ?? 'none: a set-up link is printed',
  ADMIN_PASSWORD: ({ firstOperator }) => masked(firstOperator?.password),
  TLS_CERT_FILE: ({ tls }) => tls?.certFile,
  TLS_KEY_FILE: ({ tls }) => tls?.keyFile,
  CROSSWALK_CACHE_MB: ({ cacheSize }) => cacheSize / 1024 / 1024,
  CROSSWALK_ALIAS_DAYS: ({ aliasDays }) => aliasDays,
  CROSSWALK_EVENT_DAYS: ({ eventDays }) => eventDays,
  SMTP_URL: ({ mail }) => (mail === undefined ? 'none: mails are kept' : smtpUrl(mail.smtp)),
  MAIL_FROM: ({ mail }) => (mail === undefined ? undefined : `${mail.from.name} <${mail.from.address}>`.trim()),
  CROSSWALK_TOKEN_SECONDS: ({ tokens }) => tokens.lifetime,
  CROSSWALK_SIGNING_KEY_DAYS: ({ tokens }) => tokens.keyDays,
  CROSSWALK_SIGNING_KEY_LEAD_SECONDS: ({ tokens }) => tokens.keyLead,
  CROSSWALK_RATE_LIMIT: ({ rateLimit }) => rateLimit,
  CROSSWALK_WEBHOOK_ALLOW: ({ webhookAllow }) => webhookAllow.join() || undefined,
  METRICS_TOKEN: ({ metricsToken }) => masked(metricsToken) ?? 'none: no metrics',
  LOG_LEVEL: ({ logLevel }) => logLevel,
};

/** The settings of a server as they apply, each with its variable. */
export function settingsInForce(config: Config, env: Record<string, string | undefined>): SettingInForce[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: String(value(config) ?? 'none'), isSet: (env[name] ?? '') !== '' }));
}

function masked(secret: string | undefined): string | undefined {
  return secret === undefined ? undefined : '***';
}

/** The address of a database; its password may be before the host or among the parameters. */
function withoutPassword(url: string | undefined): string | undefined {
  return url?.replace(/^([a-z]+:\/\/[^:@/?]*):[^@/?]*@/, '$1:***@').replace(/([?&](?:ssl)?password=)[^&]*/gi, '$1***');
}

function smtpUrl({ host, port, secure, auth }: SmtpSettings): string {
  const user = auth === undefined ? '' : `${encodeURIComponent(auth.user)}:***@`;
  return `${secure ? 'smtps' : 'smtp'}://${user}${host.includes(':') ? `[${host}]` : host}:${port}`;
}
