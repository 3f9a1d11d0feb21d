import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { variablesOf } from './testing.ts';

const server = useTestServer();
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
let directory = '';
beforeAll(async () => {
  server.startWork();
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-streams-'));
  await writeFile(join(directory, 'bad.csv'), 'external_id,email\nB-1,nobody\n');
  for (const name of ['Acme', 'Globex']) await server.client.request('POST', '/api/v1/organizations', { display_name: name });
});
afterAll(() => rm(directory, { recursive: true }));

type Stream = 'pipe' | 'ignore' | number;

/** The built command as a process: what it has told so far, and its status when it is gone. */
function start(args: string[], [input, out]: [Stream, Stream] = ['ignore', 'pipe'], url = server.url) {
  const env = { PATH: process.env.PATH ?? '', ...variablesOf(server), CROSSWALK_ENVIRONMENT_URL: url };
  const child: ChildProcess = spawn(process.execPath, [program, ...args], { cwd: directory, env, stdio: [input, out, 'pipe'] });
  const told = { err: '' };
  child.stderr?.on('data', (data: Buffer) => {
    told.err += data;
  });
  return { child, told, ended: once(child, 'close').then(([status]) => status) };
}

test('a command does all it should, and ends as it does else, when nobody reads what it prints or tells', async () => {
  for (const [stream, rejected] of [
    ['stdout', 'unread.csv'],
    ['stderr', 'untold.csv'],
  ] as const) {
    const { child, ended } = start(['import', 'bad.csv', '--kind', 'user', '--rejected', rejected]);
    child[stream]?.destroy();
    child.stdout?.resume();
    expect([await ended, await readFile(join(directory, rejected), 'utf8')]).toEqual([3, 'external_id,email\nB-1,nobody\n']);
  }
});

test.each([
  ['a list of all', ['orgs', 'list', '--all']],
  ['an export', ['export']],
  ['a tail that waits for the next event', ['events', 'tail', '--since', '1h']],
])('%s ends well when nobody reads it any more', async (_name, args) => {
  const { child, told, ended } = start(args);
  child.stdout?.destroy();
  expect([await ended, told.err]).toEqual([0, '']);
});

test.each([
  ['a record', ['orgs', 'list']],
  ['a list of all', ['orgs', 'list', '--all']],
  ['an export', ['export']],
])('%s for which there is no room is a failure in one line', async (_name, args) => {
  const { told, ended } = start(args, ['ignore', openSync('/dev/full', 'w')]);
  expect(await ended).toBe(1);
  expect(told.err).toMatch(/(?:^|what was printed is not whole\n)crosswalk: standard output takes no more: ENOSPC[^\n]*\n$/);
});

test('an import from standard input that is interrupted ends at once with 130, though more may come', async () => {
  const { child, told, ended } = start(['import', '-', '--format', 'ndjson'], ['pipe', 'pipe']);
  child.stdin?.write('{"kind":"organization","external_id":"half","display_name":"Half"}\n');
  await until(() => told.err.includes('sending'));
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(told.err).toMatch(/interrupted; nothing was imported: run it again\n$/);
});

test('an import whose file is refused ends, though more may come', async () => {
  const refusing = createServer((request, response) => {
    if (request.url === '/oauth/token') return void response.end(JSON.stringify({ access_token: 't', expires_in: 60 }));
    response.writeHead(403, { 'content-type': 'application/json', connection: 'close' }).end('{"error_code":"FORBIDDEN","message":"no"}');
  });
  await once(refusing.listen(0, '127.0.0.1'), 'listening');
  const address = refusing.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const { child, ended } = start(['import', '-', '--format', 'ndjson'], ['pipe', 'pipe'], url);
  child.stdin?.on('error', () => {});
  child.stdin?.write('{}\n');
  expect(await ended).toBe(1);
  refusing.close();
  refusing.closeAllConnections();
});

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > deadline) throw new Error('it did not come');
}
