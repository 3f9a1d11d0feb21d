import { statSync } from 'node:fs';
import { Crosswalk } from '@crosswalk/sdk';
import { UsageError } from './exit.ts';
import { defaultProfile, Profiles } from './profiles.ts';

/** Values of environment variables. */
export type Env = Record<string, string | undefined>;

/** What it takes to reach an environment of Crosswalk, or of Scalekit. */
export interface Credentials {
  url: string;
  clientId: string;
  clientSecret: string;
}

/** Whether there is a file `.env` here; Python keeps what it installs in a folder of that name. */
export function hasEnvFile(): boolean {
  return statSync('.env', { throwIfNoEntry: false })?.isFile() === true;
}

/** The environment variables of credentials. */
export const credentialNames = ['CROSSWALK_ENVIRONMENT_URL', 'CROSSWALK_CLIENT_ID', 'CROSSWALK_CLIENT_SECRET'] as const;

/**
 * The credentials of a command: those of the profile that it names, else of the environment variables, else of the profile that
 * CROSSWALK_PROFILE names, else of the profile `default`. They are never mixed. A `UsageError` tells what is missing.
 */
export function credentialsOf(env: Env, profile?: string): Credentials {
  return findCredentials(env, profile).credentials;
}

/** The same, with where they were found, for people. */
export function findCredentials(env: Env, profile?: string): { credentials: Credentials; from: string } {
  const [url, clientId, clientSecret] = credentialNames.map((name) => env[name]);
  if (profile === undefined && url && clientId && clientSecret)
    return { credentials: { url, clientId, clientSecret }, from: 'the environment variables' };
  const profiles = new Profiles(env);
  const named = profile ?? (env.CROSSWALK_PROFILE || undefined);
  const missing = credentialNames.filter((name) => !env[name]);
  // Some of the three are a mistake, not a wish for a profile.
  if (named !== undefined || missing.length === credentialNames.length) {
    const name = named ?? defaultProfile;
    const credentials = profiles.read().get(name);
    if (credentials !== undefined) return { credentials, from: `the profile ${name} of ${profiles.path}` };
    if (named !== undefined) throw new UsageError(`there is no profile ${name}: make it with crosswalk login --profile ${name}`);
  }
  const isPart = missing.length < credentialNames.length;
  const ofFile = !hasEnvFile()
    ? ', and there is no file .env here'
    : isPart
      ? ', and .env is read only where none of the three is set'
      : '';
  throw new UsageError(
    `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set${ofFile}: ` +
      'the server prints all three at its first start, and the dashboard makes others, under Settings. To keep them for this user: crosswalk login',
  );
}

/** A client of Crosswalk. */
export function connect(env: Env, profile?: string): Crosswalk {
  const { url, clientId, clientSecret } = credentialsOf(env, profile);
  try {
    return new Crosswalk(url, clientId, clientSecret);
  } catch (error) {
    // The SDK checks the address, and repeats no password that is in it.
    throw error instanceof TypeError ? new UsageError(error.message.replace('environmentUrl', 'the URL of the environment')) : error;
  }
}
