import type { Command } from 'commander';
import type { Env } from './connect.ts';

/** The settings of the server as its help names them. The table of the README says more of each; a test holds the two together. */
const settings: readonly (readonly [names: string, meaning: string])[] = [
  ['PORT, HOST', 'where it listens (8080, 127.0.0.1)'],
  ['DATABASE_URL', 'a PostgreSQL 15 or later (the one it brings)'],
  ['DATABASE_READ_URL, DATABASE_POOLER', 'a replica to read from, a pooler in between'],
  ['CROSSWALK_DRAIN_SECONDS', 'how long /readyz announces a stop before it begins (0)'],
  ['CROSSWALK_DATA_DIR', 'files of the PostgreSQL it brings, and the secret key (./data)'],
  ['CROSSWALK_PUBLIC_URL', 'address that others reach it by (http://localhost:PORT)'],
  ['CROSSWALK_TRUSTED_PROXIES', 'proxies whose X-Forwarded-For is trusted, such as 10.0.0.0/8'],
  ['CROSSWALK_SECRET_KEY', 'what it encrypts with; required with DATABASE_URL (a file in the data directory)'],
  ['CROSSWALK_OTHER_SECRET_KEY', 'the one it is changed from or to'],
  ['CROSSWALK_CLIENT_ID, CROSSWALK_CLIENT_SECRET', 'credentials of the first client (generated)'],
  ['ADMIN_EMAIL, ADMIN_PASSWORD', 'the first operator of the dashboard (a set-up link is printed)'],
  ['TLS_CERT_FILE, TLS_KEY_FILE', 'PEM files; the port then speaks TLS'],
  ['CROSSWALK_CACHE_MB', 'how much of what was looked up is kept in memory, as JSON; 0: nothing (32)'],
  ['CROSSWALK_ALIAS_DAYS', 'how long an external ID finds its record after a change (30)'],
  ['CROSSWALK_EVENT_DAYS', 'how long events are kept; 0: for ever (90)'],
  ['SMTP_URL, MAIL_FROM', 'mail server and sender (mails are kept in the mailbox)'],
  ['CROSSWALK_TOKEN_SECONDS', 'how long an access token is valid (3600)'],
  ['CROSSWALK_SIGNING_KEY_DAYS', 'when a key that signs tokens is replaced; 0: never (90)'],
  ['CROSSWALK_SIGNING_KEY_LEAD_SECONDS', 'how long a new one is published before it signs (900)'],
  ['CROSSWALK_RATE_LIMIT', 'requests a second of one client; 0: no limit (2000)'],
  ['CROSSWALK_WEBHOOK_ALLOW', 'networks of your own that webhooks may reach'],
  ['METRICS_TOKEN', 'opens GET /metrics, sent as its bearer; 32 characters or more'],
  ['LOG_LEVEL', 'fatal, error, warn, info, debug, trace or silent (info)'],
];

/** `crosswalk serve`: the server, in the foreground. */
export function addServe(program: Command, env: Env): void {
  const width = Math.max(...settings.map(([names]) => names.length));
  program
    .command('serve')
    .description('start the server; settings come from the environment')
    .addHelpText(
      'after',
      ['\nSettings, environment variables (default):', ...settings.map(([names, meaning]) => `  ${names.padEnd(width)}  ${meaning}`)].join(
        '\n',
      ),
    )
    .action(async () => {
      // Loaded by this command alone: the others begin without waiting for a server they do not need.
      const { main: serve } = await import('@crosswalk/server');
      await serve(env);
    });
}
