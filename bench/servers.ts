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
export async function startOurs(databaseUrl: string): Promise<MeasuredServer & { pid: number }> {
  const server = await startServerProcess({
    DATABASE_URL: databaseUrl,
    // The same in each run: a kept database was sealed with it.
    CROSSWALK_SECRET_KEY: Buffer.alloc(32, 'bench').toString('base64'),
    CROSSWALK_CLIENT_ID: credentials.id,
    CROSSWALK_CLIENT_SECRET: credentials.secret,
    CROSSWALK_RATE_LIMIT: '1000000',
    CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8',
  });
  return {
    url: server.url,
    pid: server.child.pid ?? 0,
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

/** The token of page 1,000 of organizations (of the last page where there are fewer), reached from page to page as a reader reaches it. */
export async function fetchFarPage(url: string, token: string, size: number): Promise<string> {
  let far = '';
  for (let page = 1; page < 1000; page += 1) {
    const response = await fetch(`${url}/api/v1/organizations?page_size=${size}&page_token=${far}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { next_page_token: next }: { next_page_token?: string } = await response.json();
    if (next === undefined) throw new Error(`page ${page} was answered with ${response.status}`);
    if (next === '') break;
    far = next;
  }
  return far;
}
