import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAnotherServer, useTestServer } from '../testing.ts';

const server = useTestServer();
let behindProxy: Awaited<ReturnType<typeof startAnotherServer>>;

beforeAll(async () => {
  behindProxy = await startAnotherServer(server, { trustedProxies: ['127.0.0.0/8', '10.0.0.7'] });
});
afterAll(() => behindProxy.close());

/** Tries a set-up link that is none, of which an address has a hundred; the status of the last. */
async function tryLinks(url: string, times: number, forwardedFor: (n: number) => string): Promise<number> {
  let status = 0;
  for (let n = 1; n <= times; n += 1) {
    const response = await fetch(`${url}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': forwardedFor(n), origin: url },
      body: JSON.stringify({ token: 'no such link', email: 'ada@example.com', name: 'Ada', password: 'correct horse battery staple' }),
    });
    await response.arrayBuffer();
    status = response.status;
  }
  return status;
}

test('behind proxies that are ours who tries too often is locked out by address, whatever it says before, and no other', async () => {
  const url = `http://127.0.0.1:${behindProxy.port}`;
  expect(await tryLinks(url, 100, () => '203.0.113.9')).toBeLessThan(429);
  expect(await tryLinks(url, 1, () => '203.0.113.9')).toBe(429);
  // What a client wrote itself stands before what the proxies add.
  expect(await tryLinks(url, 1, () => '198.51.100.1, 203.0.113.9, 10.0.0.7')).toBe(429);
  expect(await tryLinks(url, 1, () => '198.51.100.1')).toBeLessThan(429);
});

test('of a stranger the header means nothing: its address is the one it comes from', async () => {
  expect(await tryLinks(server.url, 101, (n) => `203.0.113.${n}`)).toBe(429);
});
