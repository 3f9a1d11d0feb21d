import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAnotherServer, useTestServer } from '../packages/server/src/testing.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const server = useTestServer();
const root = fileURLToPath(new URL('..', import.meta.url));
let directory: TemporaryDirectory;
let tls: Awaited<ReturnType<typeof startAnotherServer>>;
beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
  directory = await temporaryDirectory('crosswalk-tls-');
  await writeFile(join(directory.path, 'cert.pem'), cert);
  tls = await startAnotherServer(server, { certificate: { key, cert } });
});
afterAll(async () => {
  await tls.close();
  await directory.remove();
});

/** Runs the program that calls the server over TLS. */
function run(trust: Record<string, string>) {
  const env = {
    PATH: process.env.PATH,
    CROSSWALK_ENVIRONMENT_URL: `https://localhost:${tls.port}`,
    CROSSWALK_CLIENT_ID: server.client.clientId,
    CROSSWALK_CLIENT_SECRET: server.client.clientSecret,
    ...trust,
  };
  return promisify(execFile)('node_modules/.bin/tsx', ['test/tls-program.ts'], { cwd: root, env });
}

test("over TLS one port serves Scalekit's client, tokens over HTTP/1.1 and REST over HTTP/2", async () => {
  const { stdout } = await run({ NODE_EXTRA_CA_CERTS: join(directory.path, 'cert.pem') });
  const seen = JSON.parse(stdout);
  expect(seen).toEqual({
    created: expect.stringMatching(/^org_[0-9]+$/),
    found: seen.created,
    error: 'ORGANIZATION_NOT_FOUND',
    tokenOver: '1.1',
    tokenIsValid: true,
    rest: {
      protocol: 'h2',
      status: 200,
      body: { organization: expect.objectContaining({ id: seen.created, display_name: 'Over TLS' }), matched_by: 'external_id' },
    },
  });
});

test('a client that does not trust the certificate says nothing to the server', async () => {
  await expect(run({})).rejects.toMatchObject({ stderr: expect.stringContaining('self-signed certificate') });
  expect((await server.client.request('GET', '/api/v1/organizations')).body).toMatchObject({ total_size: 1 });
});
