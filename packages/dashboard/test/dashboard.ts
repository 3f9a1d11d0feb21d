import { Crosswalk } from '@crosswalk/sdk';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, inject, vi } from 'vitest';
import { type TestClient, type TestServer, type TestServerOptions, useTestServer } from '../../server/src/testing.ts';

type Role = 'viewer' | 'editor' | 'admin';

/** How a page is opened. */
export interface OpenOptions {
  /** of the operator who is signed in; default admin */
  role?: Role | 'nobody';
  theme?: 'light' | 'dark';
  /** Pixels; default 1280 by 800. */
  viewport?: { width: number; height: number };
  /** another environment than that of the test server */
  environmentId?: string;
  /** errors in the browser's console that the test is about: what the browser refuses to do */
  refused?: RegExp;
}

/** The password of every operator of a test. */
export const password = 'a password that is only for tests';

/** How long a test, and a step of one, may take: a busy machine is none of their promises. Milliseconds. */
const [patience, patienceOfStep] = [180_000, 45_000];

/** The dashboard of a server of its own, in a real browser. */
export interface Dashboard {
  server: TestServer;
  /** the API, to prepare records and to see what the dashboard did */
  crosswalk: Crosswalk;
  /**
   * Opens a page of the environment, such as `/organizations`, in a browser profile of its own; an address with `/dashboard` before it is
   * taken as it is. Waits until it is drawn. After the test the profile is emptied, and the next that opens a page gets it.
   */
  open(path: string, options?: OpenOptions): Promise<Page>;
  /** the ID of the environment of the test server, as the API writes it */
  readonly environmentId: string;
  /** The address of an operator with this role. Made once. */
  operator(role: Role): Promise<string>;
  /** Gives the operator with the role admin a role in another environment. */
  admit(environment: TestClient, role: Role): Promise<void>;
}

/** Starts a server and a browser for a test file. Use the members inside tests only. */
export function useDashboard(options: TestServerOptions = {}): Dashboard {
  vi.setConfig({ testTimeout: patience, hookTimeout: patience });
  afterAll(() => vi.resetConfig());
  const server = useTestServer(options);
  const [opened, idle]: [Page[], Page[]] = [[], []];
  const broken: string[] = [];
  const cookies = new Map<Role, Promise<string>>();
  let browser: Browser | undefined;
  let crosswalk: Crosswalk | undefined;
  beforeAll(async () => {
    const answer = await fetch(inject('browserUrl'));
    if (!answer.ok) throw new Error(await answer.text());
    browser = await chromium.connect(await answer.text());
    crosswalk = new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);
  });
  afterEach(async () => {
    for (const page of opened.splice(0)) {
      const context = page.context();
      if (await empty(page, server.url)) idle.push(page);
      else await context.close();
    }
    const problems = broken.splice(0);
    if (problems.length > 0) throw new Error(`scripts of the page failed: ${problems.join('; ')}`);
  });
  afterAll(() => browser?.close());

  const ready = () => {
    if (browser === undefined || crosswalk === undefined) throw new Error('the browser is not there yet: use it inside a test');
    return { browser, crosswalk };
  };
  const signedIn = (role: Role): Promise<string> => {
    const cookie = cookies.get(role) ?? signIn(server, role);
    cookies.set(role, cookie);
    return cookie;
  };

  return {
    server,
    get crosswalk() {
      return ready().crosswalk;
    },
    async open(path, { role = 'admin', theme = 'light', viewport = { width: 1280, height: 800 }, environmentId, refused } = {}) {
      const page = idle.pop() ?? (await newPage(ready().browser));
      opened.push(page);
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      const context = page.context();
      if (role !== 'nobody')
        await context.addCookies([
          { name: 'crosswalk_session', value: await signedIn(role), url: server.url, httpOnly: true, sameSite: 'Strict' },
        ]);
      page.on('pageerror', ({ message }) => broken.push(message));
      // What the content security policy refuses is told there alone.
      page.on('console', (message) => {
        if (message.type() !== 'error' || message.text().includes('Failed to load resource')) return;
        if (refused?.test(message.text()) !== true) broken.push(message.text());
      });
      await page.goto(server.url + (path.startsWith('/dashboard') ? path : `/dashboard/${environmentId ?? publicId(server)}${path}`));
      await page.waitForSelector('h1').catch((error: unknown) => {
        throw new Error(`${page.url()} was not drawn: ${broken.join('; ')}`, { cause: error });
      });
      // Keys are heard from the moment after it was drawn.
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));
      return page;
    },
    get environmentId() {
      return publicId(server);
    },
    async operator(role) {
      await signedIn(role);
      return addressOf(role);
    },
    async admit({ environmentId, request }, role) {
      await signedIn('admin');
      // Nobody is an admin of both, so the database says it. The server forgets what it knew of sessions when a client says the role.
      const { rows } = await server.database.pool.query<{ id: string }>(
        `insert into operator_roles (environment_id, operator_id, role) select $1, id, 'viewer' from operators where email = $2
         returning operator_id as id`,
        [environmentId, addressOf('admin')],
      );
      const told = await request('PATCH', `/api/v1/operators/opr_${rows[0]?.id}`, { role });
      if (told.status !== 200) throw new Error(`the operator could not be admitted: ${told.text}`);
    },
  };
}

async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US' });
  context.setDefaultTimeout(patienceOfStep);
  return context.newPage();
}

/**
 * Leaves a profile with nothing of a test but the code that it has loaded, which takes a browser without it seconds. Resolves to false when
 * the page cannot be used again.
 */
async function empty(page: Page, origin: string): Promise<boolean> {
  const context = page.context();
  if (page.isClosed()) return false;
  for (const other of context.pages()) if (other !== page) await other.close();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  page.removeAllListeners();
  // It may ask whether to leave what was typed.
  page.on('dialog', (question) => void question.accept());
  await page.goto('about:blank');
  page.removeAllListeners();
  await context.setOffline(false);
  await context.clearCookies();
  await context.clearPermissions();
  const protocol = await context.newCDPSession(page);
  await protocol.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  await protocol.detach();
  return true;
}

function publicId({ client }: TestServer): string {
  return `env_${client.environmentId}`;
}

function addressOf(role: Role): string {
  return `${role}@example.com`;
}

/** Makes an operator with a role in the environment of the test server and signs them in; returns the cookie. */
async function signIn(server: TestServer, role: Role): Promise<string> {
  const email = addressOf(role);
  const made = await server.client.request('POST', '/api/v1/operators', { email, password, role });
  if (made.status !== 201) throw new Error(`no operator could be made: ${made.text}`);
  const answer = await fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const [cookie = ''] = answer.headers.getSetCookie();
  const value = /^crosswalk_session=([^;]+)/.exec(cookie)?.[1];
  if (value === undefined) throw new Error(`the operator could not sign in: ${await answer.text()}`);
  return value;
}
