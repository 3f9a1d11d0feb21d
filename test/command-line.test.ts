import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runIn, variablesOf } from '../packages/cli/src/testing.ts';
import { useTestServer } from '../packages/server/src/testing.ts';

const server = useTestServer();
const program = fileURLToPath(new URL('../packages/cli/bin/crosswalk.js', import.meta.url));
const receiver = createServer((request, response) => {
  request.resume();
  response.writeHead(204).end();
});
let directory = '';

beforeAll(async () => {
  server.startWork();
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-docs-'));
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
});
afterAll(async () => {
  receiver.close();
  receiver.closeAllConnections();
  await rm(directory, { recursive: true });
});

/** The files that the samples name. */
const files: Record<string, string> = {
  'everything.ndjson': '{"kind":"organization","external_id":"N-1","display_name":"Initech","external_ids":{"salesforce":"001A"}}\n',
  'customers.csv': 'external_id,display_name\nC-9,Umbrella\n',
  'people.csv': 'Number,Work mail,Private mail,Quota\nP1,,p1@home.example,5\nP2,p2@work.example,,7\n',
  'contacts.csv': 'Id,FirstName,Email,AccountId\n003A,Eve,eve@initech.example,001A\n',
  'workers.csv': 'Employee ID,First Name,Email - Work\nW1,Dan,dan@acme.example\n',
  'stripe.csv': 'id,Name,Plan\ncus_1,Acme Corporation,enterprise\ncus_7,Hooli,pro\n',
  'ids.csv': 'old,new\nCUST-1,CUST-001\n',
};

/** The lines of the page that run the command, comments apart. */
async function samples(): Promise<string[]> {
  const text = await readFile(new URL('../docs/command-line.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n'));
  return blocks.map((line) => line.replace(/ +# .*$/, '')).filter((line) => line.startsWith('crosswalk '));
}

/** Words as a shell reads them. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** Commands that go on until they are stopped. */
const endless = /^crosswalk (?:events tail(?!.*--no-follow)|webhooks listen)/;

async function runUntilStopped(args: string[]): Promise<number | null> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', ...variablesOf(server) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let isReady = false;
  const hear = () => {
    isReady = true;
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = once(child, 'close');
  // A tail without news prints nothing: each change is news.
  for (let change = 0; !isReady && child.exitCode === null; change += 1) {
    await server.client.request('POST', '/api/v1/organizations', { display_name: `News ${change}` });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  child.kill('SIGINT');
  await ended;
  return child.exitCode;
}

/** Runs the program where a file `.env` has the credentials of the server. */
async function runBesideFile(env: Record<string, string>): Promise<{ status: number | null; err: string }> {
  const place = await mkdtemp(join(directory, 'env-'));
  const lines = Object.entries(variablesOf(server)).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(place, '.env'), lines.join(''));
  const child = spawn(process.execPath, [program, 'orgs', 'list'], {
    cwd: place,
    env: { PATH: process.env.PATH ?? '', XDG_CONFIG_HOME: place, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
  });
  await once(child, 'close');
  return { status: child.exitCode, err };
}

test('the credentials of a file .env are taken together, and never sent to an address that the shell names', async () => {
  expect(await runBesideFile({})).toEqual({ status: 0, err: 'there is nothing to list\n' });
  expect(await runBesideFile({ CROSSWALK_ENVIRONMENT_URL: 'http://127.0.0.1:9' })).toEqual({
    status: 2,
    err: expect.stringMatching(
      /^crosswalk: CROSSWALK_CLIENT_ID, CROSSWALK_CLIENT_SECRET are not set, and \.env is read only where none of the three is set: /,
    ),
  });
});

test('every sample of the page about the command line runs', { timeout: 120_000 }, async () => {
  const env = { ...variablesOf(server), XDG_CONFIG_HOME: directory, HOME: directory };
  const [url, id, secret] = Object.values(variablesOf(server));
  const address = receiver.address();
  const known = new Map([
    ['https://directory.example.com', url ?? ''],
    ['skc_1001', id ?? ''],
    ['localhost:3000/hook', `127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook`],
  ]);
  const lines = await samples();
  expect(lines.length).toBeGreaterThan(25);
  for (const line of lines) {
    const [command = '', file] = line.replace(/ \| .*/, '').split(' < ');
    const args = wordsOf(command)
      .slice(1)
      .map((word) => known.get(word) ?? (/\.(?:csv|ndjson)$/.test(word) ? join(directory, word) : word));
    if (endless.test(command)) {
      expect([line, await runUntilStopped(args)]).toEqual([line, 130]);
      continue;
    }
    const { status, out, err } = await runIn(env, args, file === undefined ? `${url}\n${id}\n${secret}\n` : secret);
    expect([line, status, err]).toEqual([line, 0, err]);
    const cursor = /--after (\S+)/.exec(err)?.[1];
    if (cursor !== undefined) known.set('CURSOR', cursor);
    const record = /\borg_[0-9]+/.exec(out)?.[0];
    if (record !== undefined) known.set('org_915840612345678901', record);
    // The second sample of re-keying is about users.
    if (line === 'crosswalk rekey ids.csv --dry-run') await writeFile(join(directory, 'ids.csv'), 'old,new\nW1,W-1\n');
  }
});
