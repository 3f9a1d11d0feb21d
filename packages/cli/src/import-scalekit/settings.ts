import type { CommonOptions } from '../cli.ts';
import { type Credentials, credentialsOf, type Env } from '../connect.ts';
import { UsageError } from '../exit.ts';

/** The options of the command line, as they were typed. */
export interface ImportOptions extends CommonOptions {
  from?: string;
  clientId?: string;
  clientSecret?: string;
  invitations?: boolean;
  dryRun?: boolean;
  state?: string;
}

/** What an import is asked to do. */
export interface ImportSettings {
  source: Credentials;
  target: Credentials;
  /** pending invitations are imported, and so sent anew */
  invitations: boolean;
  /** nothing is written */
  dryRun: boolean;
  /** the file that keeps how far it is */
  stateFile: string;
  /** the summary is printed as JSON */
  json: boolean;
}

/** The settings of options and environment variables; a `UsageError` names what is missing or wrong. */
export function settingsOf(options: ImportOptions, env: Env): ImportSettings {
  const source = sourceOf(options, env);
  const target = credentialsOf(env, options.profile);
  if (source.clientId === target.clientId && URL.canParse(target.url) && new URL(target.url).origin === source.url)
    throw new UsageError(`${source.url} is where the records would go: name the Scalekit environment with --from`);
  return {
    source,
    target,
    invitations: options.invitations === true,
    dryRun: options.dryRun === true,
    stateFile: options.state ?? `crosswalk-import-${new URL(source.url).host.replace(/[^a-z0-9.-]+/g, '-')}.json`,
    json: options.json === true,
  };
}

function sourceOf(options: ImportOptions, env: Env): Credentials {
  const given = {
    '--from (or SCALEKIT_ENVIRONMENT_URL)': options.from ?? env.SCALEKIT_ENVIRONMENT_URL,
    '--client-id (or SCALEKIT_CLIENT_ID)': options.clientId ?? env.SCALEKIT_CLIENT_ID,
    '--client-secret (or SCALEKIT_CLIENT_SECRET)': options.clientSecret ?? env.SCALEKIT_CLIENT_SECRET,
  };
  const [url, clientId, clientSecret] = Object.values(given);
  if (!url || !clientId || !clientSecret) {
    const missing = Object.entries(given).filter(([, value]) => !value);
    throw new UsageError(
      `${missing.map(([name]) => name).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing: ` +
        'Scalekit shows all three in its dashboard under API credentials',
    );
  }
  return { url: originOf(url), clientId, clientSecret };
}

/** Scalekit's paths begin at the root of a host: a URL with a path of its own is one of the dashboard or of a page of the documentation. */
function originOf(url: string): string {
  const wanted = 'it must be the URL of the environment alone, such as https://your-env.scalekit.com';
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new UsageError(`--from: ${wanted}`);
  const { origin, pathname, search, hash, username, password } = new URL(url);
  if (pathname !== '/' || search + hash + username + password !== '') throw new UsageError(`--from: ${wanted}`);
  return origin;
}
