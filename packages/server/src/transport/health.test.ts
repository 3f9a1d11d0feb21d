import http from 'node:http';
import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();

test('a server that is about to stop is not ready, ends connections with their next answer, and still serves', async () => {
  const agent = new http.Agent({ keepAlive: true });
  const get = (path: string) =>
    new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
      const headers = { authorization: `Bearer ${server.client.token}` };
      http
        .get(server.url + path, { agent, headers }, (response) => {
          response.resume();
          response.once('end', () => resolve([response.statusCode, response.headers.connection]));
        })
        .once('error', reject);
    });
  expect(await get('/readyz')).toEqual([200, 'keep-alive']);
  server.announceStop();
  expect(await get('/readyz')).toEqual([503, 'close']);
  expect(await get('/healthz')).toEqual([200, 'close']);
  expect(await get('/api/v1/organizations')).toEqual([200, 'close']);
  agent.destroy();
});
