import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Row } from './measure.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-bench-test-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs the bench as `npm run bench` does, without the build. */
async function bench(...options: string[]): Promise<{ status: number | null; output: string; errors: string }> {
  return run('./main.ts', ...options);
}

async function run(file: string, ...options: string[]): Promise<{ status: number | null; output: string; errors: string }> {
  const main = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...options]);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, output, errors };
}

/** What the bench is asked for: all that it has takes a minute. */
const only = inject('long') ? [] : ['--only', 'external ID'];

test('every row comes out with what ours and its floor did, on the table and in the file', async () => {
  const json = join(directory, 'rows.json');
  const { status, output, errors } = await bench('--quick', '--records', '300', '--seed', '7', '--json', json, ...only);
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  const rows: Row[] = JSON.parse(await readFile(json, 'utf8'));
  // gRPC and the database alone are measured where their load generators are installed.
  expect(rows.map(({ name }) => name).filter((name) => !name.includes('gRPC') && !name.includes('pgbench'))).toEqual(
    [
      'export of 300 organizations / COPY of the same columns',
      'first page of the dashboard / a page without an app that shows the same rows',
      'import of 300 users with memberships / COPY into tables with the same indexes',
      'peak memory of the server after import / 300 MB',
      'look-up by external ID / one prepared statement, pool of 8',
      'look-up by external ID / the same bytes, no database',
      'look-up by external ID / the same server, nothing kept',
      'look-up by ID / one prepared statement, pool of 8',
      'look-up by ID / the same server, nothing kept',
      'look-up by ID of a system / one prepared statement, pool of 8',
      'look-up by alias / one prepared statement, pool of 8',
      'create with its event / two inserts in a transaction',
      'metadata merge with its event / one update and one insert in a transaction',
      'upsert with its event / one insert on conflict update and one insert in a transaction',
      'first page of organizations / one prepared statement by the primary key',
      'page 1,000 of organizations / one prepared statement by the primary key',
      'list filtered by equality of metadata / one prepared statement, metadata @> $2',
      'resolve of 1000 IDs / one prepared statement, = any($1)',
      'token grant / one RS256 signature by jose',
      'changes written / asked for',
      'events read from the feed / changes written',
      'webhooks delivered, half of 4 endpoints hanging / changes x endpoints that answer',
      'two seconds / p99 delay of a webhook',
    ].filter((name) => inject('long') || name.includes('external ID')),
  );
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['name', 'ours', 'floor', 'ratio', 'unit']);
    for (const figure of [row.ours, row.floor, row.ratio]) expect(Number.isFinite(figure) && figure > 0).toBe(true);
    expect(row.ratio).toBeCloseTo(row.ours / row.floor);
    expect(output).toContain(row.name);
  }
  expect(output).toContain('300 organizations, seed 7; ');
  expect(output.match(/^aim (reached|missed): look-up by external ID \/ /gm)).toHaveLength(2);
}, 240_000);

/** The PostgreSQL of the tests. */
function postgresUrl(): string {
  const { server } = inject('postgres');
  if ('connectionString' in server) return server.connectionString;
  return `postgresql://${server.user}@localhost:${server.port}/postgres?host=${encodeURIComponent(server.host)}`;
}

test('on another PostgreSQL it makes a database of its own and removes it', async () => {
  const { status, output, errors } = await bench('--quick', '--records', '10', '--only', 'token', '--database-url', postgresUrl());
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  expect(output).toContain('token grant / one RS256 signature by jose');
}, 120_000);

test('a directory is measured beside a smaller one, request by request', async () => {
  const json = join(directory, 'growth.json');
  const only = inject('long') ? [] : ['--only', 'by external ID'];
  const options = ['--quick', '--records', '60,600', '--seed', '7', ...only, '--json', json, '--database-url', postgresUrl()];
  const { status, output, errors } = await run('./growth.ts', ...options);
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  const rows: Row[] = JSON.parse(await readFile(json, 'utf8'));
  const names = rows.map(({ name }) => name);
  expect(names).toContain('organization by external ID, 600 records / 60');
  expect(names).toContain('organization by external ID, 32 connections, 600 records / 60');
  expect(names).toContain('user by external ID, 600 records / 60');
  for (const row of rows) expect(row.ratio).toBeCloseTo(row.ours / row.floor);
  expect(output).toMatch(/^600 records: server \d+ MB now, \d+ MB at most; database \d+ MB$/m);
}, 240_000);

test.each([
  [['--only', 'nothing'], 'nothing is named nothing'],
  [['--records', '0'], '--records must be a whole number from 1'],
  [['--seed', 'seven'], '--seed must be a whole number from 1'],
  [['--slow'], "Unknown option '--slow'"],
  [['--database-url', 'postgresql://nobody@127.0.0.1:1/none'], 'ECONNREFUSED'],
])('%j ends with status 1 and says why', async (options, message) => {
  const { status, errors } = await bench(...options);
  expect(status).toBe(1);
  expect(errors).toContain(message);
});
