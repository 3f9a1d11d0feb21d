import { Crosswalk } from '@crosswalk/sdk';
import { UsageError } from './exit.ts';

/** Values of environment variables. */
export type Env = Record<string, string | undefined>;

/** What it takes to reach an environment of Crosswalk, or of Scalekit. */
export interface Credentials {
  url: string;
  clientId: string;
  clientSecret: string;
}

/** The credentials of the environment variables; a `UsageError` names those that are not set. */
export function credentialsOf(env: Env): Credentials {
  const names = ['CROSSWALK_ENVIRONMENT_URL', 'CROSSWALK_CLIENT_ID', 'CROSSWALK_CLIENT_SECRET'] as const;
  const [url, clientId, clientSecret] = names.map((name) => env[name]);
  if (!url || !clientId || !clientSecret) {
    const missing = names.filter((name) => !env[name]);
    throw new UsageError(
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set: the server prints all three at its first start`,
    );
  }
  return { url, clientId, clientSecret };
}

/** A client with the credentials of the environment variables. */
export function connect(env: Env): Crosswalk {
  const { url, clientId, clientSecret } = credentialsOf(env);
  return new Crosswalk(url, clientId, clientSecret);
}
