import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { credentialNames, hasEnvFile } from './connect.ts';
import { messageOf } from './errors.ts';
import { UsageError } from './exit.ts';

/**
 * Takes what the file `.env` of the working directory says and the environment does not. The lines that the server prints at its first start
 * are meant for it. Credentials are taken as they are together, or not at all: a secret must not be sent to the address of another
 * installation. Of them the server takes its first client's, and knows no address. A `UsageError` when the file cannot be read: without it a
 * command could reach another environment than is meant, and the server another database.
 */
export function loadEnvFile(command: string | undefined): void {
  if (!hasEnvFile()) return;
  const takesCredentials = command === 'serve' || credentialNames.every((name) => !process.env[name]);
  for (const [name, value] of Object.entries(parseEnv(read()))) {
    const isCredential = credentialNames.some((one) => one === name);
    if (takesCredentials || !isCredential) process.env[name] ??= value;
  }
}

function read(): string {
  try {
    return readFileSync('.env', 'utf8');
  } catch (error) {
    throw new UsageError(`.env cannot be read: ${messageOf(error)}`);
  }
}
