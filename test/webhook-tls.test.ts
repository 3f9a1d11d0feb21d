import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const day = 24 * 3600 * 1000;
let directory: TemporaryDirectory;
const servers: Server[] = [];
beforeAll(async () => {
  directory = await temporaryDirectory('crosswalk-webhook-tls-');
});
afterAll(async () => {
  for (const server of servers) server.close();
  await directory.remove();
});

/** A receiver with a certificate for a name, on 127.0.0.1. */
async function startReceiver(options: object): Promise<string> {
  const server = createServer(options, (request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `https://localhost:${typeof address === 'object' ? address?.port : ''}/`;
}

test('a certificate that is expired, of another name, or nobody’s, and a TLS of old, are failed attempts with their reasons (W15)', async () => {
  const names = (name: string) => [{ name: 'commonName', value: name }];
  const authority = await generate(names('Test authority'), {
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  await writeFile(join(directory.path, 'ca.pem'), authority.cert);
  const ca = { key: authority.private, cert: authority.cert };
  const issue = async (host: string, dates: object = {}) => {
    const { private: key, cert } = await generate(names(host), {
      ca,
      ...dates,
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: host }] }],
    });
    return { key, cert };
  };
  const good = await issue('localhost');
  const selfSigned = await generate(names('localhost'));
  const urls = [
    await startReceiver(good),
    await startReceiver(
      await issue('localhost', { notBeforeDate: new Date(Date.now() - 2 * day), notAfterDate: new Date(Date.now() - day) }),
    ),
    await startReceiver(await issue('other.example')),
    await startReceiver({ key: selfSigned.private, cert: selfSigned.cert }),
    await startReceiver({ ...good, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  ];
  const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: join(directory.path, 'ca.pem') };
  const { stdout } = await promisify(execFile)('node_modules/.bin/tsx', ['test/webhook-tls-program.ts', ...urls], { cwd: root, env });
  expect(JSON.parse(stdout)).toEqual([
    204,
    'certificate has expired',
    expect.stringMatching(/Hostname\/IP does not match certificate's altnames/),
    // Newer versions of Node go on with a hint.
    expect.stringMatching(/^self-signed certificate/),
    expect.stringMatching(/protocol version|unsupported protocol/),
  ]);
});
