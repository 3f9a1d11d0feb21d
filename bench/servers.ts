import { startServerProcess } from '../test/server-process.ts';
import { startChild } from '../tools/programs/child.ts';
import { credentialSettings } from '../tools/programs/credentials.ts';
import type { FloorSettings } from './floor-server.ts';

/** A server that is measured. */
export interface MeasuredServer {
  url: string;
  end(): Promise<void>;
}

/** Crosswalk as `npm start` runs it, on a database that it migrates, with other `settings` if need be. Its rate limit counts and is never reached. */
export async function startOurs(databaseUrl: string, settings: Record<string, string> = {}): Promise<MeasuredServer & { pid: number }> {
  const server = await startServerProcess({
    DATABASE_URL: databaseUrl,
    // The same in each run: a kept database was sealed with it.
    CROSSWALK_SECRET_KEY: Buffer.alloc(32, 'bench').toString('base64'),
    ...credentialSettings,
    CROSSWALK_RATE_LIMIT: '1000000',
    CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8',
    ...settings,
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
  const child = startChild(new URL('./floor-server.ts', import.meta.url));
  return { url: await child.ask(JSON.stringify(settings)), end: () => child.end() };
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
