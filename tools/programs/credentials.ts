/**
 * The first client of the servers that the bench and the tests start as processes. Directories that `npm run bench:growth -- --keep` has made know
 * this secret: with another one they would have to be made again.
 */
export const credentials = { id: 'skc_1001', secret: 'a client secret that only the bench uses' };

/** The same as settings of a server. */
export const credentialSettings = { CROSSWALK_CLIENT_ID: credentials.id, CROSSWALK_CLIENT_SECRET: credentials.secret };

/** An access token of one of these servers, valid for an hour. Throws when it grants none. */
export async function fetchToken(url: string): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: credentials.id, client_secret: credentials.secret });
  const response = await fetch(`${url}/oauth/token`, { method: 'POST', body: form });
  const { access_token: token }: { access_token?: string } = await response.json();
  if (token === undefined) throw new Error(`the server granted no token (status ${response.status})`);
  return token;
}
