import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { type Config, ConfigError, readConfig } from './config.ts';
import { ConnectionError } from './database/connection.ts';
import { EmbeddedPostgresError } from './database/embedded/index.ts';
import { MigrationError } from './database/migrate.ts';
import { databaseFailure } from './database/sql-error.ts';
import { SecretKeyError } from './lib/seal.ts';
import { isSystemError } from './lib/system-error.ts';
import { type RunningServer, serve } from './serve.ts';
import { CertificateError } from './transport/certificate.ts';

export { readConfig } from './config.ts';
export { type RunningServer, serve } from './serve.ts';
export { type SettingInForce, settingsInForce } from './settings-in-force.ts';

/**
 * Runs the server as a program: settings from the environment, SIGTERM and SIGINT stop it in order, also while it
 * starts; a second one at once. An error that the operator can mend is printed as its message, with exit status 1.
 */
export async function main(env: Record<string, string | undefined> = process.env): Promise<void> {
  // The heap is collected when it has grown by half since the last time, not by three times as much: what the batches of an import leave
  // behind came to 370 MB, and comes to 210, in no more time (docs/decisions/0016).
  setFlagsFromString('--heap-growing-percent=50');
  const stopping = new AbortController();
  // Whoever reads our output may go: that is no reason to end.
  process.stdout.on('error', () => {});
  try {
    const config = readConfig(env);
    const starting = serve(config, { onProgress: say, signal: stopping.signal });
    const stop = async (signal: NodeJS.Signals) => {
      if (stopping.signal.aborted) process.exit(128 + constants.signals[signal]);
      stopping.abort();
      say(`Stopping (${signal})`);
      const running = await starting.catch(() => undefined);
      await running?.stop();
      process.exit(0);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    say(welcome(config, await starting));
  } catch (error) {
    if (stopping.signal.aborted) return;
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What a first start and every later one print. A secret that was made is printed by the first alone, one that was given never. */
function welcome({ publicUrl, firstClient: given }: Config, { address, firstClient, setupToken }: RunningServer): string {
  const lines = ['', `Crosswalk is listening on ${address}`, `  API page   ${publicUrl}/docs`, `  Dashboard  ${publicUrl}/dashboard/`, ''];
  if (firstClient !== undefined && given !== undefined) {
    lines.push(`The first API client is ${firstClient.client.id}, with the secret of CROSSWALK_CLIENT_SECRET.`, '');
  } else if (firstClient !== undefined) {
    lines.push(
      'The first API client. Put this into your .env now: the secret is not shown again.',
      '',
      `CROSSWALK_ENVIRONMENT_URL=${publicUrl}`,
      `CROSSWALK_CLIENT_ID=${firstClient.client.id}`,
      `CROSSWALK_CLIENT_SECRET=${firstClient.plain_secret}`,
      '',
    );
  }
  // Behind the #: browsers do not send that, so it is in nobody's log.
  if (setupToken !== undefined) {
    lines.push('The dashboard has no operator yet. Make the first one here; the link works once, for a day:', '');
    lines.push(`${publicUrl}/dashboard/setup#token=${setupToken}`, '');
  }
  return lines.join('\n');
}

const known = [ConfigError, ConnectionError, EmbeddedPostgresError, MigrationError, SecretKeyError, CertificateError];

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (known.some((kind) => error instanceof kind)) return error.message;
  if (isSystemError(error, 'EADDRINUSE')) return `${error.message}. Another program listens there: stop it, or set PORT to another port.`;
  if (isSystemError(error) && (error.syscall === 'listen' || error.syscall === 'getaddrinfo')) {
    return `${error.message}. Set HOST to an address of this machine, and PORT to one that this user may use (1024 or more).`;
  }
  if (databaseFailure(error) !== undefined) return `The database failed while the server was starting: ${error.message}. Start again.`;
  return error.stack ?? error.message;
}
