import { existsSync } from 'node:fs';
import { credentialNames } from './connect.ts';

/**
 * Takes what the file `.env` of the working directory says and the environment does not. The lines that the server prints at its first start
 * are meant for it. Credentials are taken as they are together, or not at all: a secret must not be sent to the address of another
 * installation. Of them the server takes its first client's, and knows no address.
 */
export function loadEnvFile(command: string | undefined): void {
  if (!existsSync('.env')) return;
  const given = credentialNames.map((name) => [name, process.env[name]] as const);
  process.loadEnvFile('.env');
  if (command === 'serve' || given.every(([, value]) => !value)) return;
  for (const [name, value] of given) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
