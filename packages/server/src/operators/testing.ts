import type { TestAnswer, TestServer } from '../testing.ts';

/** The password of every operator of a test. */
export const password = 'correct horse battery staple';

/** A browser at a page of the server: keeps the cookie, and sends what browsers send. */
export class Browser {
  readonly #url: string;
  /** what it sends of itself; a test may change it */
  headers: Record<string, string>;
  cookie: string | undefined;
  csrfToken: string | undefined;

  constructor(url: string) {
    this.#url = url;
    this.headers = { origin: url, 'sec-fetch-site': 'same-origin' };
  }

  /** A `fetch` with this browser's cookie, for the SDK. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(this.headers)) headers.set(name, value);
    if (this.cookie !== undefined) headers.set('cookie', this.cookie);
    const response = await globalThis.fetch(input, { ...init, headers });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) this.cookie = set.includes('Max-Age=0') ? undefined : set.split(';', 1)[0];
    return response;
  };

  /** A request of the page; with the token that changes need, if there is a session. */
  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<TestAnswer> {
    const response = await this.fetch(this.#url + path, {
      method,
      headers: {
        ...(this.csrfToken === undefined ? {} : { 'x-csrf-token': this.csrfToken }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** A request about an environment. */
  inside(environmentId: string, method: string, path: string, body?: unknown): Promise<TestAnswer> {
    return this.request(method, path, body, { 'x-crosswalk-environment': environmentId });
  }

  async signIn(email: string, secret = password): Promise<TestAnswer> {
    const answer = await this.request('POST', '/api/v1/session', { email, password: secret });
    this.csrfToken = Object(answer.body).session?.csrf_token;
    return answer;
  }
}

/** The public ID of the environment of a client. */
export function environmentIdOf({ environmentId }: { environmentId: string }): string {
  return `env_${environmentId}`;
}

/** Makes the first operator of a server by the link of its start, and gives the browser in which they are signed in. */
export async function makeFirstOperator({ url, firstOperator }: TestServer, email = 'root@example.com'): Promise<Browser> {
  const browser = new Browser(url);
  const answer = await browser.request('POST', '/api/v1/setup', { token: await firstOperator.prepare(), email, password });
  browser.csrfToken = Object(answer.body).session?.csrf_token;
  return browser;
}
