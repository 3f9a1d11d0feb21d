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
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
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

test('every row comes out with what ours and its floor did, on the table and in the file', async () => {
  const json = join(directory, 'rows.json');
  const { status, output, errors } = await bench('--quick', '--records', '300', '--seed', '7', '--json', json);
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  const rows: Row[] = JSON.parse(await readFile(json, 'utf8'));
  // gRPC is measured where its load generator is installed.
  expect(rows.map(({ name }) => name).filter((name) => !name.includes('gRPC'))).toEqual([
    'look-up by external ID / one prepared statement, pool of 8',
    'look-up by external ID / the same bytes, no database',
    'look-up by ID / one prepared statement, pool of 8',
    'look-up by ID of a system / one prepared statement, pool of 8',
    'look-up by alias / one prepared statement, pool of 8',
    'create with its event / two inserts in a transaction',
    'metadata merge with its event / one update and one insert in a transaction',
    'resolve of 1000 IDs / one prepared statement, = any($1)',
    'token grant / one RS256 signature by jose',
  ]);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(['name', 'ours', 'floor', 'ratio', 'unit']);
    for (const figure of [row.ours, row.floor, row.ratio]) expect(Number.isFinite(figure) && figure > 0).toBe(true);
    expect(row.ratio).toBeCloseTo(row.ours / row.floor);
    expect(output).toContain(row.name);
  }
  expect(output).toContain('300 organizations, seed 7; ');
  expect(output.match(/^aim (reached|missed): look-up by external ID \/ /gm)).toHaveLength(2);
}, 240_000);

test('on another PostgreSQL it makes a database of its own and removes it', async () => {
  const { server } = inject('postgres');
  const url =
    'connectionString' in server
      ? server.connectionString
      : `postgresql://${server.user}@localhost:${server.port}/postgres?host=${encodeURIComponent(server.host)}`;
  const { status, output, errors } = await bench('--quick', '--records', '10', '--only', 'token', '--database-url', url);
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  expect(output).toContain('token grant / one RS256 signature by jose');
}, 120_000);

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
