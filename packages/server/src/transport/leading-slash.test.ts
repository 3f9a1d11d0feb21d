import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

/** Paths as clients make them that join an address with a slash at its end and a path. */
const server = useTestServer();

test('a second slash at the beginning of any path is none, whatever comes behind it', async () => {
  expect((await fetch(`${server.url}//keys`)).status).toBe(200);
  const { clientId, clientSecret } = server.client;
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
  const granted = await fetch(`${server.url}//oauth/token`, { method: 'POST', body: form });
  expect(granted.status).toBe(200);
  const authorization = `Bearer ${(await granted.json()).access_token}`;
  expect((await fetch(`${server.url}//api/v1/organizations?page_size=1`, { headers: { authorization } })).status).toBe(200);
});

test('other slashes stay as they are', async () => {
  for (const path of ['///keys', '/keys/', '/oauth//token', '/api/v1//organizations']) {
    expect([path, (await fetch(server.url + path)).status]).toEqual([path, 404]);
  }
});
