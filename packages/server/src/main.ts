import { SecretKeyError } from './clients/index.ts';
import { ConfigError, readConfig } from './config.ts';
import { EmbeddedPostgresError } from './database/embedded/index.ts';
import { MigrationError } from './database/migrate.ts';
import { type RunningServer, serve } from './serve.ts';
import { CertificateError } from './transport/certificate.ts';

export { readConfig } from './config.ts';
export { type RunningServer, serve } from './serve.ts';

/**
 * Runs the server as a program: settings from the environment, SIGTERM and SIGINT stop it in order, a second one at
 * once. An error that the operator can mend is printed as its message, with exit status 1.
 */
export async function main(env: Record<string, string | undefined> = process.env): Promise<void> {
  try {
    const config = readConfig(env);
    let running: RunningServer | undefined;
    let stopping = false;
    const stop = async (signal: NodeJS.Signals) => {
      if (stopping) process.exit(130);
      stopping = true;
      say(`Stopping (${signal})`);
      await running?.stop();
      process.exit(0);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    running = await serve(config, say);
    say(welcome(config.publicUrl, running));
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What a first start and every later one print. The secret is printed by the first alone. */
function welcome(publicUrl: string, { address, firstClient }: RunningServer): string {
  const lines = ['', `Crosswalk is listening on ${address}`, `  API page   ${publicUrl}/docs`, `  Dashboard  ${publicUrl}/dashboard/`, ''];
  if (firstClient !== undefined) {
    lines.push(
      'The first API client. Put this into your .env now: the secret is not shown again.',
      '',
      `CROSSWALK_ENVIRONMENT_URL=${publicUrl}`,
      `CROSSWALK_CLIENT_ID=${firstClient.client.id}`,
      `CROSSWALK_CLIENT_SECRET=${firstClient.plain_secret}`,
      '',
    );
  }
  return lines.join('\n');
}

const known = [ConfigError, EmbeddedPostgresError, MigrationError, SecretKeyError, CertificateError];

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (known.some((kind) => error instanceof kind)) return error.message;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `${error.message}. Another program listens there: stop it, or set PORT to another port.`;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === '28P01' || code === '3D000') {
    return `The database of DATABASE_URL cannot be used: ${error.message || code}. Check host, port, user, password and database name.`;
  }
  return error.stack ?? error.message;
}
