import type { Credentials } from './connect.ts';
import { reasonOf } from './errors.ts';

/** How long a server may take to answer. Milliseconds. */
const timeout = 10_000;

/** What an address answers, and how long that took; throws an error with the innermost reason when nothing answers. */
export async function ask(url: string, init: RequestInit = {}): Promise<{ response: Response; text: string; milliseconds: number }> {
  const started = performance.now();
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeout), ...init });
    const text = await response.text();
    return { response, text, milliseconds: Math.round(performance.now() - started) };
  } catch (error) {
    throw new Error(reasonOf(error, timeout));
  }
}

/** Gets a token with the credentials; resolves to its scopes, or throws an error that tells why there is none. Neither holds the secret. */
export async function requestToken({ url, clientId, clientSecret }: Credentials): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
  const { response, text } = await ask(`${url}/oauth/token`, { method: 'POST', body });
  const answer = Object(parse(text));
  if (response.ok && typeof answer.access_token === 'string') return String(answer.scope ?? '');
  const reason = answer.error_description ?? answer.message ?? `it answered ${response.status}`;
  throw new Error(String(reason).replaceAll(clientSecret, '***'));
}

/** The value of a JSON text; undefined when it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
