import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { credentialSettings, fetchToken } from '../../tools/programs/credentials.ts';
import { freePort, type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';
import { send } from './writers.ts';

/** How often the server is killed, and how many people are imported with their memberships; twenty times and 50,000 in `npm run test:long`. */
const [kills, people] = inject('long') ? [20, 50_000] : [2, 2_000];

const command = fileURLToPath(new URL('../../packages/cli/bin/crosswalk.js', import.meta.url));

vi.setConfig({ testTimeout: 180_000 + kills * 60_000, hookTimeout: 180_000 });

let directory: TemporaryDirectory;
let settings: Record<string, string>;
let server: ServerProcess;
beforeAll(async () => {
  directory = await temporaryDirectory('crosswalk-imports-');
  settings = { ...credentialSettings, CROSSWALK_DATA_DIR: directory.path, PORT: String(await freePort()) };
});
afterAll(async () => {
  if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGTERM');
  await directory.remove();
});

/** A file of organizations, users and memberships with IDs of their own: each line changes one record, a few break a rule. */
function file(name: string): string {
  const organizations = Array.from({ length: 20 }, (_, index) => ({
    kind: 'organization',
    external_id: `${name}-O${index}`,
    display_name: `Organization ${index}`,
  }));
  const members = Array.from({ length: people }, (_, index) => [
    {
      kind: 'user',
      ref: `u${index}`,
      external_id: `${name}-U${index}`,
      email: index % 500 === 7 ? 'bad' : `${name}${index}@example.com`,
      metadata: { n: index },
    },
    { kind: 'membership', organization: { external_id: `${name}-O${index % 20}` }, user: { ref: `u${index}` }, metadata: { n: index } },
  ]).flat();
  return [...organizations, ...members].map((row) => `${JSON.stringify(row)}\n`).join('');
}

async function startImport(token: string, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body: file(name),
  });
  const body: unknown = await response.json();
  expect(response.status).toBe(202);
  return Object(body).import.id;
}

async function get(token: string, id: string) {
  const { body } = await send(server.url, token, 'GET', `/api/v1/imports/${id}`);
  return Object(body).import;
}

async function finish(token: string, id: string) {
  for (;;) {
    const found = await get(token, id);
    if (found.finish_time !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The imports of the two files of the first test, one of them disturbed. */
const imports = { clean: '', kills: '' };

/**
 * Kills the server at random moments of some work on an import, which takes about `duration` milliseconds undisturbed, and starts it again;
 * gives the rows that were done at each.
 */
async function killDuring(
  id: string,
  duration: number,
  progressOf: (found: Awaited<ReturnType<typeof get>>) => Progress,
): Promise<number[]> {
  const progress: number[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(4_000, (2 * duration) / kills)));
    await server.end('SIGKILL');
    server = await startServerProcess(settings);
    const token = await fetchToken(server.url);
    const { rows_done: done } = progressOf(await get(token, id));
    progress.push(done);
    // What the killed server had is gone on with when its lease is over: the next kill is to meet it at work.
    for (const deadline = Date.now() + 15_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const { rows_done: now, finish_time: end } = progressOf(await get(token, id));
      if (end !== null || now > done) break;
    }
  }
  return progress;
}

/** How far an import or an undo is. */
interface Progress {
  rows_done: number;
  finish_time: string | null;
}

/** What is there of a file: its records with their versions, by the external ID of each, the name of the file apart. */
async function state(token: string, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const kind of ['organizations', 'users']) {
    for (let page = ''; ; ) {
      const { body } = await send(server.url, token, 'GET', `/api/v1/${kind}?page_size=100&page_token=${page}`);
      for (const { external_id: id, email, display_name, metadata, version, memberships = [] } of Object(body)[kind]) {
        if (!id.startsWith(`${name}-`)) continue;
        const member = memberships.map((one: Record<string, unknown>) => [one.membership_status, one.metadata, one.version]);
        found.push(JSON.stringify([kind, id, email, display_name, metadata, version, member]).replaceAll(name, 'NAME'));
      }
      page = Object(body).next_page_token;
      if (page === '') break;
    }
  }
  return found.sort();
}

/** How many events there are after a cursor, by type; how many records they are about; and the cursor of their end. */
async function events(token: string, from: string) {
  const counts: Record<string, number> = {};
  const records = new Set<string>();
  for (let after = from; ; ) {
    const { body } = await send(server.url, token, 'GET', `/api/v1/events?limit=1000${after === '' ? '' : `&after=${after}`}`);
    for (const { type, record_id: id } of Object(body).events) {
      counts[type] = (counts[type] ?? 0) + 1;
      records.add(id);
    }
    after = Object(body).next_cursor;
    if (Object(body).has_more !== true) return { counts, records: records.size, cursor: after };
  }
}

async function rejectedLines(token: string, id: string): Promise<unknown[]> {
  const { body } = await send(server.url, token, 'GET', `/api/v1/imports/${id}/errors?limit=1000`);
  return Object(body).errors;
}

test(`an import whose server is killed by kill -9 at ${kills} random moments ends as one that nobody disturbed (T4)`, async () => {
  server = await startServerProcess(settings);
  let token = await fetchToken(server.url);

  const begin = await events(token, '');
  const started = Date.now();
  const undisturbed = await startImport(token, 'clean');
  const clean = await finish(token, undisturbed);
  const duration = Date.now() - started;
  expect(clean).toMatchObject({ state: 'DONE', rows_total: 20 + 2 * people });
  const cleanEvents = await events(token, begin.cursor);

  const disturbed = await startImport(token, 'kills');
  const progress = await killDuring(disturbed, duration, (found) => found);
  token = await fetchToken(server.url);
  const done = await finish(token, disturbed);
  console.info(`${kills} kills; rows done after each: ${progress.join(', ')} of ${done.rows_total}`);

  expect(done).toMatchObject({ state: 'DONE', rows_done: clean.rows_done, counts: clean.counts });
  const { counts, records } = await events(token, cleanEvents.cursor);
  expect([counts, records]).toEqual([cleanEvents.counts, cleanEvents.records]);
  expect(await state(token, 'kills')).toEqual(await state(token, 'clean'));
  expect(await rejectedLines(token, disturbed)).toEqual(await rejectedLines(token, undisturbed));
  Object.assign(imports, { clean: undisturbed, kills: disturbed });
});

/** The command that imports a file, as a process. */
function startCommand(path: string) {
  const child = spawn(process.execPath, [command, 'import', path, '--json'], {
    cwd: directory.path,
    env: {
      PATH: process.env.PATH ?? '',
      CROSSWALK_ENVIRONMENT_URL: server.url,
      ...credentialSettings,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const ended = once(child, 'close').then(([status]): { status: number | null; out: string } => ({ status, out }));
  return { child, ended };
}

test(`a file whose command is killed by kill -9 at ${kills} random moments, run again, ends as one that nobody disturbed`, async () => {
  const token = await fetchToken(server.url);
  const path = join(directory.path, 'people.ndjson');
  await writeFile(path, file('command'));
  const moments: number[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    const { child, ended } = startCommand(path);
    const moment = 500 + Math.random() * 2_500;
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, moment))]);
    child.kill('SIGKILL');
    await ended;
    moments.push(Math.round(moment));
  }
  const { status, out } = await startCommand(path).ended;
  const last = JSON.parse(out);
  // What a killed command had sent whole is imported beside it.
  const { body } = await send(server.url, token, 'GET', '/api/v1/imports?page_size=100');
  const states: string[] = [];
  for (const { id } of Object(body).imports) states.push((await finish(token, id)).state);
  console.info(`killed after ${moments.join(', ')} ms; imports: ${states.join(', ')}`);

  expect([status, last.state]).toEqual([3, 'DONE']);
  expect(await state(token, 'command')).toEqual(await state(token, 'clean'));
  expect((await rejectedLines(token, last.id)).length).toBeGreaterThan(0);
});

test(`an undo whose server is killed by kill -9 at ${kills} random moments ends as one that nobody disturbed`, async () => {
  let token = await fetchToken(server.url);
  const undo = async (id: string) => expect((await send(server.url, token, 'POST', `/api/v1/imports/${id}:undo`)).status).toBe(202);
  const end = async (id: string) => {
    for (;;) {
      const found = (await get(token, id)).undo;
      if (found.finish_time !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const begin = await events(token, '');
  const started = Date.now();
  await undo(imports.clean);
  const clean = await end(imports.clean);
  const duration = Date.now() - started;
  const cleanEvents = await events(token, begin.cursor);

  await undo(imports.kills);
  const progress = await killDuring(imports.kills, duration, (found) => found.undo);
  token = await fetchToken(server.url);
  const done = await end(imports.kills);
  console.info(`${kills} kills; rows undone after each: ${progress.join(', ')} of ${done.rows_done}`);

  expect(done).toMatchObject({ state: 'DONE', rows_done: clean.rows_done, counts: clean.counts });
  const { counts, records } = await events(token, cleanEvents.cursor);
  expect([counts, records]).toEqual([cleanEvents.counts, cleanEvents.records]);
  expect([await state(token, 'clean'), await state(token, 'kills')]).toEqual([[], []]);
  expect(await server.end('SIGTERM')).toBe(0);
});
