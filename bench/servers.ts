import { randomBytes } from 'node:crypto';
import { startServerProcess } from '../test/server-process.ts';
import { type Child, startChild } from './child.ts';
import type { FloorSettings } from './floor-server.ts';
import { credentials } from './subjects.ts';

/** A server that is measured. */
export interface MeasuredServer {
  url: string;
  end(): Promise<void>;
}

/** Crosswalk as `npm start` runs it, on a database that it migrates. Its rate limit counts and is never reached. */
export async function startOurs(databaseUrl: string): Promise<MeasuredServer> {
  const server = await startServerProcess({
    DATABASE_URL: databaseUrl,
    CROSSWALK_SECRET_KEY: randomBytes(32).toString('base64'),
    CROSSWALK_CLIENT_ID: credentials.id,
    CROSSWALK_CLIENT_SECRET: credentials.secret,
    CROSSWALK_RATE_LIMIT: '1000000',
  });
  return {
    url: server.url,
    async end() {
      await server.end('SIGTERM');
    },
  };
}

/** One of the floor servers. */
export async function startFloor(settings: FloorSettings): Promise<MeasuredServer> {
  const child: Child = startChild('./floor-server.ts');
  return { url: await child.ask(JSON.stringify(settings)), end: () => child.end() };
}

/** An access token of ours, valid for an hour. */
export async function fetchToken(url: string): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: credentials.id, client_secret: credentials.secret });
  const response = await fetch(`${url}/oauth/token`, { method: 'POST', body: form });
  const { access_token: token }: { access_token?: string } = await response.json();
  if (token === undefined) throw new Error(`the server granted no token (status ${response.status})`);
  return token;
}
